#pragma once
#include <cohort/backend/concept.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct moments_of_weight {
  template <class S>
  constexpr several<S, 3> operator()(S w) const {
    return {{S(1), w, w * w}};
  }
  template <class S, class M>
  constexpr several<S, 3> operator()(S w, M valid) const {
    return {{select(valid, S(1), S(0)), select(valid, w, S(0)), select(valid, w * w, S(0))}};
  }
};

}  // namespace detail

/// How much of a weighted sample is left, as a share of its n valid steps:
///
///     (sum w)^2 / (n sum w^2)
///
/// 1 if all weights are equal, 1 / n if one step has it all, and 0 if no step has any. Scaling the weights changes
/// nothing. Times n it is the number of equally weighted steps with the same variance. Of weights after truncation and
/// masking it is verl's rollout_is_eff_sample_size.
///
/// Source: Kong 1992, "A note on importance sampling using standardized weights".
template <backend B>
double effective_sample_size(B& backend, in_view<B> weight, view<std::uint8_t const> valid = {}) {
  using T = value_t<B>;
  if (weight.rows == 0) return 0;
  auto sums = backend.template temporary<T>(3);
  if (valid) backend.reduce(sums.all(), detail::moments_of_weight{}, weight, valid);
  else backend.reduce(sums.all(), detail::moments_of_weight{}, weight);
  T found[3];
  backend.download(std::span<T>(found), view<T const>(sums.all()));
  double n = double(found[0]), sum = double(found[1]), squares = double(found[2]);
  return sum == 0 ? 0 : sum * sum / (n * squares);
}

}  // namespace COHORT_NAMESPACE
