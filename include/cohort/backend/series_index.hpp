#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/backend/formulas.hpp>

namespace COHORT_NAMESPACE::detail {

struct next_index {
  static constexpr bool affine = true;

  constexpr auto operator()(auto before, auto) const { return before + 1; }
};

/// Each of the members of `s` gets the number of the series that it belongs to, 0, 1, ...; `numbers` has room for one
/// of each series.
template <backend B, class T = value_t<B>>
void write_series_index(B& backend, partition s, view<T> numbers, view<T> of_members) {
  fill_with(backend, numbers, 1);
  backend.scan(partition::lanes(s.count(), 1), direction::forward, next_index{}, -1, numbers, view<T const>(numbers));
  backend.broadcast_series(s, of_members, view<T const>(numbers));
}

}  // namespace COHORT_NAMESPACE::detail
