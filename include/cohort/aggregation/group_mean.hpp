#pragma once
#include <cohort/aggregation/means.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/backend/series_index.hpp>
#include <cohort/error.hpp>

namespace COHORT_NAMESPACE {

/// Every group counts the same, whatever its size and the length of its series: weight 1 / (groups valid steps of its
/// own), the step mean of each group (in language models, of each prompt's answers) and the mean of those. Raises
/// value_error where the batch does not say which series form a group.
struct group_mean {
  empty_series empty = empty_series::leave;  ///< of a group that is here with no valid step

  static constexpr about notes{"group_mean", "a valid step weighs 1 / (groups, valid steps of its own)",
                               "Khatri et al. 2025 (ScaleRL), arXiv:2510.13786", "loops"};
  constexpr void parameters(auto f) const { f("empty", empty, empty != empty_series::leave); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, aggregated_steps<T> const& s, view<T> weight) const {
    if (s.groups.count() == 0 || s.groups.steps() != s.series)
      throw value_error("group_mean needs to know which series form a group: use it with a rollout in groups");
    auto numbers = backend.template temporary<T>(s.groups.count() + s.series);
    view<T> of_series = numbers.all().part(s.groups.count(), s.series);
    detail::write_series_index(backend, s.groups, numbers.all().part(0, s.groups.count()), of_series);
    backend.gather(weight, view<T const>(of_series), s.series_of);
    auto group_of = backend.template temporary<std::int32_t>(s.steps);
    detail::copy_to(backend, group_of.all(), weight);
    detail::weigh_by_series(backend, aggregated_steps<T>{s.steps, s.groups.count(), group_of.all(), s.valid}, empty,
                            detail::share_of_series{}, weight);
  }
  template <backend B, class T = value_t<B>>
  void of_series(B& backend, view<T const> own, partition const& groups, view<T> weight) const {
    auto of_group = backend.template temporary<T>(groups.count());
    backend.segment_reduce(groups, of_group.all(), detail::same{}, own);
    detail::weigh_whole_series(backend, view<T const>(of_group.all()), empty, detail::share_of_series{},
                               of_group.all());
    backend.broadcast_series(groups, weight, view<T const>(of_group.all()));
  }
};

}  // namespace COHORT_NAMESPACE
