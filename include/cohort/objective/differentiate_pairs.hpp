#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/backend/formulas.hpp>
#include <cohort/objective/differentiate.hpp>
#include <cohort/objective/pair_terms.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// For a pair (c, r) that is there: its loss over the number of pairs, and the derivatives by logp and score of both.
template <class O>
struct pair_kernel {
  O objective;
  template <class X, class Out>
  constexpr void operator()(X logp, X ref_logp, X score, X length, X pairs, Out loss, Out dlogp, Out dscore) const {
    using S = typename X::scalar;
    using D = dual<S, 4>;
    pair_terms<D> t;
    t.chosen_logp = D::variable(S(logp[0]), 0), t.rejected_logp = D::variable(S(logp[1]), 1);
    t.chosen_ref_logp = S(ref_logp[0]), t.rejected_ref_logp = S(ref_logp[1]);
    t.chosen_score = D::variable(S(score[0]), 2), t.rejected_score = D::variable(S(score[1]), 3);
    t.chosen_length = max(S(length[0]), S(1)), t.rejected_length = max(S(length[1]), S(1));
    D result = objective(t);
    auto here = (length[0] > 0) & (length[1] > 0);
    auto share = [&](S x) { return select(here, x / max(S(pairs[0]), S(1)), S(0)); };
    loss.set(0, share(result.value)), loss.set(1, S(0));
    dlogp.set(0, share(result.tangent[0])), dlogp.set(1, share(result.tangent[1]));
    dscore.set(0, share(result.tangent[2])), dscore.set(1, share(result.tangent[3]));
  }
};
struct both_there {
  template <class S>
  constexpr S operator()(S chosen, S rejected) const {
    return select((chosen > 0) & (rejected > 0), S(1), S(0));
  }
};

}  // namespace detail

/// The mean loss over pairs, and its exact derivatives by the log-probabilities and values of the steps: series 2 p is
/// the chosen one of pair p, series 2 p + 1 the rejected one. Steps may be in any order, and of some of the pairs only;
/// a pair counts if both its series have a valid step.
///
///     out.loss   a pair's share of the mean stands at the chosen series' last step, 0 elsewhere
///     out.logp, out.value   written if they are there
///
/// `last` marks the last step of each series, M flags, whose value is the series' score. Raises value_error naming what
/// the objective reads and the batch does not have.
template <backend B, pair_objective O, class T = value_t<B>>
void differentiate_pairs(B& backend, O const& o, step_views<T> const& in, view<std::uint8_t const> last,
                         partial_views<T> const& out) {
  unsigned needed = terms_read_by(o);
  if (!in.series_of || !last)
    throw value_error(
        "differentiate_pairs: this batch does not say which series its steps belong to, and which are the last ones");
  detail::require(in.series % 2 == 0, "differentiate_pairs", "the number of series", double(in.series),
                  "an even one, chosen and rejected in turn");
  auto require = [&](unsigned bit, view<T const> given, char const* name) {
    if (needed & bit && !given)
      throw value_error(std::string("the objective reads ") + name + ", which this batch does not have");
  };
  require(needs::logp, in.logp, "logp"), require(needs::ref_logp, in.ref_logp, "ref_logp"),
      require(needs::value, in.value, "value");
  std::ptrdiff_t M = in.series_of.rows, N = in.series, P = N / 2;
  auto room = backend.template temporary<T>(M + 7 * N + P + 1);
  view<T> steps = room.all().part(0, M), length = room.all().part(M, N), logp = room.all().part(M + N, N),
          ref = room.all().part(M + 2 * N, N), score = room.all().part(M + 3 * N, N),
          loss = room.all().part(M + 4 * N, N), dlogp = room.all().part(M + 5 * N, N),
          dscore = room.all().part(M + 6 * N, N), there = room.all().part(M + 7 * N, P),
          pairs = room.all().part(M + 7 * N + P, 1);
  auto sum_of = [&](view<T> to) {
    if (in.valid) backend.map(outputs{steps}, detail::where_valid{}, view<T const>(steps), in.valid);
    detail::fill_with(backend, to, 0);
    backend.scatter_add(to, view<T const>(steps), in.series_of);
  };
  auto add_up = [&](view<T> to, view<T const> from) {
    if (from) detail::copy_to(backend, steps, from);
    else detail::fill_with(backend, steps, 0);
    sum_of(to);
  };
  detail::fill_with(backend, steps, 1);
  sum_of(length);
  add_up(logp, in.logp);
  add_up(ref, needed & needs::ref_logp ? in.ref_logp : view<T const>{});
  if (needed & needs::value) {
    backend.map(outputs{steps}, detail::where_valid{}, in.value, last);
    sum_of(score);
  } else {
    add_up(score, {});
  }
  auto two = [&](view<T> v) { return v.reshaped(P, 2); };
  auto side = [&](view<T> v, int k) { return view<T const>(v.data + k, P, 1, 2, 1); };
  backend.map(outputs{there}, detail::both_there{}, side(length, 0), side(length, 1));
  backend.reduce(pairs, detail::same{}, view<T const>(there));
  auto in_pairs = [&](view<T> v) { return view<T const>(two(v)); };
  backend.map_rows(P, detail::pair_kernel<O>{o}, in_pairs(logp), in_pairs(ref), in_pairs(score), in_pairs(length),
                   broadcast<T const>(pairs, P), two(loss), two(dlogp), two(dscore));
  auto to_steps = [&](view<T> to, view<T const> from, view<std::uint8_t const> flags) {
    backend.gather(to, from, in.series_of);
    if (flags) backend.map(outputs{to}, detail::where_valid{}, view<T const>(to), flags);
  };
  to_steps(out.loss, loss, last);
  if (out.logp) to_steps(out.logp, dlogp, in.valid);
  if (out.value) to_steps(out.value, dscore, last);
}

}  // namespace COHORT_NAMESPACE
