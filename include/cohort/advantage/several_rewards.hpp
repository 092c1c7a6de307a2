#pragma once
#include <cohort/advantage/group_members.hpp>
#include <cohort/advantage/normalize.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/describe/about.hpp>
#include <limits>
#include <optional>
#include <vector>

namespace COHORT_NAMESPACE {

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
/// sum = 0, and add(its weight, its column of N scores, which of them are there) for each reward; any, N: 1 where a
/// series has one of them, else 0.
template <backend B, class F, class T = value_t<B>>
void add_rewards(B& backend, batch_view<T> const& batch, std::vector<double> const& weights, char const* who,
                 view<std::uint8_t const> present, view<T> sum, view<T> any, F add) {
  if (!batch.scores)
    throw value_error(std::string(who) +
                      " reads scores, what each of several rewards gave a series, which this batch does not have");
  if (!weights.empty() && std::ptrdiff_t(weights.size()) != batch.scores.columns)
    throw value_error(std::string(who) + ": the number of weights is " + std::to_string(weights.size()) +
                      ", expected " + std::to_string(batch.scores.columns) + ", one for each reward (or none: all 1)");
  auto there = backend.template temporary<std::uint8_t>(sum.rows);
  backend.map(outputs{sum, any}, two_zeros{}, view<T const>(sum));
  for (std::ptrdiff_t k = 0; k < batch.scores.columns; ++k) {
    view<T const> column = batch.scores.column(k);
    backend.map(outputs{there.all()}, is_number{}, column);
    if (present)
      backend.map(outputs{there.all()}, one_where_both{}, column, view<std::uint8_t const>(there.all()), present);
    add(weights.empty() ? 1. : weights[std::size_t(k)], column, view<std::uint8_t const>(there.all()));
    backend.map(outputs{any}, or_number{}, view<T const>(any), column);
  }
  if (present) backend.map(outputs{any}, where_valid{}, view<T const>(any), present);
}

struct has_company {
  template <class S>
  constexpr S operator()(S any, S size) const {
    return select(size > 1, any, S(0));
  }
};

/// A series' number to each of its steps, having been normalized over the series or steps that count: `counts`, N, is 1
/// or 0. The others get 0.
template <backend B, class T = value_t<B>>
void normalized_to_steps(B& backend, batch_view<T> const& batch, group_members<B>& members, view<T> by_series,
                         view<T const> counts, standardize const& how, averaged_over which, view<T> out) {
  std::ptrdiff_t N = members.count(), M = batch.series.steps();
  auto flags = backend.template temporary<std::uint8_t>(N + M);
  view<std::uint8_t> there = flags.all().part(0, N), here = flags.all().part(N, M);
  copy_to(backend, there, counts);
  if (which == averaged_over::series) {
    how(backend, by_series, view<std::uint8_t const>(there));
    return members.to_valid_steps(out, view<T const>(by_series));
  }
  auto by_step = backend.template temporary<T>(M);
  members.to_steps(by_step.all(), counts);
  if (batch.valid) backend.map(outputs{by_step.all()}, where_valid{}, view<T const>(by_step.all()), batch.valid);
  copy_to(backend, here, by_step.all());
  members.to_steps(out, view<T const>(by_series));
  how(backend, out, view<std::uint8_t const>(here));
}

}  // namespace detail

/// GRPO on several rewards at once, added up before they are compared:
///
///     R_i = clamp(sum_k w_k r_ik, low, high) over the rewards that i has,
///     A_i = (R_i - mean_j R_j) / (std_j R_j + epsilon)
///
/// A series without any reward leaves the statistics and gets 0. `how` has the baseline, scale and constants. With
/// `batch_wide` A is then normalized over the batch, without the series that have no reward or are alone with theirs in
/// their group. Inside kl_in_reward, R_i is less the penalties of i's valid steps, after the clamp. Reads scores.
/// Writes no targets. (TRL's GRPO: epsilon 1e-4. Its RLOO: baseline leave_one_out, scale none, within kl_in_reward; its
/// normalize_advantages: batch_wide of epsilon 1e-4.)
struct weighted_rewards {
  static constexpr unsigned reads = needs::groups | needs::scores;
  std::vector<double> weights{};  ///< one for each reward; none: all 1
  group_statistics how{};
  double low = -std::numeric_limits<double>::infinity(),
         high = std::numeric_limits<double>::infinity();  ///< of the sum; low <= high
  std::optional<standardize> batch_wide{};
  cohort::averaged_over over = cohort::averaged_over::series;  ///< what batch_wide counts

