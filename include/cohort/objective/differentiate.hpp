#pragma once
#include <array>
#include <bit>
#include <cohort/backend/concept.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/scalar/dual.hpp>

namespace cohort {

/// The arrays of M steps that an objective is evaluated on; what it does not read may be absent. Absent `valid` means all are.
template <class T>
struct step_views {
  view<T const> sampler_logp{}, old_logp{}, logp{}, ref_logp{}, advantage{}, entropy{}, value{}, old_value{}, target{}, kl{}, old_kl{};
  view<std::uint8_t const> valid{};
};

/// Where the results go, M each: the weighted loss and its derivatives with respect to logp, entropy, value, kl and old_kl. Those of a term that the
/// objective does not read are not written.
template <class T>
struct partial_views {
  view<T> loss{}, logp{}, entropy{}, value{}, kl{}, old_kl{};
};

namespace detail {

inline constexpr char const* term_names[] = {"sampler_logp", "old_logp", "logp", "ref_logp", "advantage", "entropy", "value", "old_value", "target", "kl", "old_kl"};
inline constexpr int term_count = 11, differentiable_count = 5;

/// loss and partials of one term in duals of just what it reads, added to those of the terms before it.
template <class V, class Leaf>
[[gnu::always_inline]] constexpr void add_term(Leaf const& leaf, step_terms<V> const& at, V const& weight, V (&total)[1 + differentiable_count]) {
  constexpr unsigned bits = Leaf::reads & reads::differentiable;
  using D = dual<V, std::max(1, std::popcount(bits))>;
  step_terms<D> terms;
  terms.sampler_logp = at.sampler_logp;
  terms.old_logp = at.old_logp;
  terms.ref_logp = at.ref_logp;
  terms.advantage = at.advantage;
  terms.old_value = at.old_value;
  terms.target = at.target;
  int slot = 0;
  terms.logp = bits & reads::logp ? D::variable(at.logp, slot++) : D(at.logp);
  terms.entropy = bits & reads::entropy ? D::variable(at.entropy, slot++) : D(at.entropy);
  terms.value = bits & reads::value ? D::variable(at.value, slot++) : D(at.value);
  terms.kl = bits & reads::kl ? D::variable(at.kl, slot++) : D(at.kl);
  terms.old_kl = bits & reads::old_kl ? D::variable(at.old_kl, slot++) : D(at.old_kl);
  D loss = leaf.term(terms);
  V factor = weight * leaf.factor;
  total[0] += factor * loss.value;
  slot = 0;
  if (bits & reads::logp) total[1] += factor * loss.tangent[slot++];
  if (bits & reads::entropy) total[2] += factor * loss.tangent[slot++];
  if (bits & reads::value) total[3] += factor * loss.tangent[slot++];
  if (bits & reads::kl) total[4] += factor * loss.tangent[slot++];
  if (bits & reads::old_kl) total[5] += factor * loss.tangent[slot++];
}

/// What a term reads is taken from its type; one that reads more with the parameters it has would lose that derivative.
template <class Leaf>
void check_reads(Leaf const& leaf) {
  if (unsigned unknown = terms_read_by(leaf.term) & ~Leaf::reads)
    throw value_error(std::string("a term of the objective reads ") + term_names[std::countr_zero(unknown)] +
                      " with the parameters it has, and not with those of its type's default: it must read the same with all");
}

template <bool Here, class V>
constexpr auto one_if(V v) {
  if constexpr (Here) return std::tuple(v);
  else return std::tuple<>();
}

/// How many of the terms below bit k are among `bits`.
constexpr int slot_of(unsigned bits, int k) { return std::popcount(bits & ((1u << k) - 1)); }

/// The terms that `bits` names arrive in their order; the weights follow.
template <class Leaves, unsigned Reads>
struct objective_kernel {
  static constexpr unsigned bits = Reads & reads::differentiable;
  static constexpr int results = 1 + std::popcount(bits);
  Leaves leaves;

