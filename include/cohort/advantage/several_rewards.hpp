#pragma once
#include <cohort/advantage/group_members.hpp>
#include <cohort/advantage/normalize.hpp>
#include <vector>

namespace cohort {

namespace detail {

struct is_number {
  template <class S>
  constexpr S operator()(S x) const {
    return select(x == x, S(1), S(0));
  }
};
struct two_zeros {
  template <class S>
  constexpr several<S, 2> operator()(S) const {
    return {{S(0), S(0)}};
  }
};
struct or_number {
  template <class S>
  constexpr S operator()(S any, S x) const {
    return select(x == x, S(1), any);
  }
};
struct add_weighted {
  double weight;
  template <class S>
  constexpr S operator()(S sum, S x) const {
    return sum + select(x == x, weight * x, S(0));
  }
};
/// f(k, its weight, its column of N scores, whether each is there) for each reward.
template <backend B, class F, class T = value_t<B>>
void each_reward(B& backend, batch_view<T> const& batch, std::vector<double> const& weights, char const* who, view<std::uint8_t> there, F f) {
  if (!batch.scores) throw value_error(std::string(who) + " reads scores, what each of several rewards gave a series, which this batch does not have");
  if (!weights.empty() && std::ptrdiff_t(weights.size()) != batch.scores.columns)
    throw value_error(std::string(who) + ": the number of weights is " + std::to_string(weights.size()) + ", expected " + std::to_string(batch.scores.columns) +
                      ", one for each reward (or none: all 1)");
  for (std::ptrdiff_t k = 0; k < batch.scores.columns; ++k) {
    view<T const> column{batch.scores.data + k * batch.scores.column_stride, batch.scores.rows, 1, batch.scores.row_stride, 1};
    backend.map(outputs{there}, is_number{}, column);
    f(weights.empty() ? 1. : weights[std::size_t(k)], column);
  }
}

}  // namespace detail

/// GRPO on several rewards at once, added up before they are compared:
///
///     R_i = sum_k w_k r_ik over the rewards that i has,    A_i = (R_i - mean_j R_j) / (std_j R_j + epsilon)
///
/// A series without any reward leaves the statistics and gets 0. `how` has the baseline, scale and constants. Reads scores. Writes no targets. (TRL's GRPO:
/// epsilon 1e-4.)
struct weighted_rewards {
  static constexpr bool reads_scores = true;
  std::vector<double> weights{};  ///< one for each reward; none: all 1
  group_statistics how{};

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    detail::group_members<B> members(backend, batch, "weighted_rewards");
    std::ptrdiff_t N = members.count();
    auto numbers = backend.template temporary<T>(2 * N);
    auto there = backend.template temporary<std::uint8_t>(N);
    view<T> sum = numbers.all().part(0, N), any = numbers.all().part(N, N);
    backend.map(outputs{numbers.all()}, detail::filled{0}, view<T const>(numbers.all()));
    detail::each_reward(backend, batch, weights, "weighted_rewards", there.all(), [&](double weight, view<T const> score) {
      backend.map(outputs{sum}, detail::add_weighted{weight}, view<T const>(sum), score);
      backend.map(outputs{any}, detail::or_number{}, view<T const>(any), score);
    });
    backend.map(outputs{there.all()}, detail::same{}, view<T const>(any));
    how(backend, view<T const>(sum), members.group(), members.groups(), view<T const>{}, sum, view<std::uint8_t const>(there.all()));
    members.to_steps(out.advantage, view<T const>(sum));
  }
};

/// Over what GDPO's sum is normalized.
enum class over { steps, series };

/// GDPO: each reward compared within its group by itself, so that none drowns another, then added up and normalized over the batch:
///
///     A_ik = (r_ik - mean_j r_jk) / (std_j r_jk + epsilon),    A_i = standardize(sum_k w_k A_ik)
///
/// An absent reward leaves its statistics and adds 0; so does one that is the only one of its group. A series without any reward, and an invalid step where steps
/// are normalized, leave the normalization too and get 0. A score that is infinite makes all advantages NaNs. Reads scores. Writes no targets.
///
/// Source: GDPO 2026, arXiv:2601.05242. verl: over all steps, epsilons 1e-6 and 1e-8; TRL's normalize_then_sum: over series, both 1e-4.
struct gdpo {
  static constexpr bool reads_scores = true;
  std::vector<double> weights{};  ///< one for each reward; none: all 1
  group_statistics how{};
  standardize batch_wide{};
  cohort::over over = cohort::over::steps;

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    detail::group_members<B> members(backend, batch, "gdpo");
    std::ptrdiff_t N = members.count(), M = batch.decisions.steps();
    auto numbers = backend.template temporary<T>(3 * N + M);
    auto flags = backend.template temporary<std::uint8_t>(N + M);
    view<T> sum = numbers.all().part(0, N), one = numbers.all().part(N, N), any = numbers.all().part(2 * N, N), by_step = numbers.all().part(3 * N, M);
    view<std::uint8_t> there = flags.all().part(0, N), here = flags.all().part(N, M);
    backend.map(outputs{sum, any}, detail::two_zeros{}, view<T const>(sum));
    detail::each_reward(backend, batch, weights, "gdpo", there, [&](double weight, view<T const> score) {
      how(backend, score, members.group(), members.groups(), view<T const>{}, one, view<std::uint8_t const>(there));
      backend.map(outputs{sum}, detail::plus_weighted{weight}, view<T const>(sum), view<T const>(one));
      backend.map(outputs{any}, detail::or_number{}, view<T const>(any), score);
    });
    backend.map(outputs{there}, detail::same{}, view<T const>(any));
    if (over == cohort::over::series) batch_wide(backend, sum, view<std::uint8_t const>(there));
    backend.map(outputs{sum}, detail::where_valid{}, view<T const>(sum), view<std::uint8_t const>(there));
    members.to_steps(out.advantage, view<T const>(sum));
    if (over == cohort::over::series) return;
    members.to_steps(by_step, view<T const>(any));
    if (batch.valid) backend.map(outputs{by_step}, detail::where_valid{}, view<T const>(by_step), batch.valid);
    backend.map(outputs{here}, detail::same{}, view<T const>(by_step));
    batch_wide(backend, out.advantage, view<std::uint8_t const>(here));
    backend.map(outputs{out.advantage}, detail::where_valid{}, view<T const>(out.advantage), view<std::uint8_t const>(here));
  }
};

}  // namespace cohort
