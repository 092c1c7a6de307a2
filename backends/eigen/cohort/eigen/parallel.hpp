#pragma once
#include <algorithm>
#include <cstddef>
#include <exception>
#ifdef _OPENMP
#include <omp.h>
#endif

namespace cohort::eigen {

inline int hardware_threads() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// f(first, last) over cuts of 0 ... n, on as many threads as have at least `grain` items each. An exception of any cut arrives here.
/// What a cut computes must not depend on where it begins: then neither do the results depend on the number of threads.
template <class F>
void parallel_for([[maybe_unused]] int threads, std::ptrdiff_t n, [[maybe_unused]] std::ptrdiff_t grain, F f) {
#ifdef _OPENMP
  int workers = int(std::min<std::ptrdiff_t>(threads, n / grain));
  if (workers > 1) {
    std::exception_ptr thrown;
#pragma omp parallel num_threads(workers)
    {
      std::ptrdiff_t team = omp_get_num_threads(), me = omp_get_thread_num();
      try {
        f(n * me / team, n * (me + 1) / team);
      } catch (...) {
#pragma omp critical(cohort_exception)
        thrown = std::current_exception();
      }
    }
    if (thrown) std::rethrow_exception(thrown);
    return;
  }
#endif
  f(std::ptrdiff_t(0), n);
}

}  // namespace cohort::eigen
