#pragma once
#include <cohort/objective/along_series.hpp>

// Objectives of series in up to three passes: of_step of each step, and its sum along the series; the derivative of the
// loss with respect to that sum, added up over the series' steps; and then, for each step by itself, its loss and the
// derivative that comes back through the sum. The second is left out where there is no such derivative, and terms with
// the same of_step share the first two.

namespace COHORT_NAMESPACE::detail {

template <class Leaf>
inline constexpr bool is_of_series = false;
template <series_objective O, int Weights, bool Selected>
inline constexpr bool is_of_series<leaf<O, Weights, Selected>> = true;

/// series_reads, as far as the type tells.
template <class Leaf>
inline constexpr unsigned series_bits = 0;
template <series_objective O, int Weights, bool Selected>
inline constexpr unsigned series_bits<leaf<O, Weights, Selected>> = [] {
  if constexpr (known_at_compile_time<O>) return series_reads(O{});
  else return needs::everything | series_length | total_derivative;
}();

template <class A, class B>
inline constexpr bool same_of_step = false;
template <class A, int Wa, bool Sa, class B, int Wb, bool Sb>
  requires requires { requires std::same_as<typename A::of_step, typename B::of_step>; }
inline constexpr bool same_of_step<leaf<A, Wa, Sa>, leaf<B, Wb, Sb>> = true;

/// Which totals an objective has, and which of them each of its terms reads.
template <int Leaves>
struct totals_of_leaves {
  int count = 0;
  int of[Leaves] = {};          ///< the total of each term of series, -1 of others
  int first[Leaves] = {};       ///< of each total, the first term that reads it,
  unsigned reads[Leaves] = {};  ///< and what all of these read
  bool has_slope[Leaves] = {};  ///< whether any of them has a derivative with respect to it
  bool needs_length = false;
};
template <class... Leaf>
constexpr auto find_totals(std::type_identity<std::tuple<Leaf...>>) {
  totals_of_leaves<sizeof...(Leaf)> found;
  int k = 0;
  auto one = [&]<class L>(std::type_identity<L>) {
    found.of[k] = -1;
    if constexpr (is_of_series<L>) {
      constexpr bool same[] = {same_of_step<L, Leaf>...};
      for (int j = k; j-- > 0;)
        if (same[j]) found.of[k] = found.of[j];
      if (found.of[k] < 0) found.first[found.of[k] = found.count++] = k;
      found.reads[found.of[k]] |= L::reads;
      found.has_slope[found.of[k]] |= (series_bits<L> & total_derivative) != 0;
      found.needs_length |= (series_bits<L> & series_length) != 0;
    }
    ++k;
  };
  (one(std::type_identity<Leaf>{}), ...);
  return found;
}
template <class Leaves>
inline constexpr auto totals = find_totals(std::type_identity<Leaves>{});
template <class O>
inline constexpr int series_totals_in = totals<leaves_of<O>>.count;

/// What the steps of a minibatch know of their series, M each: the length, the totals, and the derivatives of the loss
/// with respect to these; absent is what no term needs.
template <class T, int Totals>
struct series_sums {
  view<T const> length{};
  std::array<view<T const>, std::size_t(Totals)> total{}, slope{};

  series_sums part(std::ptrdiff_t first, std::ptrdiff_t n) const {
    auto in = [&](view<T const> v) { return v ? v.part(first, n) : v; };
    series_sums here{in(length)};
    for (auto& v : (here.total = total)) v = in(v);
    for (auto& v : (here.slope = slope)) v = in(v);
    return here;
  }
};

template <class O, unsigned Reads>
struct of_step_kernel {
  O term;
  template <class S, class... More>
  constexpr S operator()(S first, More... more) const {
    S const all[] = {first, more...};
    return step_of(term, terms_with_variables<0, S>(terms_from<Reads>(all)));
  }
};

/// weight x, and 0 where a selection has left out the step, whatever x is there.
template <class Leaf, class V>
[[gnu::always_inline]] constexpr V weighted_by(V const& factor, V const& x) {
  if constexpr (Leaf::is_selected) return select(factor == 0, V(0), factor * x);
  else return factor * x;
}

/// d loss / d total at one step, of all terms that read total number Total; the weights, the total and the length come
/// after the terms.
template <class Leaves, int Total, int Weights>
struct total_slope_kernel {
  static constexpr unsigned reads = totals<Leaves>.reads[Total];
  Leaves leaves;
  template <class S, class... More>
  [[gnu::always_inline]] constexpr S operator()(S first, More... more) const {
    S const all[] = {first, more...};
    constexpr int n = std::popcount(reads);
    using D = dual<S, 1>;
    series_terms<D> terms{terms_with_variables<0, D>(terms_from<reads>(all)), D::variable(all[n + Weights], 0)};
    if constexpr (totals<Leaves>.needs_length) terms.length = all[n + Weights + 1];
    return sum(terms, all + n, std::make_index_sequence<std::tuple_size_v<Leaves>>());
  }

