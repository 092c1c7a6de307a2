#pragma once
#include <cohort/objective/series_sums.hpp>

namespace cohort {

/// Where the results go, M each: the weighted loss and its derivatives with respect to logp, entropy, value, kl and old_kl. Those of a term that the
/// objective does not read are not written.
template <class T>
struct partial_views {
  view<T> loss{}, logp{}, entropy{}, value{}, kl{}, old_kl{};
};

namespace detail {

/// Loss and partials of one term in duals of just what it reads, added to those of the terms before it. `series` holds the length and, for this term, the total of its
/// series and the loss's derivative with respect to that.
template <class V, class Leaf>
[[gnu::always_inline]] constexpr void add_term(Leaf const& leaf, step_terms<V> const& at, V const& weight, [[maybe_unused]] V const* length,
                                               [[maybe_unused]] V const* sums, V (&total)[1 + differentiable_count]) {
  constexpr unsigned bits = Leaf::reads & reads::differentiable;
  using D = dual<V, std::max(1, std::popcount(bits))>;
  D loss;
  if constexpr (is_of_series<Leaf>) {
    series_terms<D> terms;
    fill_terms<bits>(static_cast<step_terms<D>&>(terms), at);
    terms.length = *length;
    terms.total = D(sums[0]);
    loss = leaf.term(terms);
  } else {
    step_terms<D> terms;
    fill_terms<bits>(terms, at);
    loss = leaf.term(terms);
  }
  V factor = weight * leaf.factor;
  auto of = [&](V const& x) {
    if constexpr (Leaf::is_selected) return select(factor == 0, V(0), factor * x);
    else return factor * x;
  };
  total[0] += of(loss.value);
  int slot = 0;
  if (bits & reads::logp) total[1] += of(loss.tangent[slot++]);
  if (bits & reads::entropy) total[2] += of(loss.tangent[slot++]);
  if (bits & reads::value) total[3] += of(loss.tangent[slot++]);
  if (bits & reads::kl) total[4] += of(loss.tangent[slot++]);
  if (bits & reads::old_kl) total[5] += of(loss.tangent[slot++]);
  if constexpr (is_of_series<Leaf>) {
    using E = dual<V, 1>;
    step_terms<E> terms;
    fill_terms<reads::logp>(terms, at);
    total[1] += sums[1] * leaf.term.of_step(terms).tangent[0];
  }
}

/// What a term reads is taken from its type; one that reads more with the parameters it has would lose that derivative.
template <class Leaf>
void check_reads(Leaf const& leaf) {
  if (unsigned unknown = terms_read_by(leaf.term) & ~Leaf::reads)
    throw value_error(std::string("a term of the objective reads ") + term_names[std::countr_zero(unknown)] +
                      " with the parameters it has, and not with those of its type's default: it must read the same with all");
  if constexpr (is_of_series<Leaf>)
    if (leaf.term.of_step(all_terms()).bits & reads::differentiable & ~reads::logp)
      throw value_error("of_step of a term of series may read logp, and nothing else that depends on the parameters");
}

/// The terms that Reads names arrive in their order; the weights follow, and for terms of series the length and two numbers each.
template <class Leaves, unsigned Reads, int Weights>
struct objective_kernel {
  static constexpr unsigned bits = Reads & reads::differentiable;
  static constexpr int results = 1 + std::popcount(bits);
  Leaves leaves;

  template <class S, class... More>
  [[gnu::always_inline]] constexpr several<S, results> operator()(S first, More... more) const {
    S const all[] = {first, more...};
    constexpr int terms = std::popcount(Reads);
    return evaluate(terms_from<Reads>(all), all + terms, all + terms + Weights, std::make_index_sequence<std::tuple_size_v<Leaves>>());
  }

