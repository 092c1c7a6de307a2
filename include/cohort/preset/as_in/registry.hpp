#pragma once
#include <cohort/aggregation/sums.hpp>
#include <cohort/describe/names.hpp>
#include <cohort/objective/text.hpp>
#include <cohort/preset/as_in/cleanrl.hpp>
#include <cohort/preset/as_in/liger_0_8.hpp>
#include <cohort/preset/as_in/openrlhf_0_11.hpp>
#include <cohort/preset/as_in/prime_rl.hpp>
#include <cohort/preset/as_in/stable_baselines3_2_9.hpp>
#include <cohort/preset/as_in/torchrl_0_14.hpp>
#include <cohort/preset/as_in/trl_1_16.hpp>
#include <cohort/preset/as_in/verl_0_9.hpp>
#include <cohort/preset/recorded_batch.hpp>
#include <tuple>

// The conventions of libraries by name, and what each makes of a batch.

namespace COHORT_NAMESPACE::preset::as_in {

inline constexpr std::tuple<trl_1_16, verl_0_9, openrlhf_0_11, liger_0_8, prime_rl, torchrl_0_14, stable_baselines3_2_9,
                            cleanrl>
    all{};

inline constexpr auto name_of = [](auto const& c) { return c.rules.name; };
inline std::vector<std::string> names() { return detail::names_of(all, name_of); }

/// f(convention) for the one of this name; f is compiled for each. Raises value_error naming the nearest names where
/// there is none.
template <class F>
void with_convention(std::string_view name, F f) {
  detail::with_named(all, name_of, "as_in", "convention", name, f);
}

/// What a convention makes of a batch; lists have a number for each step, which is 0 where the step is not valid.
struct result {
  rules_in_words const* rules = nullptr;
  std::vector<double> advantage;  ///< as the loss reads it: normalized, less a KL
  std::vector<double> ratio;      ///< what multiplies the advantage in the gradient: 0 where a clip holds the step
  std::vector<double> kl;         ///< of each step, before its weight; empty: there is none
  double kl_weight = 0;
  kl_place kl_at = kl_place::none;
  std::vector<double> weight;  ///< of each step in the mean
  std::vector<double> slope;   ///< d loss / d logp
  double loss = 0;             ///< of the policy
  std::string objective;       ///< the whole one as text, with the terms of value and entropy
  double gradient_norm = 0;    ///< of `slope`
};

/// Advantages that are known already.
struct given_advantage {
  std::vector<double> a;
  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const&, estimates<T> const& out) const {
    backend.upload(out.advantage, std::span<double const>(a));
  }
};

/// By its defaults, or with its KL at another weight. Raises value_error where the batch has not what the convention
/// reads: ref_logp, value, sampler_logp; and where a weight is given to a convention that has no KL.
template <class C, backend B>
result evaluate(B& backend, C const&, recorded_batch const& given, std::optional<double> kl_weight = {}) {
  auto M = std::size_t(given.steps());
  recorded_batch batch = given;
  result o;
  o.rules = &C::rules, o.kl_at = C::kl_at, o.objective = text(C::objective());
  auto run = [&](auto const& estimator, auto const& loss) {
    applied whole = apply(backend, estimator, loss, C::mean(), batch, C::normalize());
    if constexpr (requires { C::leaves_out_zero_advantages; }) {
      for (std::size_t i = 0; i < M; ++i) batch.valid[i] = batch.valid[i] && whole.advantage[i] != 0;
      whole = apply(backend, given_advantage{whole.advantage}, loss, C::mean(), batch);
    }
    return whole;
  };
  applied whole;
  if (!kl_weight) whole = run(C::advantage(), C::loss());
  else if constexpr (C::kl_at == kl_place::loss)
    whole = run(C::advantage(), C::loss(*kl_weight)), o.objective = text(C::loss(*kl_weight));
  else if constexpr (C::kl_at == kl_place::advantage) whole = run(C::advantage(*kl_weight), C::loss());
  else throw value_error("a weight of the KL was given, and this convention has none");
  o.advantage = whole.advantage, o.slope = whole.logp, o.loss = whole.total, o.gradient_norm = whole.gradient_norm;

  std::vector<double> unit(M, 1);  // the sign decides which side of the clip holds
  for (std::size_t i = 0; i < M; ++i)
    if (batch.valid[i] && o.advantage[i] < 0) unit[i] = -1;
  auto alone = apply(backend, given_advantage{unit}, C::ratio(), step_sum{}, batch);
  for (std::size_t i = 0; i < M; ++i) o.ratio.push_back(batch.valid[i] ? 0 - alone.logp[i] * unit[i] : 0);

  if constexpr (requires { C::kl(); }) {
    o.kl_weight = kl_weight.value_or(C::kl_weight);
    auto const& now = C::kl_at == kl_place::advantage ? batch.old_logp : batch.logp;
    std::vector<double> const* other = &batch.ref_logp;
    if constexpr (requires { C::kl_to_sampler; }) other = &batch.sampler_logp;
    for (std::size_t i = 0; i < M && !other->empty(); ++i) {
      real<double> x(now[i]), y((*other)[i]), old(batch.old_logp[i]);
      if constexpr (requires { C::kl()(x, y, old); }) o.kl.push_back(batch.valid[i] ? C::kl()(x, y, old).value : 0);
      else o.kl.push_back(batch.valid[i] ? C::kl()(x, y).value : 0);
    }
  }
  o.weight.resize(M);
  aggregated_steps<double> steps{batch.steps(), batch.series(), recorded_batch::in(batch.series_of),
                                 recorded_batch::in(batch.valid)};
  C::mean()(backend, steps, view<double>{o.weight.data(), batch.steps()});
  for (std::size_t i = 0; i < M; ++i)
    if (!batch.valid[i]) o.advantage[i] = 0;
  return o;
}

}  // namespace COHORT_NAMESPACE::preset::as_in
