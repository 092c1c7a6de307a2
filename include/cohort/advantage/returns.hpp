#pragma once
#include <cohort/advantage/batch_view.hpp>
#include <cohort/backend/concept.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/backend/formulas.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// From what is still to come after a step (the carry) to what is at it; with a mask the carry comes first, and what is
/// written is 0 where a step is not valid. G is a scalar where each step has a gamma of its own.
template <class G = double>
struct return_step {
  static constexpr bool affine = true;
  G gamma;
  invalid_steps invalid = invalid_steps::skip;

  template <class S, class M>
  constexpr S operator()(S after, S reward, M terminated, M truncated) const {
    return select(terminated | truncated, reward, reward + gamma * after);
  }
  template <class S, class M>
  constexpr several<S, 2> operator()(S after, S reward, M terminated, M truncated, M valid) const {
    S skipped = invalid == invalid_steps::skip ? after : select(terminated | truncated, S(0), S(gamma * after));
    S to_come = (*this)(after, reward, terminated, truncated);
    return {{select(valid, to_come, skipped), select(valid, to_come, S(0))}};
  }
};

/// R_t of every valid step, without a bootstrap.
template <backend B, class T = value_t<B>>
void reward_to_go(B& backend, batch_view<T> const& batch, double gamma, invalid_steps invalid, view<T> out) {
  return_step<> step{gamma, invalid};
  if (batch.valid)
    backend.scan(batch.series, direction::backward, step, 0, outputs{view<T>(), out}, batch.reward, batch.terminated,
                 batch.truncated, batch.valid);
  else backend.scan(batch.series, direction::backward, step, 0, out, batch.reward, batch.terminated, batch.truncated);
}

/// ones, M: 1 at each valid step and 0 elsewhere; steps, N: how many of them each series has.
template <backend B, class T = value_t<B>>
void count_valid_steps(B& backend, partition s, view<std::uint8_t const> valid, view<T> ones, view<T> steps) {
  if (valid) backend.map(outputs{ones}, one_where{}, view<T const>(ones), valid);
  else fill_with(backend, ones, 1);
  backend.segment_reduce(s, steps, same{}, view<T const>(ones));
}

}  // namespace detail

}  // namespace COHORT_NAMESPACE
