// expect: b.upload(out, from)
// at most: 15 lines
#include <cohort/backend/concept.hpp>
#include <cohort/backend/host_array.hpp>

struct half_a_backend : cohort::fallback<half_a_backend, float, cohort::host_array> {
  template <class F>
  void for_each(std::ptrdiff_t n, F f) {
    for (std::ptrdiff_t i = 0; i < n; ++i) f(i);
  }
  template <class U>
  void download(std::span<std::remove_const_t<U>> to, cohort::view<U> from) {
    for (std::ptrdiff_t i = 0; i < from.size(); ++i) to[i] = from(i / from.columns, i % from.columns);
  }
#ifdef CONTROL
  template <class U>
  void upload(cohort::view<U> to, std::span<U const> from) {
    for (std::ptrdiff_t i = 0; i < to.size(); ++i) to(i / to.columns, i % to.columns) = from[std::size_t(i)];
  }
#endif
};

static_assert(cohort::backend<half_a_backend>);
