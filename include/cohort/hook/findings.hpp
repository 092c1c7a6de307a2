#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/error.hpp>
#include <cohort/hook/run_history.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// What is wrong with a run: a name (docs/troubleshooting.md lists them), and a sentence with the numbers that show it
/// and what to change.
struct finding {
  std::string name, text;
};

/// From which numbers on something is wrong. "Healthy" are the 13 runs of docs/troubleshooting.md that learn.
struct finding_limits {
  std::int64_t updates = 20;     ///< fewer are too few to judge by
  double rise = .1;              ///< of the returns from their first to their last tenth, as a share of their size
  double sure_rise = .5;         ///< the same, where updates are few and so are the episodes that a mean is of
  double equal_groups = .9;      ///< share of groups without a difference, which teach nothing
  double kl = .1;                ///< of an update, median; healthy: .001 to .021, and target_kl is .01 to .05 elsewhere
  double clipped = .4;           ///< share of the steps, median; healthy: .016 to .14
  double moved = .05;            ///< share of the probability that all updates together may have moved: by Pinsker's
                                 ///< inequality no more than the sum of sqrt(KL / 2)
  double gradient = 1e-6;        ///< norm: a tenth of Adam's epsilon, so that steps are under a tenth of the rate
  double over_norm = 1000;       ///< norm over max_gradient_norm, median; healthy: up to 56
  double explained = .01;        ///< share of the variance, of which a constant explains 0; healthy: .86 and more
  double entropy = .1;           ///< share of its start (or ln 10 nats less than one that is not positive)
  double observation = 10;       ///< root mean square: hidden units of weights of order 1 are saturated by then
  double small_deviation = .01;  ///< of numbers below .1, as MountainCar's velocity, which has to be normalized
  double box = 20;               ///< width of a box over the deviation of the actions
  double outside = .5;           ///< share of the actions that are beyond the box, and clamped to its edge
};

namespace detail {

using found_text = std::string;  // empty where nothing is wrong

inline std::string percent(double share) { return text(std::round(1000 * share) / 10) + "%"; }
inline std::string brief(double x) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", x);
  return buffer;
}

struct rules {
  run_history const& run;
  finding_limits const& limits;

  train_report const& last() const { return run.reports.back(); }
  std::string updates() const { return std::to_string(run.size()) + " updates"; }
  bool long_enough() const { return std::int64_t(run.size()) >= limits.updates; }
  bool stagnates() const { return run.rise() <= limits.rise; }  // and neither where no return is known
  bool of_language() const { return last().completions.count > 0; }

