#pragma once
#include <cmath>
#include <cohort/advantage/group_members.hpp>
#include <cohort/describe/about.hpp>
#include <limits>
#include <span>

namespace cohort {

namespace detail {

/// Counts a member, a score that is not 0, and adds up how large scores are.
struct is_not_zero {
  template <class S>
  constexpr several<S, 3> operator()(S x) const {
    return {{S(1), select(x == 0, S(0), S(1)), abs(x)}};
  }
  template <class S, class M>
  constexpr several<S, 3> operator()(S x, M present) const {
    auto all = (*this)(select(present, x, S(0)));
    return {{select(present, S(1), S(0)), all[1], all[2]}};
  }
};
struct is_small {
  double limit;
  template <class S>
  constexpr S operator()(S x) const {
    return select((abs(x) <= limit) & !(x == 0), S(1), S(0));
  }
};
struct magnitude {
  template <class S>
  constexpr S operator()(S x) const {
    return abs(x);
  }
  template <class S, class M>
  constexpr S operator()(S x, M valid) const {
    return select(valid, abs(x), S(0));
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
  double divisor;
  group_of_one single;
  template <class S>
  constexpr S operator()(S score, S sum, S size, S all, S not_zero) const {
    S centered = select(size <= 1, single == group_of_one::raw ? score : S(0), above(score, S(sum / size), size));
    return all / max(not_zero, S(1)) * centered / divisor;
  }
};

}  // namespace detail

/// GPG's advantage: above the group's mean, the more the rarer a reward is in the batch:
///
///     A_i = alpha (R_i - mean_j R_j) / divisor,     alpha = series / (series whose score is not 0)
///
/// the same for each step of a series; 0 where it is no more than rounding, and everywhere where all scores are 0. A
/// score counts as 0 where it is no more than what rounding leaves of rewards that cancel, 8 sqrt(T) eps sum_t |r_t|, T
/// the longest series and eps the type's; it is looked at if it is below sqrt(eps) of the mean |R|. Meant for -A log pi
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
    if (single == group_of_one::raw) f("single", "raw");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    detail::require(divisor > 0, "gpg", "divisor", divisor, "a positive number");
    detail::group_members<B> members(backend, batch, "gpg");
    std::ptrdiff_t N = members.count();
    auto scratch = backend.template temporary<T>(2 * N + 3);
    view<T> sum = scratch.all().part(0, N), size = scratch.all().part(N, N), counts = scratch.all().part(2 * N, 3);
    count(backend, members, members.score(), counts);
    if (some_small(backend, view<T const>(counts), members.score())) {
      if (batch.valid) backend.segment_reduce(batch.series, sum, detail::magnitude{}, batch.reward, batch.valid);
      else backend.segment_reduce(batch.series, sum, detail::magnitude{}, batch.reward);
      double rounding = 8 * std::sqrt(double(batch.series.longest())) * double(std::numeric_limits<T>::epsilon());
      backend.map(outputs{sum}, detail::zero_up_to{rounding}, members.score(), view<T const>(sum));
      count(backend, members, view<T const>(sum), counts);
    }
    members.sum(sum, members.score());
    members.size(size);
    backend.map(outputs{sum}, detail::scaled_above_mean{divisor, single}, members.score(), view<T const>(sum),
                view<T const>(size), broadcast<T const>(counts.part(0, 1), N),
                broadcast<T const>(counts.part(1, 1), N));
    members.to_valid_steps(out.advantage, view<T const>(sum));
  }

 private:
  template <class B, class Members>
  static void count(B& backend, Members const& members, in_view<B> score, out_view<B> counts) {
    if (members.present()) backend.reduce(counts, detail::is_not_zero{}, score, members.present());
    else backend.reduce(counts, detail::is_not_zero{}, score);
  }
  /// Whether a score is so much smaller than the others that it may be what rounding left of rewards that cancel.
  template <class B>
  static bool some_small(B& backend, in_view<B> counts, in_view<B> score) {
    using T = value_t<B>;
    T found[3];
    backend.download(std::span<T>(found), counts);
    auto small = backend.template temporary<T>(1);
    double limit = std::sqrt(double(std::numeric_limits<T>::epsilon())) * double(found[2] / found[1]);
    backend.reduce(small.all(), detail::is_small{limit}, score);
    backend.download(std::span<T>(found, 1), view<T const>(small.all()));
    return found[0] > 0;
  }
};

}  // namespace cohort
