#pragma once
#include <cohort/advantage/group_members.hpp>
#include <cohort/describe/about.hpp>

namespace cohort {

namespace detail {

struct is_not_zero {
  template <class S>
  constexpr several<S, 2> operator()(S x) const {
    return {{S(1), select(x == 0, S(0), S(1))}};
  }
  template <class S, class M>
  constexpr several<S, 2> operator()(S x, M present) const {
    return {{select(present, S(1), S(0)), select((x == 0) | !present, S(0), S(1))}};
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
/// the same for each step of a series; 0 where it is no more than rounding, and everywhere where all scores are 0.
/// Meant for -A log pi without a ratio. The only member of a group gets 0, or alpha times its raw score (verl). A
/// series without a valid step is no member of its group, and gets 0. In the units of the reward. Writes no targets.
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
    auto scratch = backend.template temporary<T>(2 * N + 2);
    view<T> sum = scratch.all().part(0, N), size = scratch.all().part(N, N), counts = scratch.all().part(2 * N, 2);
    members.sum(sum, members.score());
    members.size(size);
    if (members.present()) backend.reduce(counts, detail::is_not_zero{}, members.score(), members.present());
    else backend.reduce(counts, detail::is_not_zero{}, members.score());
    backend.map(outputs{sum}, detail::scaled_above_mean{divisor, single}, members.score(), view<T const>(sum),
                view<T const>(size), broadcast<T const>(counts.part(0, 1), N),
                broadcast<T const>(counts.part(1, 1), N));
    members.to_valid_steps(out.advantage, view<T const>(sum));
  }
};

}  // namespace cohort
