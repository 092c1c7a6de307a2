#pragma once
#include <cohort/objective/along_series.hpp>

// Objectives of series in three passes: of_step of each step, and its sum along the series; the derivative of the loss with respect to that sum, added up over the
// series' steps; and then, for each step by itself, its loss and the derivative that comes back through the sum.

namespace cohort::detail {

template <class Leaf>
inline constexpr bool is_of_series = false;
template <series_objective O, int Weights, bool Selected>
inline constexpr bool is_of_series<leaf<O, Weights, Selected>> = true;

template <class Leaves>
inline constexpr int series_terms_in_leaves = 0;
template <class... Leaf>
inline constexpr int series_terms_in_leaves<std::tuple<Leaf...>> = (0 + ... + int(is_of_series<Leaf>));
/// How many terms of an objective are of series.
template <class O>
inline constexpr int series_terms_in = series_terms_in_leaves<leaves_of<O>>;

/// What the steps of a minibatch know of their series, M each: the length, then for each term of series its total and the derivative of the loss with respect to it.
template <class T, int Terms>
struct series_sums {
  view<T const> length{};
  std::array<view<T const>, std::size_t(Terms)> total{}, slope{};

  series_sums part(std::ptrdiff_t first, std::ptrdiff_t n) const {
    series_sums here;
    here.length = length.part(first, n);
    for (std::size_t k = 0; k < std::size_t(Terms); ++k) here.total[k] = total[k].part(first, n), here.slope[k] = slope[k].part(first, n);
    return here;
  }
};

template <class Leaf>
struct of_step_kernel {
  Leaf leaf;
  template <class S, class... More>
  constexpr S operator()(S first, More... more) const {
    S const all[] = {first, more...};
    return leaf.term.of_step(terms_from<Leaf::reads>(all));
  }
};

/// d loss / d total at one step; the weight, the length and the total come after the terms.
template <class Leaf>
struct total_slope_kernel {
  Leaf leaf;
  template <class S, class... More>
  constexpr S operator()(S first, More... more) const {
    S const all[] = {first, more...};
    constexpr int n = std::popcount(Leaf::reads);
    using D = dual<S, 1>;
    series_terms<D> terms;
    fill_terms<0>(static_cast<step_terms<D>&>(terms), terms_from<Leaf::reads>(all));
    terms.length = all[n + 1];
    terms.total = D::variable(all[n + 2], 0);
    S factor = all[n] * leaf.factor, slope = leaf.term(terms).tangent[0];
    if constexpr (Leaf::is_selected) return select(factor == 0, S(0), factor * slope);
    else return factor * slope;
  }
};

/// Fills `room`, (1 + 2 Terms) M numbers.
template <backend B, objective O, class T = value_t<B>>
series_sums<T, series_terms_in<O>> sum_series(B& backend, O const& o, step_views<T> const& in, std::array<view<T const>, 1 + aggregations_in<O>> const& weights,
                                              view<T> room) {
  constexpr int n = series_terms_in<O>;
  series_sums<T, n> found;
  if constexpr (n > 0) {
    if (!in.series_of) throw value_error("the objective has a term of series, and this batch does not say which series its steps belong to (series_of)");
    std::ptrdiff_t M = in.series_of.rows;
    auto along = [&](view<T> steps) { sum_along_series(backend, in, steps); };
    view<T> length = room.part(0, M);
    backend.map(outputs{length}, filled{1}, view<T const>(length));
    along(length);
    found.length = length;
    std::size_t k = 0;
    auto one = [&]<class Leaf>(Leaf const& leaf) {
      if constexpr (is_of_series<Leaf>) {
        view<T> total = room.part((1 + 2 * std::ptrdiff_t(k)) * M, M), slope = room.part((2 + 2 * std::ptrdiff_t(k)) * M, M);
        auto terms = terms_of(in, terms_read_by(leaf.term), view<T const>(total));
        with_terms<Leaf::reads>(terms, [&](auto... v) { backend.map(outputs{total}, of_step_kernel<Leaf>{leaf}, v...); });
        along(total);
        with_terms<Leaf::reads>(terms, [&](auto... v) {
          backend.map(outputs{slope}, total_slope_kernel<Leaf>{leaf}, v..., weights[std::size_t(Leaf::weights)], view<T const>(length), view<T const>(total));
        });
        along(slope);
        found.total[k] = total, found.slope[k] = slope;
        ++k;
      }
    };
    std::apply([&](auto const&... leaf) { (one(leaf), ...); }, leaves<1, 0>(o, 1));
  }
  return found;
}

}  // namespace cohort::detail
