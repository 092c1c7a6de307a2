#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/host_array.hpp>

namespace cohort {

/// The least that a backend can be: an array, two copies and a plain loop. Every primitive is the generic one.
template <class T>
class archetype : public fallback<archetype<T>, T, host_array> {
 public:
  template <class F>
  void for_each(std::ptrdiff_t n, F f) {
    for (std::ptrdiff_t i = 0; i < n; ++i) f(i);
  }
  template <class U>
  void upload(view<U> to, std::span<U const> from) {
    for (std::ptrdiff_t i = 0; i < to.size(); ++i) to(i / to.columns, i % to.columns) = from[i];
  }
  template <class U>
  void download(std::span<std::remove_const_t<U>> to, view<U> from) {
    for (std::ptrdiff_t i = 0; i < from.size(); ++i) to[i] = from(i / from.columns, i % from.columns);
  }
};

}  // namespace cohort
