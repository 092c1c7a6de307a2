#pragma once
#include <cohort/advantage/normalize.hpp>

namespace COHORT_NAMESPACE {

/// The share of the targets' variance that the values explain, 1 - var(target - value) / var(target): 1 where they are
/// the targets, 0 where a constant would do as well, NaN where all targets are equal. A value stands for each of the
/// target's columns. Two passes each, so that a large mean costs no digits.
///
/// Source: Stable-Baselines3's and OpenAI Baselines' explained_variance.
template <backend B>
double explained_variance(B& backend, in_view<B> value, in_view<B> target) {
  using T = value_t<B>;
  std::ptrdiff_t const n = target.size();
  auto error = backend.template temporary<T>(n);
  auto sums = backend.template temporary<T>(6);
  backend.map(outputs{error.matrix(target.rows, target.columns)}, detail::difference{}, target,
              in_view<B>(value.data, target.rows, target.columns, value.row_stride, 0));
  double unit[2];
  in_view<B> const of[2] = {in_view<B>(error.all()), target.reshaped(n)};
  for (int k = 0; k < 2; ++k)
    unit[k] = detail::measure_deviations(backend, of[k], {}, sums.all().part(3 * k, 2), sums.all().part(3 * k + 2, 1));
  T found[6];
  backend.download(std::span<T>(found), in_view<B>(sums.all()));
  double const moved = unit[1] / unit[0];  // of the error's squares to the target's unit
  if (found[5] == 0) return std::numeric_limits<double>::quiet_NaN();
  return 1 - double(found[2]) * moved * moved / double(found[5]);
}

}  // namespace COHORT_NAMESPACE
