#pragma once
#include <cohort/objective/expression.hpp>
#include <tuple>

namespace cohort {

namespace detail {

/// One term of an expression: what it is, its factor, and which weights it takes (0: the algorithm's aggregation, k:
/// those of the k-th `aggregate` or `weighted`).
template <objective O, int Weights, bool Selected>
struct leaf {
  static constexpr int weights = Weights;
  static constexpr bool is_selected = Selected;  ///< some weights are 0, and what stands there is not to be read
  static constexpr unsigned reads = terms_read_by_type<O>();
  O term;
  double factor;
};

/// Weights that a selection makes of others.
template <class Selection>
struct weights_of_selection {
  Selection selection;
  int base;
};

/// How many weights an expression has beside the algorithm's own.
template <class O>
inline constexpr int aggregations_in = 0;
template <class A, class B>
inline constexpr int aggregations_in<objective_sum<A, B>> = aggregations_in<A> + aggregations_in<B>;
template <class A>
inline constexpr int aggregations_in<objective_multiple<A>> = aggregations_in<A>;
template <class M, class A>
inline constexpr int aggregations_in<aggregated_objective<M, A>> = 1 + aggregations_in<A>;
template <class S, class A>
inline constexpr int aggregations_in<weighted_objective<S, A>> = 1 + aggregations_in<A>;

template <class O>
inline constexpr bool has_aggregate = false;
template <class A, class B>
inline constexpr bool has_aggregate<objective_sum<A, B>> = has_aggregate<A> || has_aggregate<B>;
template <class A>
inline constexpr bool has_aggregate<objective_multiple<A>> = has_aggregate<A>;
template <class M, class A>
inline constexpr bool has_aggregate<aggregated_objective<M, A>> = true;
template <class S, class A>
inline constexpr bool has_aggregate<weighted_objective<S, A>> = has_aggregate<A>;

/// The terms of an expression as a tuple of leaves; First is the number of the first weights made inside, Weights the
/// ones in force.
template <int First, int Weights, bool Selected = false, class O>
constexpr auto leaves(O const& o, double factor) {
  return std::tuple(leaf<O, Weights, Selected>{o, factor});
}
template <int First, int Weights, bool Selected = false, class A>
constexpr auto leaves(objective_multiple<A> const& o, double factor);
template <int First, int Weights, bool Selected = false, class M, class A>
constexpr auto leaves(aggregated_objective<M, A> const& o, double factor);
template <int First, int Weights, bool Selected = false, class S, class A>
constexpr auto leaves(weighted_objective<S, A> const& o, double factor);
template <int First, int Weights, bool Selected = false, class A, class B>
constexpr auto leaves(objective_sum<A, B> const& o, double factor) {
  return std::tuple_cat(leaves<First, Weights, Selected>(o.a, factor),
                        leaves<First + aggregations_in<A>, Weights, Selected>(o.b, factor));
}
template <int First, int Weights, bool Selected, class A>
constexpr auto leaves(objective_multiple<A> const& o, double factor) {
  return leaves<First, Weights, Selected>(o.term, factor * o.factor);
}
template <int First, int Weights, bool Selected, class M, class A>
constexpr auto leaves(aggregated_objective<M, A> const& o, double factor) {
  static_assert(!has_aggregate<A>, "aggregate(...) may not stand inside another aggregate(...)");
  static_assert(!Selected,
                "aggregate(...) may not stand inside weighted(...): write aggregate(mode, weighted(selection, term))");
  return leaves<First + 1, First, Selected>(o.term, factor);
}
template <int First, int Weights, bool Selected, class S, class A>
constexpr auto leaves(weighted_objective<S, A> const& o, double factor) {
  return leaves<First + 1, First, true>(o.term, factor);
}

/// What makes the weights of an expression, in order: aggregations, and selections with the number of what they build
/// on.
template <int First = 1, int Weights = 0, class O>
constexpr auto modes(O const&) {
  return std::tuple<>();
}
template <int First = 1, int Weights = 0, class A>
constexpr auto modes(objective_multiple<A> const& o);
template <int First = 1, int Weights = 0, class M, class A>
constexpr auto modes(aggregated_objective<M, A> const& o);
template <int First = 1, int Weights = 0, class S, class A>
constexpr auto modes(weighted_objective<S, A> const& o);
template <int First = 1, int Weights = 0, class A, class B>
constexpr auto modes(objective_sum<A, B> const& o) {
  return std::tuple_cat(modes<First, Weights>(o.a), modes<First + aggregations_in<A>, Weights>(o.b));
}
template <int First, int Weights, class A>
constexpr auto modes(objective_multiple<A> const& o) {
  return modes<First, Weights>(o.term);
}
template <int First, int Weights, class M, class A>
constexpr auto modes(aggregated_objective<M, A> const& o) {
  return std::tuple_cat(std::tuple(o.mode), modes<First + 1, First>(o.term));
}
template <int First, int Weights, class S, class A>
constexpr auto modes(weighted_objective<S, A> const& o) {
  return std::tuple_cat(std::tuple(weights_of_selection<S>{o.selection, Weights}), modes<First + 1, First>(o.term));
}

/// The leaves' type, and what the kernel of all of them reads.
template <class O>
using leaves_of = decltype(leaves<1, 0>(std::declval<O const&>(), 1));
template <class Leaves>
inline constexpr unsigned bits_of_leaves = 0;
template <class... Leaf>
inline constexpr unsigned bits_of_leaves<std::tuple<Leaf...>> = (Leaf::reads | ... | 0u);

/// Whether a selection looks at what the policy says now.
template <class O>
inline constexpr bool selects_by_what_is_now = false;
template <class A, class B>
inline constexpr bool selects_by_what_is_now<objective_sum<A, B>> =
    selects_by_what_is_now<A> || selects_by_what_is_now<B>;
template <class A>
inline constexpr bool selects_by_what_is_now<objective_multiple<A>> = selects_by_what_is_now<A>;
template <class M, class A>
inline constexpr bool selects_by_what_is_now<aggregated_objective<M, A>> = selects_by_what_is_now<A>;
template <class S, class A>
inline constexpr bool selects_by_what_is_now<weighted_objective<S, A>> =
    (S::reads & needs::differentiable) != 0 || selects_by_what_is_now<A>;

}  // namespace detail
}  // namespace cohort
