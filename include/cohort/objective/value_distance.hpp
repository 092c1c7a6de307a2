#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <cohort/scalar/real.hpp>
#include <type_traits>

namespace COHORT_NAMESPACE {

// How much an error e = V - R of the critic costs: the distances of value_loss and clipped_value_loss. One's own is a
// callable like these. None has a half but huber_error.

/// e^2: the estimate goes to the mean of its targets.
struct squared_error {
  static constexpr about notes{"squared_error", "e^2", "Schulman et al. 2017, arXiv:1707.06347, eq. 9"};

  template <class S>
  constexpr S operator()(S const& e) const {
    return e * e;
  }
};

/// |e|: the estimate goes to the median, and every target pulls alike; at e = 0 its slope is 0. torch's l1_loss,
/// TorchRL's "l1".
struct absolute_error {
  static constexpr about notes{"absolute_error", "|e|", "TorchRL"};

  template <class S>
  constexpr S operator()(S const& e) const {
    return abs(e);
  }
};

/// An error that grows in a line where it is large, so that outliers don't rule:
///
///     e^2 / 2 for |e| <= delta, else delta (|e| - delta / 2)
///
/// delta, in units of the return, is torch's huber_loss's; with 1 it is smooth_l1_loss, TorchRL's default.
struct huber_error {
  double delta = 1;  ///< > 0

  static constexpr about notes{"huber_error", "e^2 / 2 for |e| <= delta, else delta (|e| - delta / 2)", "Huber 1964"};
  constexpr void parameters(auto f) const { f("delta", delta); }
  void check() const { detail::require(delta > 0, "huber_error", "delta", delta, "a positive number"); }

  template <class S>
  constexpr S operator()(S const& e) const {
    S far = abs(e);
    return select(far <= delta, .5 * (e * e), delta * (far - .5 * delta));
  }
};

}  // namespace COHORT_NAMESPACE
