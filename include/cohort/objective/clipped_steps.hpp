#pragma once
#include <cohort/objective/differentiate.hpp>

namespace COHORT_NAMESPACE::detail {

template <class Leaf>
inline constexpr bool says_where_it_clips =
    requires(Leaf const& leaf, series_terms<dependency> const& terms) { leaf.term.clipped(terms); };
template <class Leaves>
inline constexpr bool any_says_where_it_clips = false;
template <class... Leaf>
inline constexpr bool any_says_where_it_clips<std::tuple<Leaf...>> = (says_where_it_clips<Leaf> || ...);
/// Whether a term of an objective says where it clips.
template <class O>
inline constexpr bool has_clip = any_says_where_it_clips<leaves_of<O>>;

/// 1 or 0 for each step: whether a term clips it from below, and whether one does from above. A step that a selection
/// has left out is not clipped.
template <class Leaves, unsigned Reads, int Weights>
struct clipped_kernel {
  Leaves leaves;

  template <class S, class... More>
  constexpr several<S, 2> operator()(S first, More... more) const {
    S const all[] = {first, more...};
    constexpr int n = std::popcount(Reads);
    return evaluate(terms_from<Reads>(all), all + n, all + n + Weights,
                    std::make_index_sequence<std::tuple_size_v<Leaves>>());
  }

 private:
  template <class S, std::size_t... K>
  constexpr several<S, 2> evaluate(term_numbers<S> const& at, S const* weights, [[maybe_unused]] S const* series,
                                   std::index_sequence<K...>) const {
    S low(0), high(0);
    series_terms<S> terms{terms_with_variables<0, S>(at)};
    if constexpr (totals<Leaves>.needs_length) terms.length = series[0];
    auto one = [&]<std::size_t k>(std::integral_constant<std::size_t, k>) {
      using Leaf = std::tuple_element_t<k, Leaves>;
      if constexpr (says_where_it_clips<Leaf>) {
        if constexpr (is_of_series<Leaf>)
          terms.total = series[std::integral_constant<int, totals<Leaves>.needs_length + totals<Leaves>.of[k]>::value];
        S side = std::get<k>(leaves).term.clipped(terms);
        if constexpr (Leaf::is_selected) side = select(weights[Leaf::weights] == 0, S(0), side);
        low = max(low, -side), high = max(high, side);
      }
    };
    (one(std::integral_constant<std::size_t, K>{}), ...);
    return {{low, high}};
  }
};

/// How many of these steps are clipped, from below and from above.
template <backend B, objective O, class T = value_t<B>>
void count_clipped(B& backend, O const& o, step_views<T> const& at,
                   std::array<view<T const>, 1 + aggregations_in<O>> const& weights,
                   series_sums<T, series_totals_in<O>> const& sums, view<T> low_and_high) {
  using Leaves = leaves_of<O>;
  constexpr unsigned bits = bits_of_leaves<Leaves>;
  constexpr int length = totals<Leaves>.needs_length, count = totals<Leaves>.count;
  std::array<view<T const>, std::size_t(length + count)> series{};
  if constexpr (length == 1) series[0] = sums.length;
  for (int k = 0; k < count; ++k) series[std::size_t(length + k)] = sums.total[std::size_t(k)];
  clipped_kernel<Leaves, bits, 1 + aggregations_in<O>> kernel{composed(o).leaves};
  detail::unpack([&](auto... v) { backend.reduce(low_and_high, kernel, v...); },
                 concatenated(concatenated(picked<bits>(terms_of(at, terms_read_by(o), at.logp)), weights), series));
}

}  // namespace COHORT_NAMESPACE::detail
