#pragma once
#include <cohort/objective/concept.hpp>
#include <cohort/scalar/bundle.hpp>
#include <cohort/schedule/schedule.hpp>
#include <tuple>
#include <type_traits>
#include <utility>

// Objectives of several terms. However a + b, 2 * a, aggregate(mode, a) and weighted(selection, a) stand inside one
// another, they make one flat list of terms, each with its factor and its weights.

namespace COHORT_NAMESPACE {

namespace detail {

/// One term: its formula, its factor, and which weights it takes (0: the algorithm's aggregation, k: those of the k-th
/// `aggregate` or `weighted`).
template <objective O, int Weights = 0, bool Selected = false>
struct leaf {
  static constexpr int weights = Weights;
  static constexpr bool is_selected = Selected;  ///< some weights are 0, and what stands there is not to be read
  static constexpr unsigned reads = terms_read_by_type<O>();
  O term{};
  double factor = 1;
};

/// Weights that a selection makes of others, those with the number Base.
template <class Selection, int Base>
struct weights_of_selection {
  static constexpr int base = Base;
  Selection selection{};
};
template <class Mode>
inline constexpr bool is_selection = false;
template <class S, int Base>
inline constexpr bool is_selection<weights_of_selection<S, Base>> = true;
template <class Mode>
inline constexpr int base_of = 0;  ///< an aggregation is made of nothing
template <class S, int Base>
inline constexpr int base_of<weights_of_selection<S, Base>> = Base;
template <class Mode>
inline constexpr unsigned reads_of_mode = 0;
template <class S, int Base>
inline constexpr unsigned reads_of_mode<weights_of_selection<S, Base>> = S::reads;

}  // namespace detail

/// What `+`, `*`, `aggregate` and `weighted` make: terms, and what makes the weights of theirs, the k-th at place k
/// - 1.
template <class Leaves, class Modes>
struct composed_objective;

namespace detail {

template <class O>
inline constexpr bool is_composed = false;
template <class L, class M>
inline constexpr bool is_composed<composed_objective<L, M>> = true;

template <objective O>
constexpr auto composed(O const& o) {
  if constexpr (is_composed<O>) return o;
  else return composed_objective<std::tuple<leaf<O>>, std::tuple<>>{{{o}}, {}};
}
template <class... Mode>
constexpr auto no_terms(Mode const&... mode) {
  return composed_objective<std::tuple<>, std::tuple<Mode...>>{{}, {mode...}};
}

/// The terms of `o`, `factor` times each, behind those that there are already; in the place of the algorithm's
/// aggregation they take the weights with the number Weights.
template <int Weights, bool Selected, class Leaves, class Modes, objective O>
constexpr auto append(composed_objective<Leaves, Modes> const& all, double factor, O const& o) {
  constexpr int before = std::tuple_size_v<Modes>;
  auto inner = composed(o);
  auto moved = [&]<class T, int W, bool S>(leaf<T, W, S> const& x) {
    return leaf<T, W ? before + W : Weights, S || Selected>{x.term, factor * x.factor};
  };
  auto mode_of = []<class Mode>(Mode const& mode) {
    if constexpr (is_selection<Mode>) {
      return weights_of_selection<decltype(mode.selection), Mode::base ? before + Mode::base : Weights>{mode.selection};
    } else {
      constexpr bool here = !std::is_void_v<Mode>;  // so that nvcc asks where there is a mode, and not before
      static_assert(
          here && !Selected,
          "aggregate(...) may not stand inside weighted(...): write aggregate(mode, weighted(selection, term))");
      static_assert(here && (Selected || Weights == 0), "aggregate(...) may not stand inside another aggregate(...)");
      return mode;
    }
  };
  auto leaves = detail::unpack([&](auto const&... x) { return std::tuple_cat(all.leaves, std::tuple(moved(x)...)); },
                               inner.leaves);
  auto modes = detail::unpack([&](auto const&... x) { return std::tuple_cat(all.modes, std::tuple(mode_of(x)...)); },
                              inner.modes);
  return composed_objective<decltype(leaves), decltype(modes)>{leaves, modes};
}

template <class O, class F>
constexpr void each_leaf(O const& o, F f) {
  detail::unpack([&](auto const&... leaf) { (f(leaf), ...); }, composed(o).leaves);
}
template <class O, class F>
constexpr void each_mode(O const& o, F f) {
  detail::unpack([&](auto const&... mode) { (f(mode), ...); }, composed(o).modes);
}

}  // namespace detail

template <class Leaves, class Modes>
struct composed_objective {
  Leaves leaves{};
  Modes modes{};

  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return detail::unpack([&](auto const&... leaf) { return (S(0) + ... + S(leaf.factor * leaf.term(step))); }, leaves);
  }
  constexpr unsigned terms_read() const {
    unsigned bits = 0;
    detail::each_leaf(*this, [&](auto const& leaf) { bits |= terms_read_by(leaf.term); });
    detail::each_mode(*this, [&]<class Mode>(Mode const&) { bits |= detail::reads_of_mode<Mode>; });
    return bits;
  }
  constexpr auto at(double progress) const {
    auto next = [&]<class T, int W, bool S>(auto self, auto all, detail::leaf<T, W, S> const& x, auto const&... rest) {
      auto more = detail::append<W, S>(all, x.factor, cohort::at_progress(x.term, progress));
      if constexpr (sizeof...(rest) == 0) return more;
      else return self(self, more, rest...);
    };
    return detail::unpack(
        [&](auto const&... leaf) { return next(next, composed_objective<std::tuple<>, Modes>{{}, modes}, leaf...); },
        leaves);
  }
  void adapt(auto const& m) {
    detail::unpack([&](auto&... leaf) { (detail::adapt(leaf.term, m), ...); }, leaves);
  }
  void persist(auto const& f) {
    int k = 0;
    auto one = [&](auto& term) { detail::persist_adapted(term, f.inside("term " + std::to_string(k++))); };
    detail::unpack([&](auto&... leaf) { (one(leaf.term), ...); }, leaves);
  }
};

