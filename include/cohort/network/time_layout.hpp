#pragma once
#include <cohort/backend/view.hpp>
#include <cstddef>
#include <vector>

namespace COHORT_NAMESPACE {

/// How R rows follow one another in time: step t has the rows first[t] to first[t + 1] - 1, and row k of a step goes on
/// from row k of the step before, so that no step has more rows than the one before it.
struct time_layout {
  std::vector<std::ptrdiff_t> first{0};

  time_layout() = default;
  /// L steps of N rows each; one step of N rows, of which each stands alone.
  explicit time_layout(std::ptrdiff_t N, std::ptrdiff_t L = 1) {
    for (std::ptrdiff_t t = 0; t < L; ++t) add(N);
  }
  void add(std::ptrdiff_t rows) { first.push_back(first.back() + rows); }

  std::size_t steps() const { return first.size() - 1; }
  std::ptrdiff_t rows(std::size_t t) const { return first[t + 1] - first[t]; }
  std::ptrdiff_t size() const { return first.back(); }
};

/// What a recurrent layer is told of its rows besides what comes in: their layout, which rows go on (1) and which begin
/// an episode (0), so that their state is 0 whatever was before, and the states before the rows of the first step, from
/// which no gradient goes further.
template <class T>
struct through_time {
  time_layout const* layout = nullptr;
  view<T const> goes_on{};  ///< R
  view<T const> before{};   ///< rows of the first step x states

  /// For a layer whose states are some of them.
  through_time states_part(int first, int count) const { return {layout, goes_on, before.columns_part(first, count)}; }
};

}  // namespace COHORT_NAMESPACE