  template <class S, std::size_t... K, class... W>
  [[gnu::always_inline]] constexpr several<S, results> evaluate(step_terms<S> const& at, std::index_sequence<K...>, W const&... weight) const {
    S const weights[] = {weight...};
    S total[1 + differentiable_count] = {S(0), S(0), S(0), S(0), S(0), S(0)};
    (add_term(std::get<K>(leaves), at, weights[std::tuple_element_t<K, Leaves>::weights], total), ...);
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

  template <class S, class... More>
  [[gnu::always_inline]] constexpr several<S, results> operator()(S first, More... more) const {
    return unpacked<S>(std::make_index_sequence<std::tuple_size_v<Leaves>>(), std::make_index_sequence<1 + sizeof...(More) - std::popcount(Reads)>(), first,
                       more...);
  }
  template <class S, std::size_t... K, std::size_t... W, class... All>
  [[gnu::always_inline]] constexpr several<S, results> unpacked(std::index_sequence<K...>, std::index_sequence<W...>, All... given) const {
    S const all[] = {given...};
    auto term = [&](int k) { return Reads >> k & 1 ? all[slot_of(Reads, k)] : S(0); };
    return evaluate(step_terms<S>{term(0), term(1), term(2), term(3), term(4), term(5), term(6), term(7), term(8), term(9), term(10)}, std::index_sequence<K...>(),
                    all[std::popcount(Reads) + W]...);
  }
};

/// The terms among `Bits`, in order.
template <unsigned Bits, class V, std::size_t... K>
constexpr auto those_read(V const (&terms)[term_count], std::index_sequence<K...>) {
  return std::tuple_cat(one_if<(Bits >> K & 1) != 0>(terms[K])...);
}

}  // namespace detail

/// Loss and exact partial derivatives of an objective over M steps, fused in one pass:
///
///     out.loss[i] = sum over terms of weights[k_term][i] term(i),    out.logp[i] = d out.loss[i] / d logp[i], ...
///
/// weights[0] belongs to the algorithm's aggregation, weights[k] to the k-th `aggregate` in the objective; each is M or one broadcast element.
/// Raises value_error naming the term if the objective reads one that is absent.
template <backend B, objective O>
void differentiate(B& backend, O const& o, step_views<value_t<B>> const& in,
                   std::array<view<value_t<B> const>, 1 + detail::aggregations_in<O>> const& weights, partial_views<value_t<B>> const& out) {
  using T = value_t<B>;
  constexpr unsigned bits = detail::terms_read_by_type<O>();
  unsigned needed = terms_read_by(o);
  view<T const> const given[] = {in.sampler_logp, in.old_logp, in.logp, in.ref_logp, in.advantage, in.entropy, in.value, in.old_value, in.target, in.kl, in.old_kl};
  view<T const> terms[detail::term_count];
  for (int k = 0; k < detail::term_count; ++k) {
    bool here = needed >> k & 1;
    if (here && !given[k]) throw value_error(std::string("the objective reads ") + detail::term_names[k] + ", which this batch does not have");
    // What a type may read and this object does not is never looked at: any array of M numbers stands for it.
    terms[k] = here ? given[k] : view<T const>(out.loss);
  }
  // Of a type that reads everything as far as is known, the derivatives that this object has not go to where nobody looks.
  auto nowhere = backend.template temporary<T>(bits & ~needed & reads::differentiable ? out.loss.rows : 0);
  auto room = [&](unsigned bit, view<T> given, char const* name) {
    if (needed & bit && !given) throw value_error(std::string("differentiate: no output for the derivative with respect to ") + name);
    return given ? given : nowhere.all();
  };
  auto leaves = detail::leaves<1, 0>(o, 1);
  std::apply([](auto const&... leaf) { (detail::check_reads(leaf), ...); }, leaves);
  detail::objective_kernel<decltype(leaves), bits> kernel{leaves};
  auto targets = std::tuple_cat(std::tuple(out.loss), detail::one_if<(bits & reads::logp) != 0>(room(reads::logp, out.logp, "logp")),
                                detail::one_if<(bits & reads::entropy) != 0>(room(reads::entropy, out.entropy, "entropy")),
                                detail::one_if<(bits & reads::value) != 0>(room(reads::value, out.value, "value")),
                                detail::one_if<(bits & reads::kl) != 0>(room(reads::kl, out.kl, "kl")),
                                detail::one_if<(bits & reads::old_kl) != 0>(room(reads::old_kl, out.old_kl, "old_kl")));
  std::apply(
      [&](auto... v) {
        std::apply([&](auto... target) { backend.map(outputs{target...}, kernel, v...); }, targets);
      },
      std::tuple_cat(detail::those_read<bits>(terms, std::make_index_sequence<detail::term_count>()), weights));
  // An invalid step is selected away: its numbers may be anything, and 0 times a NaN is a NaN.
  if (in.valid)
    std::apply([&](auto... target) { (backend.map(outputs{target}, detail::where_valid{}, view<T const>(target), in.valid), ...); }, targets);
}

}  // namespace cohort
