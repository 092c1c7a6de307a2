#pragma once
#include <cmath>
#include <cohort/compiler.hpp>
#include <cohort/random/philox.hpp>
#include <numbers>

namespace COHORT_NAMESPACE {

/// The seed of a run. A type of its own, so that no count or size is taken for one.
struct random_seed {
  std::uint64_t value = 0;
};

/// Names of the streams that the library draws from; a user's own streams start at `user`.
enum class draw_purpose : std::uint32_t {
  initialization,
  action,
  reset,
  step,
  shuffle,
  evaluation,
  probe,
  choice,
  copy_action,
  copy_step,
  selection,
  filter,
  user = 1u << 16
};

/// Where a batch of draws stands: every draw is a pure function of (seed, purpose, step, lane, index), so neither
/// threads, nor batch sizes, nor the order of calls change it.
struct stream_id {
  std::uint64_t seed = 0;
  draw_purpose use = draw_purpose::action;
  std::uint32_t step = 0;
  std::uint32_t first = 0;  ///< the lane that is lane 0 here

  constexpr philox4x32::counter words(std::uint32_t lane, std::uint32_t block) const {
    return philox4x32::block({block, first + lane, step, std::uint32_t(use)},
                             {std::uint32_t(seed), std::uint32_t(seed >> 32)});
  }
};

/// The draws of one lane of a stream, one after the other: what an environment's reset and step receive.
class random_stream {
 public:
  constexpr random_stream() = default;
  constexpr explicit random_stream(stream_id s, std::uint32_t lane = 0) : stream_(s), lane_(lane) {}

  constexpr std::uint32_t word() {
    if (index_ % 4 == 0) words_ = stream_.words(lane_, index_ / 4);
    return words_[index_++ % 4];
  }
  /// In the open interval (0, 1), 52 bits.
  constexpr double uniform() {
    std::uint32_t high = word();
    return open_unit(high, word());
  }
  constexpr double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Mean 0, standard deviation 1, by Box and Muller. (A template, so that it may be constexpr and a device may call
  /// it.)
  template <class Number = double>
  constexpr Number normal() {
    double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }
  /// 0 to n - 1, each equally likely to within 2^-32 n; n > 0.
  constexpr std::uint32_t integer(std::uint32_t n) { return std::uint32_t(std::uint64_t(word()) * n >> 32); }

 private:
  stream_id stream_;
  std::uint32_t lane_ = 0, index_ = 0;
  philox4x32::counter words_{};
};

}  // namespace COHORT_NAMESPACE