  static constexpr about notes{"weighted_rewards",
                               "(R_i - mean) / (std + epsilon), R_i = clamp(sum_k w_k r_ik, low, high)", "TRL 1.16",
                               "TRL (GRPO, RLOO)"};
  constexpr void parameters(auto f) const {
    how.parameters(f);
    f("low", low, low > -std::numeric_limits<double>::infinity());
    f("high", high, high < std::numeric_limits<double>::infinity());
    if (batch_wide) f("batch_wide", *batch_wide);
    f("over", over, over != cohort::averaged_over::series);
  }
  void check() const {
    how.check();
    detail::require(low <= high, "weighted_rewards", "low", low, "a number no higher than high");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    detail::group_members<B> members(backend, batch, "weighted_rewards");
    std::ptrdiff_t N = members.count();
    auto numbers = backend.template temporary<T>(3 * N);
    view<T> sum = numbers.all().part(0, N), any = numbers.all().part(N, N), taken = numbers.all().part(2 * N, N);
    detail::add_rewards(backend, batch, weights, "weighted_rewards", members.present(), sum, any,
                        [&](double weight, auto score, auto) {
                          backend.map(outputs{sum}, detail::add_weighted{weight}, view<T const>(sum), score);
                        });
    if (low > -std::numeric_limits<double>::infinity() || high < std::numeric_limits<double>::infinity())
      backend.map(outputs{sum}, detail::clamp_between{low, high}, view<T const>(sum));
    if (batch.penalty) {
      backend.segment_reduce(batch.series, taken, detail::same{}, batch.penalty);
      backend.map(outputs{sum}, detail::difference{}, view<T const>(sum), view<T const>(taken));
    }
    auto there = backend.template temporary<std::uint8_t>(N);
    detail::copy_to(backend, there.all(), any);
    how(backend, view<T const>(sum), members.group(), members.groups(), view<T const>{}, sum,
        view<std::uint8_t const>(there.all()));
    if (!batch_wide) return members.to_valid_steps(out.advantage, view<T const>(sum));
    members.sum(taken, view<T const>(any));  // how many there are in its group
    backend.map(outputs{any}, detail::has_company{}, view<T const>(any), view<T const>(taken));
    detail::normalized_to_steps(backend, batch, members, sum, view<T const>(any), *batch_wide, over, out.advantage);
  }
};

/// GDPO: each reward compared within its group by itself, so that none drowns another, then added up and normalized
/// over the batch:
///
///     A_ik = (r_ik - mean_j r_jk) / (std_j r_jk + epsilon),    A_i = standardize(sum_k w_k A_ik)
///
/// An absent reward leaves its statistics and adds 0; so does one that is the only one of its group. A series without
/// any reward, and an invalid step where steps are normalized, leave the normalization too and get 0. A score that is
/// infinite makes all advantages NaNs. Reads scores. Writes no targets.
///
/// Source: GDPO 2026, arXiv:2601.05242. verl: over all steps, epsilons 1e-6 and 1e-8; TRL's normalize_then_sum: over
/// series, both 1e-4.
struct gdpo {
  static constexpr unsigned reads = needs::groups | needs::scores;
  std::vector<double> weights{};  ///< one for each reward; none: all 1
  group_statistics how{};
  standardize batch_wide{};
  cohort::averaged_over over = cohort::averaged_over::steps;

  static constexpr about notes{"gdpo", "sum_k w_k (r_ik - mean) / (std + epsilon), normalized over the batch",
                               "GDPO 2026, arXiv:2601.05242", "verl, TRL (normalize_then_sum)"};
  constexpr void parameters(auto f) const {
    how.parameters(f), f("batch_wide", batch_wide, !(batch_wide == standardize{}));
    f("over", over, over != cohort::averaged_over::steps);
  }
  void check() const { how.check(); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    if (batch.penalty)
      throw value_error(
          "gdpo normalizes each reward by itself, and so has none that a KL could be taken from: use kl_to_go or a "
          "kl_penalty");
    detail::group_members<B> members(backend, batch, "gdpo");
    std::ptrdiff_t N = members.count();
    auto numbers = backend.template temporary<T>(3 * N);
    view<T> sum = numbers.all().part(0, N), one = numbers.all().part(N, N), any = numbers.all().part(2 * N, N);
    detail::add_rewards(
        backend, batch, weights, "gdpo", members.present(), sum, any, [&](double weight, auto score, auto there) {
          how(backend, score, members.group(), members.groups(), view<T const>{}, one, there);
          backend.map(outputs{sum}, detail::plus_weighted{weight}, view<T const>(sum), view<T const>(one));
        });
    detail::normalized_to_steps(backend, batch, members, sum, view<T const>(any), batch_wide, over, out.advantage);
  }
};

}  // namespace COHORT_NAMESPACE
