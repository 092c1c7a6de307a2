#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/formulas.hpp>

// Functions, since in a class with a member `outputs` nvcc would find that one where a map is given its outputs.

namespace COHORT_NAMESPACE::detail {

template <backend B>
void add_to(B& backend, out_view<B> sum, in_view<B> more) {
  backend.map(outputs{sum}, plus{}, in_view<B>(sum), more);
}
/// Also into numbers of another type.
template <backend B, class To, class From>
void copy_to(B& backend, view<To> to, view<From> from) {
  backend.map(outputs{to}, same{}, view<From const>(from));
}
template <backend B, class To>
void fill_with(B& backend, view<To> to, double value) {
  backend.map(outputs{to}, filled{value}, view<To const>(to));
}
/// The array's numbers become those of a column.
template <backend B>
void keep_copy(B& backend, typename B::template array<value_t<B>>& kept, in_view<B> now) {
  backend.resize(kept, now.rows);
  copy_to(backend, kept.all(), now);
}

}  // namespace COHORT_NAMESPACE::detail