 private:
  /// How many terms of series come before the K-th leaf.
  template <std::size_t K, std::size_t... J>
  static constexpr int before(std::index_sequence<J...>) {
    return (0 + ... + int(is_of_series<std::tuple_element_t<J, Leaves>>));
  }
  template <class S, std::size_t... K>
  [[gnu::always_inline]] constexpr several<S, results> evaluate(step_terms<S> const& at, S const* weights, S const* series, std::index_sequence<K...>) const {
    S total[1 + differentiable_count] = {S(0), S(0), S(0), S(0), S(0), S(0)};
    (add_term(std::get<K>(leaves), at, weights[std::tuple_element_t<K, Leaves>::weights], series,
              series + 1 + 2 * before<K>(std::make_index_sequence<K>()), total),
     ...);
    several<S, results> out;
    int k = 0;
    out[k++] = total[0];
    if constexpr (bits & reads::logp) out[k++] = total[1];
    if constexpr (bits & reads::entropy) out[k++] = total[2];
    if constexpr (bits & reads::value) out[k++] = total[3];
    if constexpr (bits & reads::kl) out[k++] = total[4];
    if constexpr (bits & reads::old_kl) out[k++] = total[5];
    return out;
  }
};

/// The pass over steps whose series are summed already.
template <backend B, objective O, class T = value_t<B>>
void differentiate_steps(B& backend, O const& o, step_views<T> const& in, std::array<view<T const>, 1 + aggregations_in<O>> const& weights,
                         series_sums<T, series_terms_in<O>> const& sums, partial_views<T> const& out) {
  auto leaves = detail::leaves<1, 0>(o, 1);
  constexpr unsigned bits = bits_of_leaves<decltype(leaves)>;
  unsigned needed = std::apply([](auto const&... leaf) { return (terms_read_by(leaf.term) | ... | 0u); }, leaves);
  std::apply([](auto const&... leaf) { (check_reads(leaf), ...); }, leaves);
  auto terms = terms_of(in, needed, view<T const>(out.loss));
  // Of a type that reads everything as far as is known, the derivatives that this object has not go to where nobody looks.
  auto nowhere = backend.template temporary<T>(bits & ~needed & reads::differentiable ? out.loss.rows : 0);
  auto room = [&](unsigned bit, view<T> given, char const* name) {
    if (needed & bit && !given) throw value_error(std::string("differentiate: no output for the derivative with respect to ") + name);
    return given ? given : nowhere.all();
  };
  auto targets = std::tuple_cat(std::tuple(out.loss), one_if<(bits & reads::logp) != 0>(room(reads::logp, out.logp, "logp")),
                                one_if<(bits & reads::entropy) != 0>(room(reads::entropy, out.entropy, "entropy")),
                                one_if<(bits & reads::value) != 0>(room(reads::value, out.value, "value")),
                                one_if<(bits & reads::kl) != 0>(room(reads::kl, out.kl, "kl")),
                                one_if<(bits & reads::old_kl) != 0>(room(reads::old_kl, out.old_kl, "old_kl")));
  objective_kernel<decltype(leaves), bits, 1 + aggregations_in<O>> kernel{leaves};
  auto series = [&] {
    if constexpr (series_terms_in<O> == 0) return std::tuple<>();
    else
      return [&]<std::size_t... K>(std::index_sequence<K...>) {
        return std::tuple_cat(std::tuple(sums.length), std::tuple(sums.total[K], sums.slope[K])...);
      }(std::make_index_sequence<std::size_t(series_terms_in<O>)>());
  }();
  with_terms<bits>(terms, [&](auto... v) {
    std::apply([&](auto... more) { std::apply([&](auto... target) { backend.map(outputs{target...}, kernel, v..., more...); }, targets); },
               std::tuple_cat(weights, series));
  });
  // An invalid step is selected away: its numbers may be anything, and 0 times a NaN is a NaN.
  if (in.valid)
    std::apply([&](auto... target) { (backend.map(outputs{target}, where_valid{}, view<T const>(target), in.valid), ...); }, targets);
}

}  // namespace detail

/// Loss and exact partial derivatives of an objective over M steps, fused in one pass:
///
///     out.loss[i] = sum over terms of weights[k_term][i] term(i),    out.logp[i] = d (sum of out.loss) / d logp[i], ...
///
/// weights[0] belongs to the algorithm's aggregation, weights[k] to the k-th `aggregate` or `weighted` in the objective; each is M or one broadcast element. Terms of
/// series take three passes more each, and need all steps of a series.
/// Raises value_error naming the term if the objective reads one that is absent.
template <backend B, objective O>
void differentiate(B& backend, O const& o, step_views<value_t<B>> const& in,
                   std::array<view<value_t<B> const>, 1 + detail::aggregations_in<O>> const& weights, partial_views<value_t<B>> const& out) {
  auto room = backend.template temporary<value_t<B>>(detail::series_terms_in<O> ? (1 + 2 * detail::series_terms_in<O>) * out.loss.rows : 0);
  detail::differentiate_steps(backend, o, in, weights, detail::sum_series(backend, o, in, weights, room.all()), out);
}

}  // namespace cohort
