#pragma once
#include <cohort/advantage/group_members.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct above_mean_over_mean {
  template <class S>
  constexpr S operator()(S score, S sum, S size) const {
    S mean = sum / size;
    return select(mean <= 0, S(0), above(score, mean, size) / mean);  // a NaN stays one
  }
};

}  // namespace detail

/// MaxRL's advantage, for rewards of 0 and 1 (or above): above the group's mean, over it,
///
///     A_i = (R_i - mean) / mean,     0 where the mean is not positive
///
/// so that hard prompts count more than by a division by the standard deviation: its expectation is the gradient of log
/// p, cut off after as many terms of sum_k (1 - p)^k / k as the group has members less one. The same for each step of a
/// series; 0 where it is no more than rounding, and for the only member of a group. A series without a valid step is
/// no member of its group, and gets 0. Without units. Writes no targets.
struct max_rl {
  static constexpr unsigned reads = needs::groups;
  static constexpr about notes{"max_rl", "(R_i - mean R) / mean R within the group",
                               "MaxRL 2026, arXiv:2602.02710; prime-rl", "exact enumeration"};

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    detail::group_members<B> members(backend, batch, "max_rl");
    std::ptrdiff_t N = members.count();
    auto scratch = backend.template temporary<T>(2 * N);
    view<T> sum = scratch.all().part(0, N), size = scratch.all().part(N, N);
    members.sum(sum, members.score());
    members.size(size);
    backend.map(outputs{sum}, detail::above_mean_over_mean{}, members.score(), view<T const>(sum), view<T const>(size));
    members.to_valid_steps(out.advantage, view<T const>(sum));
  }
};

}  // namespace COHORT_NAMESPACE
