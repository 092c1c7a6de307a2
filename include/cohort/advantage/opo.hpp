#pragma once
#include <cohort/advantage/group_members.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct above_weighted_mean {
  group_of_one single;
  template <class S>
  constexpr S operator()(S score, S weighted, S weights, S size) const {
    S alone = single == group_of_one::raw ? score : S(0);
    return select(size <= 1, alone, above(score, S(weighted / max(weights, S(1))), size));
  }
};

}  // namespace detail

/// OPO's advantage: a series against its group's mean weighted by length, the baseline of least variance where a
/// series' gradient grows like its length:
///
///     A_i = R_i - sum_j l_j R_j / sum_j l_j,     l_j the valid steps of series j
///
/// the same for each of its steps; 0 where it is no more than rounding. The only member of a group gets 0, or its raw
/// score (verl). A series without a valid step is no member of its group, and gets 0. In the units of the reward.
/// Writes no targets.
struct opo {
  static constexpr unsigned reads = needs::groups;
  group_of_one single = group_of_one::zero;

  static constexpr about notes{"opo", "R_i - sum_j l_j R_j / sum_j l_j within the group",
                               "Hao et al. 2025, arXiv:2505.23585, eq. 6", "verl"};
  constexpr void parameters(auto f) const { f("single", single, single != group_of_one::zero); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    detail::group_members<B> members(backend, batch, "opo");
    std::ptrdiff_t N = members.count();
    auto scratch = backend.template temporary<T>(3 * N);
    view<T> weights = scratch.all().part(0, N), weighted = scratch.all().part(N, N),
            size = scratch.all().part(2 * N, N);
    members.lengths(weights);
    backend.map(outputs{weighted}, detail::times{}, view<T const>(weights), members.score());
    members.sum(weights, view<T const>(weights));
    members.sum(weighted, view<T const>(weighted));
    members.size(size);
    backend.map(outputs{weighted}, detail::above_weighted_mean{single}, members.score(), view<T const>(weighted),
                view<T const>(weights), view<T const>(size));
    members.to_valid_steps(out.advantage, view<T const>(weighted));
  }
};

}  // namespace COHORT_NAMESPACE
