#pragma once
#include <algorithm>
#include <cohort/environment/wrapper/wrapper.hpp>

namespace COHORT_NAMESPACE {

/// Each number of an observation no lower than `low` and no higher than `high`, and so are its bounds.
template <class E>
struct observation_clip : detail::wrapper<E> {
  double low, high;
  detail::observations_of<E> observations;

  observation_clip(E e, double at_least, double at_most)
      : detail::wrapper<E>(std::move(e)), low(at_least), high(at_most), observations(this->base().observations) {
    check();
    for (double& x : observations.low) x = std::clamp(x, low, high);
    for (double& x : observations.high) x = std::clamp(x, low, high);
  }
  void check() const {
    detail::require(low <= high, "observation_clip", "low", low, "a number no higher than high");
    detail::wrapper<E>::check();
  }
  template <class State>
  constexpr auto observe(State const& s) const {
    auto seen = detail::observed<E>(this->base(), s);
    for (auto& x : seen) {
      using number = std::remove_reference_t<decltype(x)>;
      using S = detail::formula_scalar<number>;
      x = detail::given_back<number>(clamp(S(x), S(low), S(high)));
    }
    return seen;
  }
};

}  // namespace COHORT_NAMESPACE
