#pragma once
#include <cohort/objective/series_sums.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// What a term reads at the step itself.
template <class Leaf>
inline constexpr unsigned reads_at_step = is_of_series<Leaf> ? series_bits<Leaf> & needs::everything : Leaf::reads;

/// The loss, and the derivatives with respect to all differentiable terms.
template <class V>
struct loss_and_slopes {
  V of[1 + differentiable_count];

  /// The place of the k-th of the terms in Bits.
  static constexpr int place(unsigned bits, int k) { return 1 + slot_of(needs::differentiable, nth_term(bits, k)); }
};

/// As bits, the places of the differentiable terms of `bits`.
constexpr unsigned places_of(unsigned bits) {
  unsigned places = 0;
  for (unsigned left = bits & needs::differentiable; left; left &= left - 1)
    places |= 2u << slot_of(needs::differentiable, std::countr_zero(left));
  return places;
}

template <class Leaf, unsigned Bits, class V, class D, int... K>
[[gnu::always_inline]] constexpr void add_slopes(V const& factor, D const& loss, loss_and_slopes<V>& total,
                                                 std::integer_sequence<int, K...>) {
  total.of[0] += weighted_by<Leaf>(factor, loss.value);
  ((total.of[std::integral_constant<int, loss_and_slopes<V>::place(Bits, K)>::value] +=
    weighted_by<Leaf>(factor, loss.tangent[K])),
   ...);
}
/// Loss and partials of one term in duals of just what it reads, added to those of the terms before it. Of its series
/// it gets the length and the total.
template <class V, class Leaf>
[[gnu::always_inline, gnu::flatten]] constexpr void add_term(Leaf const& leaf, term_numbers<V> const& at,
                                                             V const& weight, [[maybe_unused]] V const& length,
                                                             [[maybe_unused]] V const& sum, loss_and_slopes<V>& total) {
  constexpr unsigned bits = reads_at_step<Leaf> & needs::differentiable;
  using D = std::conditional_t<bits == 0, V, dual<V, std::max(1, std::popcount(bits))>>;
  D loss;
  if constexpr (is_of_series<Leaf>)
    loss = leaf.term(series_terms<D>{terms_with_variables<bits, D>(at), D(sum), length});
  else loss = leaf.term(terms_with_variables<bits, D>(at));
  V factor = weight * leaf.factor;
  if constexpr (bits == 0) total.of[0] += weighted_by<Leaf>(factor, loss);
  else add_slopes<Leaf, bits>(factor, loss, total, std::make_integer_sequence<int, std::popcount(bits)>());
}

/// What a term reads is taken from its type; one that reads more with the parameters it has would lose that derivative.
template <class Leaf>
void check_reads(Leaf const& leaf) {
  auto refuse = [](char const* what) {
    throw value_error(
        std::string("a term of the objective reads ") + what +
        " with the parameters it has, and not with those of its type's default: it must read the same with all");
  };
  if (unsigned unknown = terms_read_by(leaf.term) & ~Leaf::reads) refuse(terms_of_step[std::countr_zero(unknown)].name);
  if constexpr (is_of_series<Leaf>) {
    if (step_of(leaf.term, all_terms()).bits & needs::differentiable & ~needs::logp)
      throw value_error("of_step of a term of series may read logp, and nothing else that depends on the parameters");
    unsigned unknown = series_reads(leaf.term) & ~series_bits<Leaf>;
    if (unknown & series_length) refuse("the length of a series");
    if (unknown & total_derivative) refuse("the total of a series, with a derivative,");
    if (unknown) refuse((std::string(terms_of_step[std::countr_zero(unknown)].name) + " at the step").c_str());
  }
}

/// The terms that Reads names arrive in their order; the weights follow, then the length where a term needs it, and for
/// each total that and, where there is one, its slope.
template <class Leaves, unsigned Reads, int Weights>
struct objective_kernel {
  static constexpr unsigned bits = Reads & needs::differentiable;
  static constexpr int results = 1 + std::popcount(bits);
  Leaves leaves;

  /// Where total number k stands after the weights.
  static constexpr int place(int k) {
    int at = totals<Leaves>.needs_length;
    for (int j = 0; j < k; ++j) at += 1 + totals<Leaves>.has_slope[j];
    return at;
  }
  static constexpr int places = place(totals<Leaves>.count);

  template <class S, class... More>
  [[gnu::always_inline]] constexpr several<S, results> operator()(S first, More... more) const {
    S const all[] = {first, more...};
    constexpr int terms = std::popcount(Reads);
    return evaluate(terms_from<Reads>(all), all + terms, all + terms + Weights,
                    std::make_index_sequence<std::tuple_size_v<Leaves>>(),
                    std::make_integer_sequence<int, totals<Leaves>.count>());
  }

