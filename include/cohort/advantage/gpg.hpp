#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cohort/advantage/group_members.hpp>
#include <cohort/describe/about.hpp>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

namespace detail {

struct magnitude {
  template <class S>
  constexpr S operator()(S x) const {
    return abs(x);
  }
  template <class S, class M>
  constexpr S operator()(S x, M present) const {
    return select(present, abs(x), S(0));
  }
};
struct zero_up_to {
  double share;
  template <class S>
  constexpr S operator()(S x, S all) const {
    return select(abs(x) <= share * all, S(0), x);
  }
};
struct scaled_above_mean {
  double alpha, divisor;
  group_of_one single;
  template <class S>
  constexpr S operator()(S score, S sum, S size) const {
    S centered = select(size <= 1, single == group_of_one::raw ? score : S(0), above(score, S(sum / size), size));
    return alpha * centered / divisor;
  }
};

}  // namespace detail

/// GPG's advantage: above the group's mean, the more the rarer a reward is in the batch:
///
///     A_i = alpha (R_i - mean_j R_j) / divisor,     alpha = series / (series whose score is not 0)
///
/// the same for each step of a series; 0 where it is no more than rounding, and everywhere where all scores are 0. A
/// score counts as 0 where it is no more than what rounding leaves of rewards that cancel, 8 sqrt(T) eps sum_t |r_t|, T
/// the longest series and eps the type's; it is looked at if it is below sqrt(eps) of the largest. Meant for -A log pi
/// without a ratio. The only member of a group gets 0, or alpha times its raw score (verl). A series without a valid
/// step is no member of its group, and gets 0. In the units of the reward. Writes no targets.
struct gpg {
  static constexpr unsigned reads = needs::groups;
  double divisor = 1;  ///< > 0
  group_of_one single = group_of_one::zero;

  static constexpr about notes{"gpg", "alpha (R_i - mean R) / divisor, alpha = series / (series whose score is not 0)",
                               "Chu et al. 2025, arXiv:2504.02546; alpha as verl's, whose f_norm is the divisor",
                               "verl"};
  constexpr void parameters(auto f) const {
    f("divisor", divisor, divisor != 1);
    f("single", single, single != group_of_one::zero);
  }
  void check() const { detail::require(divisor > 0, "gpg", "divisor", divisor, "a positive number"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    detail::group_members<B> members(backend, batch, "gpg");
    std::ptrdiff_t N = members.count();
    auto scratch = backend.template temporary<T>(2 * N);
    view<T> sum = scratch.all().part(0, N), size = scratch.all().part(N, N);
    std::vector<T> score(static_cast<std::size_t>(N));
    backend.download(std::span<T>(score), members.score());
    auto [zero, some_small] = zeros(score);
    if (some_small) {
      if (batch.valid) backend.segment_reduce(batch.series, sum, detail::magnitude{}, batch.reward, batch.valid);
      else backend.segment_reduce(batch.series, sum, detail::magnitude{}, batch.reward);
      double rounding = 8 * std::sqrt(double(batch.series.longest())) * double(std::numeric_limits<T>::epsilon());
      backend.map(outputs{sum}, detail::zero_up_to{rounding}, members.score(), view<T const>(sum));
      backend.download(std::span<T>(score), view<T const>(sum));
      zero = zeros(score).first;
    }
    std::ptrdiff_t all = N;
    if (members.present()) {  // the others have the score 0
      std::vector<std::uint8_t> present(score.size());
      backend.download(std::span<std::uint8_t>(present), members.present());
      std::ptrdiff_t absent = std::count(present.begin(), present.end(), std::uint8_t(0));
      all -= absent, zero -= absent;
    }
    double alpha = double(all) / double(std::max<std::ptrdiff_t>(all - zero, 1));
    members.sum(sum, members.score());
    members.size(size);
    backend.map(outputs{sum}, detail::scaled_above_mean{alpha, divisor, single}, members.score(), view<T const>(sum),
                view<T const>(size));
    members.to_valid_steps(out.advantage, view<T const>(sum));
  }

 private:
  /// How many scores are 0, and whether another is so much smaller than the largest that it may be what rounding left
  /// of rewards that cancel. As bits, which numbers without a sign are ordered as, so that compilers make vectors of
  /// it; 0 less 1 is the largest.
  template <class T>
  static std::pair<std::ptrdiff_t, bool> zeros(std::vector<T> const& score) {
    using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    bits largest = 0, least = ~bits(0), zero = 0;
    for (T x : score) {
      auto size = std::bit_cast<bits>(std::abs(x));
      largest = std::max(largest, size), least = std::min(least, bits(size - 1)), zero += size == 0;
    }
    ++least;
    double limit = double(std::bit_cast<T>(largest)) * std::sqrt(double(std::numeric_limits<T>::epsilon()));
    return {std::ptrdiff_t(zero), least != 0 && double(std::bit_cast<T>(least)) <= limit};
  }
};

}  // namespace COHORT_NAMESPACE