  found_text few_updates() const {
    if (long_enough() || run.rise() > limits.sure_rise) return {};
    return "there were only " + updates() + ", in " + std::to_string(last().steps) +
           " steps: take more steps, or smaller rollouts (count, horizon)";
  }
  found_text no_episode() const {
    if (last().episodes > 0 || of_language()) return {};
    return "no episode ended in " + std::to_string(last().steps) +
           " steps, so that no return is known: give the environment an end (max_episode_steps, time_limit) or the run "
           "more steps";
  }
  found_text learning_rate_zero() const {
    double const zero = run.share([](auto const& r) { return r.metrics.learning_rate == 0; });
    if (zero < .5) return {};
    return "the learning rate is 0 in " + percent(zero) +
           " of the updates, which change nothing: look at the schedule of the optimizer's rate";
  }
  found_text skipped_steps() const {
    if (last().skipped_steps == 0) return {};
    return std::to_string(last().skipped_steps) +
           " optimizer steps were left out since something was not finite: lower the learning rate, set "
           "max_gradient_norm, and look for rewards or observations that are very large";
  }
  found_text constant_returns() const {
    double const equal = run.median(
        [](auto const& r) { return r.completions.groups > 0 ? r.completions.frac_reward_zero_std : std::nan(""); });
    if (equal >= limits.equal_groups)
      return "in " + percent(equal) +
             " of the groups all returns are equal, which gives no advantage: larger groups, easier starts, or rewards "
             "on the way";
    auto const all = run.returns();
    if (!long_enough() || all.empty() || last().episodes < limits.updates || of_language()) return {};
    auto const [low, high] = std::minmax_element(all.begin(), all.end());
    if (*high - *low > 1e-6 * std::max(std::abs(*low), std::abs(*high))) return {};
    return "each of " + std::to_string(last().episodes) + " episodes returned " + brief(*high) +
           ": no reward tells one action from another; reward what leads there, begin nearer to it, or explore more "
           "(entropy_bonus)";
  }
  found_text large_steps() const {
    double const kl = run.median([](auto const& r) { return r.metrics.approximate_kl; }),
                 clipped = run.median([](auto const& r) { return r.metrics.clip_low + r.metrics.clip_high; });
    if (!(kl > limits.kl || clipped > limits.clipped)) return {};
    return "an update moves the policy by a KL of " + brief(kl) + " and ends with " + percent(clipped) +
           " of the steps clipped (medians), where about .01 and 10% are usual: lower the learning rate, take fewer "
           "epochs, or set target_kl = .02";
  }
  found_text small_steps() const {
    double moved = 0;
    for (auto const& r : run.reports) moved += std::sqrt(std::max(0., r.metrics.approximate_kl) / 2);
    double const steps = run.median([](auto const& r) { return r.metrics.optimizer_steps; });
    if (moved >= limits.moved || !(steps > 1)) return {};
    return "all " + updates() + " together can have moved no more than " + percent(moved) +
           " of the actions' probability (by their KL): raise the learning rate, or take more epochs";
  }
  found_text vanishing_gradient() const {
    double const norm = run.median([](auto const& r) { return r.metrics.gradient_norm; }),
                 kept = std::min(norm, run.max_gradient_norm);
    if (!(kept < limits.gradient)) return {};
    return "the gradient's norm is " + brief(norm) + (norm > kept ? ", clipped to " + brief(kept) : "") +
           " (median), below Adam's epsilon of 1e-5, so that hardly a step is taken: are advantages 0, units "
           "saturated, or is max_gradient_norm too small?";
  }
  found_text clipped_gradient() const {
    double const norm = run.median([](auto const& r) { return r.metrics.gradient_norm; });
    if (!(norm > limits.over_norm * run.max_gradient_norm && run.max_gradient_norm >= limits.gradient)) return {};
    return "the gradient's norm is " + brief(norm) + " (median), of which max_gradient_norm leaves " +
           brief(run.max_gradient_norm) +
           ": little of the policy's part is left beside the critic's; scale the rewards (reward = "
           "running_reward_scale) or weigh value_loss less";
  }
  found_text critic_explains_nothing() const {
    double const explained = run.median([](auto const& r) { return r.explained_variance; }, run.size() / 2),
                 squares = run.median([](auto const& r) { return r.metrics.value_loss; }, run.size() / 2);
    if (!long_enough() || !(explained <= limits.explained) || !stagnates()) return {};
    return "the critic explains " + percent(explained) +
           " of the returns' variance in the second half of the run (median), where a constant would explain 0%, and "
           "is off by " +
           brief(std::sqrt(squares)) +
           ": scale the rewards (reward = running_reward_scale), lower gamma, or let it learn faster";
  }

  double entropy(train_report const& r) const { return r.metrics.entropy; }
  /// At the start, or of the first update where it is not 0: while a critic warms up there is none.
  double first_entropy() const {
    if (run.first_entropy == run.first_entropy) return run.first_entropy;
    for (auto const& r : run.reports)
      if (entropy(r) != 0) return entropy(r);
    return 0;
  }
  found_text entropy_collapsed() const {
    double const start = first_entropy(), least = start > 0 ? limits.entropy * start : start - std::log(10.);
    if (!long_enough() || start == 0 || !stagnates()) return {};
    bool begun = false;
    for (std::size_t i = 0; i < run.size() / 2; ++i) {
      double const now = entropy(run.reports[i]);
      begun = begun || now != 0;
      if (begun && now < least)
        return "the entropy fell from " + brief(start) + " to " + brief(now) + " within " + std::to_string(i + 1) +
               " of " + updates() +
               ", and the returns did not rise: lower the learning rate, add or raise entropy_bonus, or set target_kl";
    }
    return {};
  }
  found_text entropy_stays() const {
    double const start = first_entropy(), end = entropy(last());
    if (!long_enough() || start == 0 || !stagnates() || end < start - .02 * std::abs(start)) return {};
    return "the entropy is " + brief(end) + " after " + updates() + ", and was " + brief(start) +
           " at first: the policy is as random as it was, and the returns did not rise; lower entropy_bonus, or raise "
           "the learning rate";
  }

