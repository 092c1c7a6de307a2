#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/selection/selected_steps.hpp>
#include <limits>
#include <vector>

// Selections that sort do so on the host, once an optimizer step, in double and in the order of the steps: no backend
// and no number of threads changes what they choose.
namespace COHORT_NAMESPACE::detail {

template <backend B, class T = value_t<B>>
std::vector<double> numbers_on_host(B& backend, view<T const> v) {
  std::vector<T> found(std::size_t(v.rows));
  backend.download(std::span<T>(found), v);
  return {found.begin(), found.end()};
}

template <backend B>
std::vector<std::size_t> valid_steps_on_host(B& backend, view<std::uint8_t const> valid, std::ptrdiff_t M) {
  std::vector<std::uint8_t> flags(std::size_t(M), 1);
  if (valid) backend.download(std::span<std::uint8_t>(flags), valid);
  std::vector<std::size_t> steps;
  for (std::size_t i = 0; i < flags.size(); ++i)
    if (flags[i]) steps.push_back(i);
  return steps;
}

/// weight = f(k) for the k-th of the steps, and 0 for all others. Where one of the numbers that decide is no finite
/// one, none can be ranked: NaN for all of the steps, so that the divergence is seen.
template <backend B, class F, class T = value_t<B>>
void weigh_on_host(B& backend, std::vector<std::size_t> const& steps, std::vector<double> const& deciding, F f,
                   view<T> weight) {
  bool finite = std::all_of(deciding.begin(), deciding.end(), [](double x) { return std::isfinite(x); });
  std::vector<T> weights(std::size_t(weight.rows), T(0));
  for (std::size_t k = 0; k < steps.size(); ++k)
    weights[steps[k]] = finite ? T(f(k)) : std::numeric_limits<T>::quiet_NaN();
  backend.upload(weight, std::span<T const>(weights));
}

/// How many steps a share of n is: none for 0, else 1 or more, rounded down.
inline std::size_t share_of(std::size_t n, double share) {
  return share > 0 ? std::min(n, std::max<std::size_t>(1, std::size_t(share * double(n)))) : 0;
}

/// Marks the `count` first of `chosen.size()` in the order that `before` gives; equal ones by their index.
template <class Before>
std::vector<bool> first_of(std::vector<std::size_t> candidates, std::size_t count, std::size_t n, Before before) {
  auto ordered = [&](std::size_t a, std::size_t b) { return before(a, b) || (!before(b, a) && a < b); };
  if (count < candidates.size())
    std::nth_element(candidates.begin(), candidates.begin() + std::ptrdiff_t(count), candidates.end(), ordered);
  std::vector<bool> chosen(n);
  for (std::size_t k = 0; k < std::min(count, candidates.size()); ++k) chosen[candidates[k]] = true;
  return chosen;
}

/// (A - mean A)(logp - mean logp) of each of these steps, the means over all of them: what it adds to the covariance,
/// by which the entropy falls.
template <backend B, class T = value_t<B>>
std::vector<double> covariances_on_host(B& backend, std::vector<std::size_t> const& steps, view<T const> advantage,
                                        view<T const> logp) {
  auto a = numbers_on_host(backend, advantage), x = numbers_on_host(backend, logp);
  double mean_a = 0, mean_x = 0;
  for (std::size_t i : steps) mean_a += a[i] / double(steps.size()), mean_x += x[i] / double(steps.size());
  std::vector<double> result;
  for (std::size_t i : steps) result.push_back((a[i] - mean_a) * (x[i] - mean_x));
  return result;
}

}  // namespace COHORT_NAMESPACE::detail
