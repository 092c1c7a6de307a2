#pragma once
#include <cohort/compiler.hpp>  // first: it says where the compiler is too old
//
#include <cohort/eigen/host_backend.hpp>

namespace COHORT_NAMESPACE::eigen {

struct options {
  int threads = 0;  ///< 0: as many as OpenMP would take; without OpenMP 1
};

/// The embedded default: arrays in host memory, formulas in SIMD packs, products by a kernel for small matrices and by
/// Eigen for large ones.
///
/// The same build gives the same bits on any number of threads. A backend is used by one thread at a time (it owns the
/// scratch memory and starts the others itself); a program that trains several policies at once makes one backend for
/// each.
template <class T>
class basic_backend : public host_backend<T> {
 public:
  basic_backend() : basic_backend(options{}) {}
  explicit basic_backend(options o) : host_backend<T>(on_own_threads(o.threads == 0 ? hardware_threads() : o.threads)) {
    detail::require(o.threads >= 0, "eigen::backend", "threads", o.threads, "0 (all) or more");
  }
};

using backend = basic_backend<float>;

}  // namespace COHORT_NAMESPACE::eigen