 private:
  template <class S, std::size_t... K, int... J>
  [[gnu::always_inline]] constexpr several<S, results> evaluate(term_numbers<S> const& at, S const* weights,
                                                                [[maybe_unused]] S const* series,
                                                                std::index_sequence<K...>,
                                                                std::integer_sequence<int, J...>) const {
    loss_and_slopes<S> total{};
    S none(0);
    auto sum_for = [&]<int k>(std::integral_constant<int, k>) -> S const& {
      if constexpr (k < 0) return none;
      else return series[std::integral_constant<int, place(k)>::value];
    };
    auto length = [&]() -> S const& {
      if constexpr (totals<Leaves>.needs_length) return series[0];
      else return none;
    };
    (add_term(std::get<K>(leaves), at, weights[std::tuple_element_t<K, Leaves>::weights], length(),
              sum_for(std::integral_constant<int, totals<Leaves>.of[K]>{}), total),
     ...);
    [[maybe_unused]] auto back_through = [&]<int k>(std::integral_constant<int, k>) {
      if constexpr (totals<Leaves>.has_slope[k]) {
        using D = dual<S, 1>;
        total.of[loss_and_slopes<S>::place(needs::logp, 0)] +=
            series[std::integral_constant<int, place(k) + 1>::value] *
            step_of(std::get<std::size_t(totals<Leaves>.first[k])>(leaves).term,
                    terms_with_variables<needs::logp, D>(at))
                .tangent[0];
      }
    };
    (back_through(std::integral_constant<int, J>{}), ...);
    return chosen(total, std::make_integer_sequence<int, results - 1>());
  }
  template <class S, int... K>
  [[gnu::always_inline]] static constexpr several<S, results> chosen(loss_and_slopes<S> const& total,
                                                                     std::integer_sequence<int, K...>) {
    return {{total.of[0], total.of[std::integral_constant<int, loss_and_slopes<S>::place(bits, K)>::value]...}};
  }
};

/// The pass over steps whose series are summed already. An invalid step is selected away: its numbers may be anything,
/// and 0 times a NaN is a NaN.
template <backend B, objective O, class T = value_t<B>>
void differentiate_steps(B& backend, O const& o, step_views<T> const& in,
                         std::array<view<T const>, 1 + aggregations_in<O>> const& weights,
                         series_sums<T, series_totals_in<O>> const& sums, partial_views<T> const& out) {
  auto leaves = composed(o).leaves;
  constexpr unsigned bits = bits_of_leaves<decltype(leaves)>;
  unsigned needed = detail::unpack([](auto const&... leaf) { return (terms_read_by(leaf.term) | ... | 0u); }, leaves);
  detail::unpack([](auto const&... leaf) { (check_reads(leaf), ...); }, leaves);
  auto terms = terms_of(in, needed, view<T const>(out.loss));
  // Of a type that reads everything as far as is known, the derivatives that this object has not go to where nothing
  // looks.
  auto nowhere = backend.template temporary<T>(bits & ~needed & needs::differentiable ? out.loss.rows : 0);
  auto all_targets = as_array(out);
  for (int k = 0; k < differentiable_count; ++k) {
    int term = nth_term(needs::differentiable, k);
    view<T>& target = all_targets[std::size_t(1 + k)];
    if (needed >> term & 1 && !target)
      throw value_error(std::string("differentiate: no output for the derivative with respect to ") +
                        terms_of_step[term].name);
    if (!target) target = nowhere.all();
  }
  auto targets = picked < 1u | places_of(bits) > (all_targets);
  using Leaves = decltype(leaves);
  objective_kernel<Leaves, bits, 1 + aggregations_in<O>> kernel{leaves};
  std::array<view<T const>, std::size_t(kernel.places)> series{};
  if constexpr (totals<Leaves>.needs_length) series[0] = sums.length;
  for (int k = 0; k < totals<Leaves>.count; ++k) {
    auto at = std::size_t(kernel.place(k));
    series[at] = sums.total[std::size_t(k)];
    if (totals<Leaves>.has_slope[k]) series[at + 1] = sums.slope[std::size_t(k)];
  }
  detail::unpack(
      [&](auto... target) {
        detail::unpack([&](auto... v) { backend.map(outputs{target...}, kernel, v...); },
                       concatenated(concatenated(picked<bits>(terms), weights), series));
        if (in.valid) (backend.map(outputs{target}, where_valid{}, view<T const>(target), in.valid), ...);
      },
      targets);
}

}  // namespace detail

/// Loss and exact partial derivatives of an objective over M steps, fused in one pass:
///
///     out.loss[i] = sum over terms of weights[k_term][i] term(i),
///     out.logp[i] = d (sum of out.loss) / d logp[i], ...
///
/// weights[0] belongs to the algorithm's aggregation, weights[k] to the k-th `aggregate` or `weighted` in the
/// objective; each is M or one broadcast element. Terms of series need all steps of a series, and up to two passes more
/// (objective/series_sums.hpp). Raises value_error naming the term if the objective reads one that is absent.
template <backend B, objective O>
void differentiate(B& backend, O const& o, step_views<value_t<B>> const& in,
                   std::array<view<value_t<B> const>, 1 + detail::aggregations_in<O>> const& weights,
                   partial_views<value_t<B>> const& out) {
  using namespace detail;
  auto room =
      backend.template temporary<value_t<B>>(series_totals_in<O> ? (1 + 2 * series_totals_in<O>)*out.loss.rows : 0);
  differentiate_steps(backend, o, in, weights, sum_series(backend, o, in, weights, room.all()), out);
}

}  // namespace COHORT_NAMESPACE
