#pragma once
#include <cohort/objective/step_terms.hpp>
#include <cohort/schedule/schedule.hpp>
#include <tuple>

namespace cohort {

template <objective A, objective B>
struct sum;
template <objective A>
struct scaled;
template <class Mode, objective A>
struct aggregated;

template <objective A, objective B>
constexpr sum<A, B> operator+(A const& a, B const& b);
template <objective A>
constexpr scaled<A> operator*(double factor, A const& a);
template <class Mode, objective A>
constexpr aggregated<Mode, A> aggregate(Mode const& mode, A const& term);

namespace detail {

/// Terms that learn from an update (a weight with a controller) do; all others stay as they are.
template <class X, class Measures>
void adapt(X& term, Measures const& m) {
  if constexpr (requires { term.adapt(m); }) term.adapt(m);
}

}  // namespace detail

/// a + b, as an objective.
template <objective A, objective B>
struct sum {
  A a{};
  B b{};

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return a(step) + b(step);
  }
  constexpr auto at(double progress) const { return cohort::at(a, progress) + cohort::at(b, progress); }
  template <class Measures>
  void adapt(Measures const& m) {
    detail::adapt(a, m), detail::adapt(b, m);
  }
};

/// factor * term, as an objective.
template <objective A>
struct scaled {
  double factor = 1;
  A term{};

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return factor * term(step);
  }
  constexpr auto at(double progress) const { return factor * cohort::at(term, progress); }
  template <class Measures>
  void adapt(Measures const& m) {
    detail::adapt(term, m);
  }
};

/// A term with an aggregation of its own, where the algorithm's is not wanted.
template <class Mode, objective A>
struct aggregated {
  Mode mode{};
  A term{};

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return term(step);
  }
  constexpr auto at(double progress) const { return aggregate(mode, cohort::at(term, progress)); }
  template <class Measures>
  void adapt(Measures const& m) {
    detail::adapt(term, m);
  }
};

template <objective A, objective B>
constexpr sum<A, B> operator+(A const& a, B const& b) {
  return {a, b};
}
template <objective A>
constexpr scaled<A> operator*(double factor, A const& a) {
  return {factor, a};
}
template <objective A>
constexpr scaled<A> operator*(A const& a, double factor) {
  return {factor, a};
}
template <class Mode, objective A>
constexpr aggregated<Mode, A> aggregate(Mode const& mode, A const& term) {
  return {mode, term};
}

namespace detail {

/// One term of an expression: what it is, its factor, and which weights it takes (0: the algorithm's aggregation, k: the k-th `aggregate`).
template <objective O, int Weights>
struct leaf {
  static constexpr int weights = Weights;
  static constexpr unsigned reads = terms_read_by_type<O>();
  O term;
  double factor;
};

template <class O>
inline constexpr int aggregations_in = 0;
template <class A, class B>
inline constexpr int aggregations_in<sum<A, B>> = aggregations_in<A> + aggregations_in<B>;
template <class A>
inline constexpr int aggregations_in<scaled<A>> = aggregations_in<A>;
template <class M, class A>
inline constexpr int aggregations_in<aggregated<M, A>> = 1;

/// The terms of an expression as a tuple of leaves; First is the index of the first `aggregate` met inside, Weights the one in force.
template <int First, int Weights, class O>
constexpr auto leaves(O const& o, double factor) {
  return std::tuple(leaf<O, Weights>{o, factor});
}
template <int First, int Weights, class A>
constexpr auto leaves(scaled<A> const& o, double factor);
template <int First, int Weights, class M, class A>
constexpr auto leaves(aggregated<M, A> const& o, double factor);
template <int First, int Weights, class A, class B>
constexpr auto leaves(sum<A, B> const& o, double factor) {
  return std::tuple_cat(leaves<First, Weights>(o.a, factor), leaves<First + aggregations_in<A>, Weights>(o.b, factor));
}
template <int First, int Weights, class A>
constexpr auto leaves(scaled<A> const& o, double factor) {
  return leaves<First, Weights>(o.term, factor * o.factor);
}
template <int First, int Weights, class M, class A>
constexpr auto leaves(aggregated<M, A> const& o, double factor) {
  static_assert(aggregations_in<A> == 0, "aggregate(...) may not stand inside another aggregate(...)");
  return leaves<First, First>(o.term, factor);
}

/// The aggregations of an expression, in order.
template <class O>
constexpr auto modes(O const&) {
  return std::tuple<>();
}
template <class A>
constexpr auto modes(scaled<A> const& o);
template <class M, class A>
constexpr auto modes(aggregated<M, A> const& o) {
  return std::tuple(o.mode);
}
template <class A, class B>
constexpr auto modes(sum<A, B> const& o) {
  return std::tuple_cat(modes(o.a), modes(o.b));
}
template <class A>
constexpr auto modes(scaled<A> const& o) {
  return modes(o.term);
}

}  // namespace detail
}  // namespace cohort