 private:
  template <class Leaf, class D, class S>
  [[gnu::always_inline, gnu::flatten]] static constexpr void add_slope(Leaf const& leaf, series_terms<D> const& terms,
                                                                       S const* weights, S& slope) {
    slope += weighted_by<Leaf>(S(weights[Leaf::weights] * leaf.factor), leaf.term(terms).tangent[0]);
  }
  template <class D, class S, std::size_t... K>
  [[gnu::always_inline]] constexpr S sum(series_terms<D> const& terms, S const* weights,
                                         std::index_sequence<K...>) const {
    S slope(0);
    auto if_it_does = [&]<std::size_t k>(std::integral_constant<std::size_t, k>) {
      if constexpr (totals<Leaves>.of[k] == Total &&
                    (series_bits<std::tuple_element_t<k, Leaves>> & total_derivative) != 0)
        add_slope(std::get<k>(leaves), terms, weights, slope);
    };
    (if_it_does(std::integral_constant<std::size_t, K>{}), ...);
    return slope;
  }
};

/// The k-th total of each series, and the objective's derivative by it; each fills M numbers.
template <int k, backend B, class T, class Leaves, class Weights>
void sum_total(B& backend, Leaves const& all, step_views<T> const& in, Weights const& weights, view<T> total,
               view<T> slope, series_sums<T, totals<Leaves>.count>& sums) {
  constexpr unsigned reads = totals<Leaves>.reads[k];
  auto const& first = std::get<std::size_t(totals<Leaves>.first[k])>(all);
  auto terms = terms_of(
      in, detail::unpack([&](auto const&... leaf) { return ((terms_read_by(leaf.term) & reads) | ... | 0u); }, all),
      view<T const>(total));
  auto read = picked<reads>(terms);
  detail::unpack(
      [&](auto... v) { backend.map(outputs{total}, of_step_kernel<decltype(first.term), reads>{first.term}, v...); },
      read);
  sum_along_series(backend, in, total);
  sums.total[k] = total;
  if constexpr (totals<Leaves>.has_slope[k]) {
    auto own = picked<totals<Leaves>.needs_length ? 3 : 1>(std::array{view<T const>(total), sums.length});
    total_slope_kernel<Leaves, k, int(std::tuple_size_v<Weights>)> kernel{all};
    detail::unpack([&](auto... v) { backend.map(outputs{slope}, kernel, v...); },
                   concatenated(concatenated(read, weights), own));
    sum_along_series(backend, in, slope);
    sums.slope[k] = slope;
  }
}

/// Fills `room`, (1 + 2 totals) M numbers.
template <backend B, objective O, class T = value_t<B>>
series_sums<T, series_totals_in<O>> sum_series(B& backend, O const& o, step_views<T> const& in,
                                               std::array<view<T const>, 1 + aggregations_in<O>> const& weights,
                                               view<T> room) {
  using Leaves = leaves_of<O>;
  series_sums<T, series_totals_in<O>> sums;
  if constexpr (totals<Leaves>.count > 0) {
    if (!in.series_of)
      throw value_error(
          "the objective has a term of series, and this batch does not say which series its steps belong to "
          "(series_of)");
    std::ptrdiff_t M = in.series_of.rows;
    auto all = composed(o).leaves;
    auto part = [&](int k) { return room.part(k * M, M); };
    if constexpr (totals<Leaves>.needs_length) {
      count_along_series(backend, in, part(0));
      sums.length = part(0);
    }
    [&]<int... K>(std::integer_sequence<int, K...>) {
      (sum_total<K>(backend, all, in, weights, part(1 + 2 * K), part(2 + 2 * K), sums), ...);
    }(std::make_integer_sequence<int, totals<Leaves>.count>());
  }
  return sums;
}

}  // namespace COHORT_NAMESPACE::detail