  std::string named(char const* what, std::size_t d, space_values const& of) const {
    return std::string(what) + "[" + std::to_string(d) + "]" +
           (d < of.names.size() && of.kind == "box" ? " (" + of.names[d] + ")" : "");
  }
  found_text observation_scale() const {
    if (run.normalizes) return {};
    for (std::size_t d = 0; d < run.observations.size(); ++d) {
      auto const& x = run.observations[d];
      bool const large = std::hypot(x.mean, x.deviation) > limits.observation,
                 small = x.deviation > 0 && x.deviation < limits.small_deviation && x.largest < .1;
      if (large || small)
        return named("observation", d, run.spaces.observations) + " is " + brief(x.mean) + " +- " + brief(x.deviation) +
               ", far from the unit scale that a network reads best: normalize_observations = running_normalization{}, "
               "or scale it in the environment";
    }
    return {};
  }
  found_text action_box() const {
    auto const& box = run.spaces.actions;
    for (std::size_t d = 0; d < run.actions.size() && d < box.low.size(); ++d) {
      auto const& a = run.actions[d];
      double const width = box.high[d] - box.low[d];
      bool const wide = std::isfinite(width) && width > limits.box * a.deviation;
      if (!(width > 0 && (wide || a.outside > limits.outside))) continue;
      return named("action", d, box) + " may be from " + brief(box.low[d]) + " to " + brief(box.high[d]) +
             ", and the first policy's are " + brief(a.mean) + " +- " + brief(a.deviation) +
             (wide ? "" : ", " + percent(a.outside) + " of them outside") +
             ": use tanh_gaussian or beta_distribution, whose actions are the box's, or action_rescale";
    }
    return {};
  }
  found_text evaluation_below_training() const {
    for (auto const& r : run.reports) {
      if (r.updates != run.evaluated || !(run.evaluation_mean == run.evaluation_mean)) continue;
      double const below = r.mean_return - run.evaluation_mean;
      if (below > std::max(.5 * std::abs(r.mean_return), run.evaluation_deviation))
        return "the most probable actions return " + brief(run.evaluation_mean) + " where training's draws return " +
               brief(r.mean_return) + " (update " + std::to_string(r.updates) +
               "): the policy lives by its randomness, or the environment of the evaluation is another one";
    }
    return {};
  }
};

}  // namespace detail

/// Everything that is found wrong, what is a cause before what follows from it.
inline std::vector<finding> findings_of(run_history const& run, finding_limits const& limits = {}) {
  if (run.size() == 0) return {{"few_updates", "there was no update: give the run more steps, or smaller rollouts"}};
  detail::rules const r{run, limits};
  std::vector<finding> all;
  auto add = [&](char const* name, std::string text) {
    bool const wrong = !text.empty();
    if (wrong) all.push_back({name, std::move(text)});
    return wrong;
  };
  add("few_updates", r.few_updates());
  add("no_episode", r.no_episode());
  add("skipped_steps", r.skipped_steps());
  add("observation_scale", r.observation_scale());
  add("action_box", r.action_box());
  add("large_steps", r.large_steps());
  add("clipped_gradient", r.clipped_gradient());
  bool still = add("learning_rate_zero", r.learning_rate_zero());
  still = add("constant_returns", r.constant_returns()) || still;
  still = still || add("vanishing_gradient", r.vanishing_gradient()) || add("small_steps", r.small_steps());
  if (still) return all;
  add("critic_explains_nothing", r.critic_explains_nothing());
  add("entropy_stays", r.entropy_stays());
  add("entropy_collapsed", r.entropy_collapsed());
  add("evaluation_below_training", r.evaluation_below_training());
  return all;
}

}  // namespace COHORT_NAMESPACE
