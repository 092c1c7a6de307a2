#pragma once
#include <cohort/backend/view.hpp>

namespace COHORT_NAMESPACE {

/// How M steps in flat arrays form N series of consecutive steps. Also how N series form groups.
///
/// lanes(T, N): N series of T steps, time-major: step t of series n stands at t N + n. segments(offsets): packed one
/// after the other, series n from offsets[n] up to offsets[n + 1]; the N + 1 offsets live in the backend's memory and
/// must outlive this object.
class partition {
 public:
  constexpr partition() = default;
  static constexpr partition lanes(std::ptrdiff_t T, std::ptrdiff_t N) { return {T, N, T * N, nullptr}; }
  /// `steps` is M and `longest` the number of steps of the longest series, which only the maker knows without reading
  /// the backend's memory.
  static constexpr partition segments(view<std::int32_t const> offsets, std::ptrdiff_t steps, std::ptrdiff_t longest) {
    return {longest, offsets.rows - 1, steps, offsets.data};
  }

  constexpr bool is_lanes() const { return offsets_ == nullptr; }
  constexpr std::ptrdiff_t count() const { return N_; }    ///< N
  constexpr std::ptrdiff_t steps() const { return M_; }    ///< M
  constexpr std::ptrdiff_t longest() const { return T_; }  ///< T of lanes

  constexpr view<std::int32_t const> offsets() const { return {offsets_, N_ + 1}; }  ///< of segments

  constexpr std::ptrdiff_t first(std::ptrdiff_t n) const { return is_lanes() ? n : offsets_[n]; }
  constexpr std::ptrdiff_t length(std::ptrdiff_t n) const { return is_lanes() ? T_ : offsets_[n + 1] - offsets_[n]; }
  constexpr std::ptrdiff_t stride() const { return is_lanes() ? N_ : 1; }

 private:
  constexpr partition(std::ptrdiff_t T, std::ptrdiff_t N, std::ptrdiff_t M, std::int32_t const* offsets)
      : T_(T), N_(N), M_(M), offsets_(offsets) {}
  std::ptrdiff_t T_ = 0, N_ = 0, M_ = 0;
  std::int32_t const* offsets_ = nullptr;
};

enum class direction { forward, backward };

}  // namespace COHORT_NAMESPACE
