#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <concepts>

namespace COHORT_NAMESPACE {

// A schedule maps the progress of a run, the share of its steps that are done, 0 ... 1, to a number. A plain number is
// a constant one.

template <class S>
concept schedule = requires(S const& s) {
  { s(0.) } -> std::convertible_to<double>;
};

struct constant_schedule {
  double value = 0;

  static constexpr about notes{"constant_schedule", "value", "a number", "closed form"};

  constexpr void parameters(auto f) const { f("value", value); }
  constexpr double operator()(double) const { return value; }
  operator double() const = delete;  // write scheduled{linear{.2, 0}, [](double e) { return clipped_ratio{e}; }}
};

/// From `from` at the start to `to` at the end, in a straight line. Raises value_error for numbers that are not finite.
struct linear {
  double from = 0, to = 0;

  static constexpr about notes{"linear", "from + (to - from) p", "torch", "torch (LinearLR)"};

  constexpr void parameters(auto f) const { f("from", from), f("to", to); }
  constexpr double operator()(double progress) const {
    if (from - from != 0) detail::require(false, "linear", "from", from, "a finite number");
    if (to - to != 0) detail::require(false, "linear", "to", to, "a finite number");
    return from + (to - from) * progress;
  }
  operator double() const = delete;  // write scheduled{linear{.2, 0}, [](double e) { return clipped_ratio{e}; }}
};

/// A component as it is at some progress of the run: scheduled ones are made for it, schedules give their number, all
/// others are themselves.
template <class X>
constexpr auto at_progress(X const& x, double progress) {
  if constexpr (requires { x.at(progress); }) return x.at(progress);
  else if constexpr (schedule<X>) return x(progress);
  else return x;
}

namespace detail {

/// Components that learn from an update do, by their own adapt(metrics) or by a weight that is a controller
/// (cohort/kl/controller.hpp), also inside another estimator; all others stay as they are.
template <class X, class Measures>
void adapt(X& component, Measures const& m) {
  if constexpr (requires { component.adapt(m); }) component.adapt(m);
  else {
    if constexpr (requires { component.weight.update(1., 1.); }) {
      if constexpr (requires { component.told(m); }) component.weight.update(component.told(m), m.series);
      else component.weight.update(m.reference_kl, m.series);
    }
    if constexpr (requires { component.estimator; }) adapt(component.estimator, m);
  }
}

/// f(name, number) for what `adapt` changes in a component.
template <class X>
void persist_adapted(X& component, auto const& f) {
  if constexpr (requires { component.persist(f); }) component.persist(f);
  else {
    if constexpr (requires { component.weight.persist(f); }) component.weight.persist(f);
    else if constexpr (requires { component.weight.update(1., 1.); }) f("weight", component.weight.weight);
    if constexpr (requires { component.estimator; }) persist_adapted(component.estimator, f.inside("estimator"));
  }
}

}  // namespace detail

/// A component with one number that changes over the run: scheduled{linear{.2, 0}, [](double e) { return
/// clipped_ratio{.epsilon = e}; }}.
template <class Schedule, class Make>
struct scheduled {
  Schedule schedule{};
  Make make{};

  constexpr auto at(double progress) const { return make(schedule(progress)); }
  /// As an objective it is the one of the run's beginning.
  template <class Terms>
  constexpr auto operator()(Terms const& terms) const
    requires requires(decltype(make(0.)) const& o) { o(terms); }
  {
    return at(0)(terms);
  }
};
template <class Schedule, class Make>
scheduled(Schedule, Make) -> scheduled<Schedule, Make>;

}  // namespace COHORT_NAMESPACE
