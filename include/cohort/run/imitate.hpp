#pragma once
#include <cmath>
#include <cohort/environment/spaces.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/policy/policy_numbers.hpp>
#include <cohort/policy/requirements.hpp>
#include <cohort/update/learner.hpp>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE {

/// The mean of -log pi(action | observation) over all pairs, in nats: before the first epoch, and after each.
struct imitation_report {
  std::vector<double> losses;
  update_metrics metrics{};  ///< of the last minibatch; its ratios and approximate_kl are from the policy of before
};

namespace detail {

/// What the numbers of an action may be; `kind` is empty where nothing is known.
template <class Policy>
space_values actions_of_policy(Policy const& policy) {
  if constexpr (requires { policy.spaces().actions; })
    if (!policy.spaces().actions.kind.empty()) return policy.spaces().actions;
  auto const& d = policy.distribution();
  if constexpr (requires { values_of(discrete{d.actions}); }) return values_of(discrete{d.actions});
  else if constexpr (requires { d.n.size(); }) return {"multi_discrete", {d.n.begin(), d.n.end()}, {}, {}};
  else if constexpr (requires { d.low.size(); })
    return {"box", {}, {d.low.begin(), d.low.end()}, {d.high.begin(), d.high.end()}};
  else return {};
}

template <class Policy>
inline constexpr bool has_bounded_actions = [] {
  if constexpr (requires { Policy::distribution_type::model_type::bounded; })
    return Policy::distribution_type::model_type::bounded;
  else return false;
}();

/// u on the whole line of which model.unit(u) is this share of the way between the bounds: by bisection, since a model
/// gives no inverse. On a bound, where u would be infinite, it is that of a millionth inside.
template <class Model>
double unit_inverse(Model const& model, double share) {
  share = std::min(std::max(share, 1e-6), 1 - 1e-6);
  double low = -64, high = 64;
  for (int i = 0; i < 64; ++i) {
    double const middle = (low + high) / 2;
    (double(real<double>(model.unit(real<double>(middle))).value) < share ? low : high) = middle;
  }
  return (low + high) / 2;
}

inline std::string pair_text(std::size_t i, std::size_t width, char const* what) {
  return "imitate: number " + std::to_string(i % width) + " of " + what + " " + std::to_string(i / width);
}

/// Actions as the policy keeps them: with the numbers on the whole line behind those between bounds. Raises value_error
/// for the first that is no action.
template <class Policy, class Action>
std::vector<Action> kept_actions(Policy const& policy, std::span<Action const> given, std::size_t width) {
  space_values const space = actions_of_policy(policy);
  for (std::size_t i = 0; i < given.size() && space.size() > 0; ++i) {
    std::size_t const d = i % width;
    bool const is_box = space.n.empty();
    double const x = double(given[i]), low = is_box ? space.low[d] : 0, high = is_box ? space.high[d] : space.n[d] - 1;
    if (!(x >= low && x <= high))
      throw value_error(pair_text(i, width, "action") + " is " + text(x) + ", expected one from " + text(low) + " to " +
                        text(high) + (is_box ? " (clamp it, as the environment does)" : ""));
  }
  if constexpr (!has_bounded_actions<Policy>) return {given.begin(), given.end()};
  else {
    std::vector<Action> kept(2 * given.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
      std::size_t const d = i % width, at = i / width * 2 * width + d;
      kept[at] = given[i];
      kept[at + width] = Action(unit_inverse(policy.distribution().model,
                                             (double(given[i]) - space.low[d]) / (space.high[d] - space.low[d])));
    }
    return kept;
  }
}

/// Raises shape_error where pairs and policy do not fit together; the number of pairs.
inline std::size_t count_pairs(std::size_t numbers, std::size_t D, std::size_t action_numbers, std::size_t A) {
  auto fail = [](char const* what, std::size_t given, std::string const& expected) {
    throw shape_error(std::string("imitate: there are ") + std::to_string(given) + " numbers of " + what +
                      ", expected " + expected);
  };
  std::size_t const pairs = numbers / D;
  if (numbers == 0 || numbers % D != 0)
    fail("observations", numbers, "one row or more of the " + std::to_string(D) + " that the policy reads");
  if (action_numbers != pairs * A)
    fail("actions", action_numbers, std::to_string(A) + " for each of " + std::to_string(pairs) + " observations");
  return pairs;
}

}  // namespace detail

