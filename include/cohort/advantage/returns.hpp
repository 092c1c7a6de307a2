#pragma once
#include <cohort/advantage/batch_view.hpp>
#include <cohort/backend/concept.hpp>
#include <cohort/backend/formulas.hpp>

namespace cohort {

namespace detail {

struct return_step {
  static constexpr bool affine = true;
  double gamma;
  invalid_steps invalid = invalid_steps::skip;

  template <class S, class M>
  constexpr S operator()(S after, S reward, M terminated, M truncated) const {
    return select(terminated | truncated, reward, reward + gamma * after);
  }
  template <class S, class M>
  constexpr S operator()(S after, S reward, M terminated, M truncated, M valid) const {
    S skipped = invalid == invalid_steps::skip ? after : select(terminated | truncated, S(0), S(gamma * after));
    return select(valid, (*this)(after, reward, terminated, truncated), skipped);
  }
};

/// R_t of every step, without a bootstrap.
template <backend B, class T = value_t<B>>
void reward_to_go(B& backend, batch_view<T> const& batch, double gamma, invalid_steps invalid, view<T> out) {
  return_step step{gamma, invalid};
  if (batch.valid)
    backend.scan(batch.series, direction::backward, step, 0, out, batch.reward, batch.terminated, batch.truncated,
                 batch.valid);
  else backend.scan(batch.series, direction::backward, step, 0, out, batch.reward, batch.terminated, batch.truncated);
}

/// ones, M: 1 at each valid step and 0 elsewhere; steps, N: how many of them each series has.
template <backend B, class T = value_t<B>>
void count_valid_steps(B& backend, partition s, view<std::uint8_t const> valid, view<T> ones, view<T> steps) {
  if (valid) backend.map(outputs{ones}, one_where{}, view<T const>(ones), valid);
  else backend.map(outputs{ones}, filled{1}, view<T const>(ones));
  backend.segment_reduce(s, steps, same{}, view<T const>(ones));
}

}  // namespace detail

}  // namespace cohort
