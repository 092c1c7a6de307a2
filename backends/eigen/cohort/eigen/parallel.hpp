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

/// While it lives, whoever asks OpenMP how many threads this thread may start hears 1. Eigen asks, and would cut a product by the answer.
class no_further_threads {
#ifdef _OPENMP
  int before_ = omp_get_max_threads();

 public:
  no_further_threads() { omp_set_num_threads(1); }
  ~no_further_threads() { omp_set_num_threads(before_); }
#else
 public:
  no_further_threads() {}
#endif
  no_further_threads(no_further_threads const&) = delete;
};

/// The body of a loop without its type: so the threads' part is compiled once, and a body once.
struct loop_body {
  void* object;
  void (*call)(void*, std::ptrdiff_t first, std::ptrdiff_t last);
};

#ifdef _OPENMP
inline void run_on(int workers, std::ptrdiff_t n, loop_body body) {
  std::exception_ptr thrown;
#pragma omp parallel num_threads(workers)
  {
    std::ptrdiff_t team = omp_get_num_threads(), me = omp_get_thread_num();
    try {
      body.call(body.object, n * me / team, n * (me + 1) / team);
    } catch (...) {
#pragma omp critical(cohort_exception)
      thrown = std::current_exception();
    }
  }
  if (thrown) std::rethrow_exception(thrown);
}
#endif

/// Runs the loops of a backend, here on OpenMP's threads. Another way of running them provides the same: threads(), and the call.
class openmp_threads {
 public:
  explicit openmp_threads(int threads) : threads_(threads) {}
  int threads() const { return threads_; }

  /// f(first, last) over cuts of 0 ... n, on as many threads as have at least `grain` items each. An exception of any cut arrives here.
  /// What a cut computes must not depend on where it begins: then neither do the results depend on the number of threads.
  template <class F>
  void operator()(std::ptrdiff_t n, [[maybe_unused]] std::ptrdiff_t grain, F f) const {
    loop_body body{&f, [](void* object, std::ptrdiff_t first, std::ptrdiff_t last) { (*static_cast<F*>(object))(first, last); }};
#ifdef _OPENMP
    int workers = int(std::min<std::ptrdiff_t>(threads_, n / grain));
    if (workers > 1) return run_on(workers, n, body);
#endif
    body.call(body.object, 0, n);
  }

 private:
  int threads_;
};

}  // namespace cohort::eigen