/// Behavior cloning: the policy that gives recorded actions the greatest likelihood, by the minibatches of an update on
///
///     loss = mean over the pairs of -log pi(action | observation)
///
/// It makes a policy of an expert's steps, for `train` to go on from:
///
///     auto report = imitate(cpu, policy, observations, actions, {.epochs = 20, .minibatch_size = 64}, random_seed{1});
///
/// Observations are rows of as many numbers as the policy reads (with the action mask behind them where there is one),
/// actions rows of as many as the environment takes. Schedules go by the share of the epochs. Where the policy
/// normalizes observations, these are added to its statistics first. A critic stays as it is, untrained:
/// `critic_warmup` lets PPO train it before it moves the policy.
///
/// Raises shape_error for sizes that do not fit, value_error for an action that is none of the policy's space,
/// not_finite_error for a number that is not finite and an action that its mask forbids; the policy is as it was then.
///
/// Source: Pomerleau 1988, "ALVINN: An autonomous land vehicle in a neural network".
template <backend B, class Policy, class Optimizer = adam>
imitation_report imitate(B& backend, Policy& policy, std::span<value_t<B> const> observations,
                         std::span<typename Policy::action const> actions, update<Optimizer> const& how = {},
                         random_seed seed = {}) {
  using T = value_t<B>;
  std::size_t const D = std::size_t(policy.observations()), width = std::size_t(policy.distribution().action_width()),
                    A = detail::has_bounded_actions<Policy> ? width / 2 : width;
  std::size_t const pairs = detail::count_pairs(observations.size(), D, actions.size(), A);
  auto require_finite = [](auto numbers, std::size_t columns, char const* what) {
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (!std::isfinite(double(numbers[i])))
        throw not_finite_error(detail::pair_text(i, columns, what) + " is " + detail::text(double(numbers[i])) +
                               ", expected a finite number");
  };
  require_finite(observations, D, "observation"), require_finite(actions, A, "action");
  auto const kept = detail::kept_actions(policy, actions, A);

  using Batch = batch<B, typename Policy::action>;
  Batch all;
  all.R = std::ptrdiff_t(pairs);
  all.observation_size = int(D), all.action_width = int(width);
  all.series = partition::lanes(all.R, 1);
  backend.assign(all.observation, observations);
  backend.assign(all.action, std::span<typename Policy::action const>(kept));
  backend.assign(all.series_of, std::span<std::int32_t const>(std::vector<std::int32_t>(pairs)));
  backend.assign(all.advantage, std::span<T const>(std::vector<T>(pairs)));
  backend.resize(all.sampler_logp, all.R);
  auto mean_loss = [&](view<T> logp) {
    policy.log_probability(backend, detail::all_numbers(policy), all.observations(),
                           all.action.matrix(all.R, all.action_width), 1, logp.reshaped(all.R, 1));
    std::vector<T> found(pairs);
    backend.download(std::span<T>(found), view<T const>(logp));
    require_finite(std::span<T const>(found), 1, "the log-probability of action");
    return -std::accumulate(found.begin(), found.end(), 0.) / double(pairs);
  };

  auto each = how;
  each.epochs = 1, each.normalize = normalization::none;
  how.check();
  any_objective<B> objective = log_likelihood{};
  learner<B, Policy, Batch> learner(backend, each, any_aggregation<B>(step_mean{}), policy, seed.value);
  imitation_report report;
  report.losses.push_back(mean_loss(all.sampler_logp.all()));
  if constexpr (requires { policy.observe(backend, all.observations()); }) {
    policy.observe(backend, all.observations());
    report.losses.back() = mean_loss(all.sampler_logp.all());
  }
  typename B::template array<T> logp;
  backend.resize(logp, all.R);
  for (int e = 0; e < how.epochs; ++e) {
    report.metrics = learner.learn(backend, objective, policy, all, double(e) / how.epochs);
    report.losses.push_back(mean_loss(logp.all()));
  }
  return report;
}

}  // namespace COHORT_NAMESPACE
