#pragma once
#include <cohort/objective/concept.hpp>
#include <cohort/schedule/schedule.hpp>

namespace cohort {

template <objective A, objective B>
struct objective_sum;
template <objective A>
struct objective_multiple;
template <class Mode, objective A>
struct aggregated_objective;
template <class Selection, objective A>
struct weighted_objective;

template <objective A, objective B>
constexpr objective_sum<A, B> operator+(A const& a, B const& b);
template <objective A>
constexpr objective_multiple<A> operator*(double factor, A const& a);
template <class Mode, objective A>
constexpr aggregated_objective<Mode, A> aggregate(Mode const& mode, A const& term);
template <class Selection, objective A>
constexpr weighted_objective<Selection, A> weighted(Selection const& selection, A const& term);

/// a + b, as an objective.
template <objective A, objective B>
struct objective_sum {
  A a{};
  B b{};

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return a(step) + b(step);
  }
  constexpr unsigned terms_read() const { return terms_read_by(a) | terms_read_by(b); }
  constexpr auto at(double progress) const {
    return cohort::at_progress(a, progress) + cohort::at_progress(b, progress);
  }
  void adapt(auto const& m) { detail::adapt(a, m), detail::adapt(b, m); }
};

/// factor * term, as an objective.
template <objective A>
struct objective_multiple {
  double factor = 1;
  A term{};

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return factor * term(step);
  }
  constexpr unsigned terms_read() const { return terms_read_by(term); }
  constexpr auto at(double progress) const { return factor * cohort::at_progress(term, progress); }
  void adapt(auto const& m) { detail::adapt(term, m); }
};

/// A term with an aggregation of its own, where the algorithm's is not wanted.
template <class Mode, objective A>
struct aggregated_objective {
  Mode mode{};
  A term{};

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return term(step);
  }
  constexpr unsigned terms_read() const { return terms_read_by(term); }
  constexpr auto at(double progress) const { return aggregate(mode, cohort::at_progress(term, progress)); }
  void adapt(auto const& m) { detail::adapt(term, m); }
};

/// A term whose steps a selection weighs (cohort/selection), on top of their aggregation: importance weights, masks. Of
/// a step with weight 0 nothing is read.
template <class Selection, objective A>
struct weighted_objective {
  Selection selection{};
  A term{};

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return term(step);
  }
  constexpr unsigned terms_read() const { return terms_read_by(term) | Selection::reads; }
  constexpr auto at(double progress) const { return weighted(selection, cohort::at_progress(term, progress)); }
  void adapt(auto const& m) { detail::adapt(term, m); }
};

template <objective A, objective B>
constexpr objective_sum<A, B> operator+(A const& a, B const& b) {
  return {a, b};
}
template <objective A>
constexpr objective_multiple<A> operator*(double factor, A const& a) {
  return {factor, a};
}
template <objective A>
constexpr objective_multiple<A> operator*(A const& a, double factor) {
  return {factor, a};
}
template <class Mode, objective A>
constexpr aggregated_objective<Mode, A> aggregate(Mode const& mode, A const& term) {
  return {mode, term};
}
template <class Selection, objective A>
constexpr weighted_objective<Selection, A> weighted(Selection const& selection, A const& term) {
  return {selection, term};
}

}  // namespace cohort
