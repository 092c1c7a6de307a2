#pragma once
#include <bit>
#include <cohort/backend/concept.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/scalar/dual.hpp>

namespace cohort {

/// The arrays of M steps that an objective is evaluated on; what it does not read may be absent. Absent `valid` means all are.
template <class T>
struct step_views {
  view<T const> sampler_logp{}, old_logp{}, logp{}, ref_logp{}, advantage{}, entropy{}, value{}, old_value{}, target{};
  view<std::uint8_t const> valid{};
};

/// Where the results go, M each: the weighted loss and its derivatives with respect to logp, entropy and value. Those of a term that the
/// objective does not read are not written.
template <class T>
struct partial_views {
  view<T> loss{}, logp{}, entropy{}, value{};
};

namespace detail {

inline constexpr char const* term_names[] = {"sampler_logp", "old_logp", "logp", "ref_logp", "advantage", "entropy", "value", "old_value", "target"};

/// loss and partials of one term in duals of just what it reads, added to those of the terms before it.
template <int N, class V, class Leaf>
constexpr void add_term(Leaf const& leaf, step_terms<V> const& at, V const& weight, V (&total)[4]) {
  using D = dual<V, N>;
  constexpr unsigned bits = Leaf::reads & reads::differentiable;
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
  D loss = leaf.term(terms);
  V factor = weight * leaf.factor;
  total[0] += factor * loss.value;
  slot = 0;
  if (bits & reads::logp) total[1] += factor * loss.tangent[slot++];
  if (bits & reads::entropy) total[2] += factor * loss.tangent[slot++];
  if (bits & reads::value) total[3] += factor * loss.tangent[slot++];
}

template <class Leaves, unsigned Reads, bool Masked>
struct objective_kernel {
  static constexpr unsigned bits = Reads & reads::differentiable;
  static constexpr int results = 1 + std::popcount(bits);
  Leaves leaves;

  template <class S, class... W>
  constexpr several<S, results> evaluate(step_terms<S> const& at, W const&... weight) const {
    S const weights[] = {weight...};
    S total[4] = {S(0), S(0), S(0), S(0)};
    std::apply(
        [&]<class... L>(L const&... leaf) {
          (add_term<std::max(1, std::popcount(L::reads & reads::differentiable))>(leaf, at, weights[L::weights], total), ...);
        },
        leaves);
    several<S, results> out;
    int k = 0;
    out[k++] = total[0];
    if constexpr (bits & reads::logp) out[k++] = total[1];
    if constexpr (bits & reads::entropy) out[k++] = total[2];
    if constexpr (bits & reads::value) out[k++] = total[3];
    return out;
  }

  template <class S, class... Rest>
  constexpr several<S, results> operator()(S sampler_logp, S old_logp, S logp, S ref_logp, S advantage, S entropy, S value, S old_value, S target,
                                           Rest... rest) const {
    step_terms<S> at{sampler_logp, old_logp, logp, ref_logp, advantage, entropy, value, old_value, target};
    if constexpr (Masked) {
      return masked(at, rest...);
    } else {
      return evaluate(at, rest...);
    }
  }
  // An invalid step is selected away: its numbers may be anything, and 0 times a NaN is a NaN.
  template <class S, class M, class... W>
  constexpr several<S, results> masked(step_terms<S> const& at, M valid, W... weight) const {
    several<S, results> out = evaluate(at, weight...);
    for (int k = 0; k < results; ++k) out[k] = select(valid, out[k], S(0));
    return out;
  }
};

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
  std::ptrdiff_t M = out.loss.rows;
  unsigned needed = detail::known_at_compile_time<O> ? bits : terms_read_by(o);
  static constexpr T zero = 0;
  view<T const> const given[] = {in.sampler_logp, in.old_logp, in.logp, in.ref_logp, in.advantage, in.entropy, in.value, in.old_value, in.target};
  view<T const> terms[9];
  for (int k = 0; k < 9; ++k) {
    bool here = needed >> k & 1;
    if (here && !given[k]) throw value_error(std::string("the objective reads ") + detail::term_names[k] + ", which this batch does not have");
    terms[k] = here ? given[k] : broadcast(view<T const>(&zero, 1), M);
  }
  auto leaves = detail::leaves<1, 0>(o, 1);
  auto run = [&]<bool Masked>(auto... valid) {
    detail::objective_kernel<decltype(leaves), bits, Masked> kernel{leaves};
    auto write = [&](auto... o) {
      std::apply(
          [&](auto... w) {
            backend.map(outputs{o...}, kernel, terms[0], terms[1], terms[2], terms[3], terms[4], terms[5], terms[6], terms[7], terms[8], valid..., w...);
          },
          weights);
    };
    if constexpr ((bits & reads::differentiable) == reads::differentiable) write(out.loss, out.logp, out.entropy, out.value);
    else if constexpr ((bits & reads::differentiable) == (reads::logp | reads::entropy)) write(out.loss, out.logp, out.entropy);
    else if constexpr ((bits & reads::differentiable) == (reads::logp | reads::value)) write(out.loss, out.logp, out.value);
    else if constexpr ((bits & reads::differentiable) == (reads::entropy | reads::value)) write(out.loss, out.entropy, out.value);
    else if constexpr ((bits & reads::differentiable) == reads::logp) write(out.loss, out.logp);
    else if constexpr ((bits & reads::differentiable) == reads::entropy) write(out.loss, out.entropy);
    else if constexpr ((bits & reads::differentiable) == reads::value) write(out.loss, out.value);
    else write(out.loss);
  };
  in.valid ? run.template operator()<true>(in.valid) : run.template operator()<false>();
}

}  // namespace cohort