namespace detail {

/// Named, since a function whose return type is deduced is an error, not passed over, as an operator of two numbers.
template <objective A>
using multiple = decltype(append<0, false>(no_terms(), 1, std::declval<A const&>()));

}  // namespace detail

/// a + b, term by term.
template <objective A, objective B>
constexpr auto operator+(A const& a, B const& b) {
  return detail::append<0, false>(detail::composed(a), 1, b);
}
template <objective A>
constexpr detail::multiple<A> operator*(double factor, A const& a) {
  return detail::append<0, false>(detail::no_terms(), factor, a);
}
template <objective A>
constexpr detail::multiple<A> operator*(A const& a, double factor) {
  return factor * a;
}
/// Terms with an aggregation of their own, where the algorithm's is not wanted.
template <class Mode, objective A>
constexpr auto aggregate(Mode const& mode, A const& terms) {
  return detail::append<1, false>(detail::no_terms(mode), 1, terms);
}
/// Terms whose steps a selection weighs (cohort/selection), on top of their aggregation: importance weights, masks. Of
/// a step with weight 0 nothing is read.
template <class Selection, objective A>
constexpr auto weighted(Selection const& selection, A const& terms) {
  constexpr bool is_selection = requires { unsigned(Selection::reads); };
  static_assert(
      is_selection,
      "a selection needs `static constexpr unsigned reads` and `template <backend B, class T = value_t<B>> void "
      "operator()(B&, step_views<T> const&, stream_id, view<T> weight) const`");
  if constexpr (!is_selection) return terms;
  else
    return detail::append<1, true>(detail::no_terms(detail::weights_of_selection<Selection, 0>{selection}), 1, terms);
}

namespace detail {

/// How many weights an expression has beside the algorithm's own.
template <class O>
inline constexpr int aggregations_in = 0;
template <class Leaves, class Modes>
inline constexpr int aggregations_in<composed_objective<Leaves, Modes>> = int(std::tuple_size_v<Modes>);

template <class O>
using leaves_of = decltype(composed(std::declval<O const&>()).leaves);
/// What the kernel of all of them reads.
template <class Leaves>
inline constexpr unsigned bits_of_leaves = 0;
template <class... Leaf>
inline constexpr unsigned bits_of_leaves<std::tuple<Leaf...>> = (Leaf::reads | ... | 0u);

/// Whether a selection looks at what the policy says now.
template <class O>
inline constexpr bool selects_by_what_is_now = false;
template <class Leaves, class... Mode>
inline constexpr bool selects_by_what_is_now<composed_objective<Leaves, std::tuple<Mode...>>> =
    ((reads_of_mode<Mode> & needs::differentiable) | ... | 0u) != 0;

}  // namespace detail
}  // namespace COHORT_NAMESPACE
