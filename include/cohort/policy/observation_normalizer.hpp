#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/backend/copies.hpp>
#include <cohort/policy/running_normalization.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace COHORT_NAMESPACE::detail {

struct normalized_number {
  double clip;
  template <class S>
  constexpr S operator()(S x, S mean, S scale) const {
    return clamp((x - mean) * scale, -clip, clip);
  }
};

/// Normalizes the first D numbers of each observation by the running statistics of those before, where it is asked to.
/// What it does so by, size() numbers, lies in somebody else's array: means, then reciprocal deviations, both repeated,
/// since several narrow rows are one to a processor.
template <backend B>
class observation_normalizer {
 public:
  using T = value_t<B>;

  observation_normalizer(std::optional<running_normalization> const& how, int D)
      : how_(how), D_(D), tile_(std::max(1, 64 / D) * D) {
    if (how_) statistics_ = observation_statistics(D, how_->prior);
  }

  explicit operator bool() const { return how_.has_value(); }
  std::ptrdiff_t size() const { return how_ ? 2 * tile_ : 0; }
  observation_statistics const& statistics() const { return statistics_; }

  /// Adds R observations to the statistics.
  void add(B& backend, view<T const> observation, view<T> by) {
    if (!how_ || statistics_.count() >= how_->until) return;
    observed_.resize(std::size_t(observation.size()));
    backend.download(std::span<T>(observed_), observation);
    statistics_.add(std::span<T const>(observed_), std::size_t(observation.columns));
    write(backend, by);
  }
  void write(B& backend, view<T> by) const {
    auto const half = std::size_t(tile_);
    std::vector<T> numbers(2 * half);
    for (std::size_t k = 0; k < half; ++k) {
      int const d = int(k % std::size_t(D_));
      numbers[k] = T(statistics_.mean(d));
      numbers[half + k] =
          T(1 / (std::hypot(statistics_.deviation(d), std::sqrt(how_->variance_epsilon)) + how_->deviation_epsilon));
    }
    backend.upload(by, std::span<T const>(numbers));
  }

  /// What stands for R observations: in `room`, their normalized numbers and then what is in their other columns.
  view<T const> normalized(B& backend, view<T const> by, view<T const> observation,
                           typename B::template array<T>& room) const {
    std::ptrdiff_t const R = observation.rows, W = observation.columns;
    backend.resize(room, R * W);
    view<T> out = room.matrix(R, W);
    auto normalize = [&](view<T const> in, view<T> to) {
      auto row = [&](int k) { return view<T const>(by.data + k * tile_, in.rows, in.columns, 0, 1); };
      backend.map(outputs{to}, normalized_number{how_->clip}, in, row(0), row(1));
    };
    if (W == D_ && observation.contiguous()) {  // rows of a tile, and one of what is left
      std::ptrdiff_t const whole = R * D_ / tile_, left = R * D_ - whole * tile_, first = whole * tile_;
      if (whole > 0) normalize({observation.data, whole, tile_}, {out.data, whole, tile_});
      if (left > 0) normalize({observation.data + first, 1, left}, {out.data + first, 1, left});
    } else {
      normalize(observation.columns_part(0, D_), out.columns_part(0, D_));
    }
    if (W > D_) copy_to(backend, out.columns_part(D_, W - D_), observation.columns_part(D_, W - D_));
    return out;
  }

  void persist(auto const& f) { f("observed", statistics_); }

 private:
  std::optional<running_normalization> how_;
  std::ptrdiff_t D_, tile_;
  observation_statistics statistics_;
  std::vector<T> observed_;
};

}  // namespace COHORT_NAMESPACE::detail
