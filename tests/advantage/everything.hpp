#pragma once
#include <cohort/advantage/clipped_advantage.hpp>
#include <cohort/advantage/clipped_reward.hpp>
#include <cohort/advantage/decoupled.hpp>
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/gigpo.hpp>
#include <cohort/advantage/gpg.hpp>
#include <cohort/advantage/group_and_value.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/kl_to_go.hpp>
#include <cohort/advantage/length_adaptive_gae.hpp>
#include <cohort/advantage/max_rl.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/opo.hpp>
#include <cohort/advantage/optimal_token_baseline.hpp>
#include <cohort/advantage/pass_at_k.hpp>
#include <cohort/advantage/remax.hpp>
#include <cohort/advantage/several_rewards.hpp>
#include <cohort/advantage/whitened.hpp>
#include "grouped.hpp"

// A batch that has all that an estimator of groups may read, and the estimators that know invalid steps.

inline double const nan_ = std::numeric_limits<double>::quiet_NaN();

/// One step of a series.
struct a_step {
  double reward, value, next_value, sampler_logp, old_logp, ref_logp, squares;
  int anchor;
  bool valid;
};
struct a_series {
  std::vector<a_step> steps;
  double greedy, accuracy, format;
};

/// Groups of series as a batch; a step that is not valid is whatever it is.
struct everything {
  std::vector<std::vector<a_series>> groups;
  bool invalid_end = false;  ///< whether invalid steps are flagged as the ends of episodes

  /// Advantages of all steps, in order, and their targets; what is not written is -99.
  template <class E>
  numbers operator()(E const& estimator) const {
    return advantage_and_target(estimator).first;
  }
  template <class E>
  std::pair<numbers, numbers> advantage_and_target(E const& estimator) const {
    grouped<double> b{{}, {}, {}};
    numbers value, next_value, sampler, old, ref, squares, greedy, scores;
    integers anchor;
    for (auto const& group : groups) {
      for (auto const& s : group) {
        for (auto const& t : s.steps) {
          b.reward.push_back(t.reward), value.push_back(t.value), next_value.push_back(t.next_value),
              sampler.push_back(t.sampler_logp);
          old.push_back(t.old_logp), ref.push_back(t.ref_logp), squares.push_back(t.squares),
              anchor.push_back(t.anchor), b.valid.push_back(t.valid);
        }
        greedy.push_back(s.greedy), scores.push_back(s.accuracy), scores.push_back(s.format);
        b.offsets.push_back(std::int32_t(b.reward.size()));
      }
      b.group_offsets.push_back(std::int32_t(b.offsets.size()) - 1);
    }
    b.terminated = b.truncated = flags(b.reward.size(), 0);
    for (std::size_t n = 1; n < b.offsets.size(); ++n) {
      auto last = std::size_t(b.offsets[n]) - 1;
      while (last > std::size_t(b.offsets[n - 1]) && !b.valid[last]) --last;  // padding stands behind the end
      b.terminated[last] = 1;
    }
    for (std::size_t i = 0; i < b.valid.size() && invalid_end; ++i)
      if (!b.valid[i]) b.terminated[i] = b.truncated[i] = 1;
    auto v = b.views();
    v.value = all(std::as_const(value)), v.next_value = all(std::as_const(next_value)),
    v.sampler_logp = all(std::as_const(sampler));
    v.old_logp = all(std::as_const(old)), v.ref_logp = all(std::as_const(ref)),
    v.sum_of_squares = all(std::as_const(squares));
    v.greedy_score = all(std::as_const(greedy)), v.anchor = all(std::as_const(anchor)), v.anchors = 4;
    v.scores = matrix(std::as_const(scores), std::ptrdiff_t(greedy.size()));
    cpu backend;
    numbers advantage(b.reward.size(), -99), target(b.reward.size(), -99);
    estimator(backend, v, {all(advantage), all(target)});
    return {advantage, target};
  }

  template <class F>
  void each_step(F f) {
    for (auto& group : groups)
      for (auto& s : group)
        for (auto& t : s.steps) f(t);
  }
  /// The advantages of the valid steps only.
  template <class E>
  numbers of_valid(E const& estimator) const {
    numbers found = (*this)(estimator), kept;
    std::size_t i = 0;
    for (auto const& group : groups)
      for (auto const& s : group)
        for (auto const& t : s.steps) {
          if (t.valid) kept.push_back(found[i]);
          ++i;
        }
    return kept;
  }
};

/// Groups of these numbers of series, of 1 to 6 steps, a third of which (but never all of a series) are not valid.
inline everything a_batch(std::vector<int> sizes, std::uint32_t which = 1) {
  auto u = uniform(4096, which, 0, 1);
  std::size_t at = 0;
  auto draw = [&](double low, double high) { return low + (high - low) * u.at(at++); };
  everything e;
  for (int size : sizes) {
    auto& group = e.groups.emplace_back();
    for (int n = 0; n < size; ++n) {
      auto& s = group.emplace_back(a_series{{}, draw(-1, 1), draw(-1, 1), draw(-1, 1)});
      int length = 1 + int(draw(0, 6)), sure = int(draw(0, length));
      for (int t = 0; t < length; ++t) {
        double old = draw(-3, -.1);
        s.steps.push_back({draw(-1, 1), draw(-1, 1), draw(-1, 1), old + draw(-.3, .3), old, old + draw(-.5, .5),
                           draw(.1, 1), int(draw(0, 4)), false});
        s.steps.back().valid = draw(0, 1) < .67 || t == sure;
      }
    }
  }
  return e;
}

/// f(name, estimator) of those that know each series by itself or by its group.
template <class F>
void each_local_estimator(F f) {
  group_relative const centered{.scale = group_scale::none};
  monte_carlo const plain{.gamma = .9, .bootstrap = false};
  f("gae", gae{.gamma = .9, .lambda = .8});
  f("length_adaptive_gae", length_adaptive_gae{.gamma = .9, .alpha = .4});
  f("decoupled", decoupled{length_adaptive_gae{.alpha = .5}, plain});
  f("monte_carlo", plain);
  f("remax", remax{.gamma = .9});
  f("group_relative", group_relative{});
  f("group_relative, discounted", group_relative{.gamma = .9});
  f("group_relative, leave one out",
    group_relative{.baseline = group_baseline::leave_one_out, .scale = group_scale::none});
  f("group_relative, process", group_relative{.by = credit::process, .gamma = .9});
  f("group_relative, step", group_relative{.by = credit::step});
  f("group_and_value", group_and_value{.mix = .3, .gamma = .9});
  f("opo", opo{});
  f("max_rl", max_rl{});
  f("best_of_group", best_of_group{});
  f("pass_at_k", pass_at_k{.k = 2, .threshold = 0});
  f("optimal_token_baseline", optimal_token_baseline{});
  f("optimal_token_baseline, importance", optimal_token_baseline{.importance = true, .limit = 1.1});
  f("weighted_rewards", weighted_rewards{.weights = {1, .5}});
  f("clipped_reward", clipped_reward{.estimator = plain, .low = -.5, .high = .5});
  f("clipped_advantage", clipped_advantage{.estimator = plain, .limit = .5});
  f("kl_in_reward, k1", kl_in_reward{centered});
  f("kl_in_reward, k2", kl_in_reward{plain, k2{}});
  f("kl_in_reward, k3", kl_in_reward{gae{}, k3{}});
  f("kl_in_reward, weighted_rewards", kl_in_reward{weighted_rewards{}});
  f("kl_in_reward, absolute_log_ratio", kl_in_reward{plain, absolute_log_ratio{}});
  f("kl_in_reward, straight_through", kl_in_reward{plain, straight_through{}});
  f("kl_in_reward, clamped", kl_in_reward{plain, clamped{}});
  f("kl_to_go, k1", kl_to_go{centered});
  f("kl_to_go, clamped k3", kl_to_go{plain, clamped{}});
}
/// And of those that look at the whole batch.
template <class F>
void each_estimator(F f) {
  each_local_estimator(f);
  group_relative const centered{.scale = group_scale::none};
  monte_carlo const plain{.gamma = .9, .bootstrap = false};
  f("gpg", gpg{});
  f("gigpo", gigpo{});
  f("group_relative, batch_std", group_relative{.scale = group_scale::batch_std});
  f("weighted_rewards, batch-wide",
    weighted_rewards{.how = {.scale = group_scale::none}, .batch_wide = standardize{}, .over = averaged_over::steps});
  f("gdpo", gdpo{});
  f("gdpo, over series", gdpo{.over = averaged_over::series});
  f("whitened", whitened{plain});
  f("whitened, over series", whitened{.estimator = plain, .over = averaged_over::series});
  f("whitened, moved", whitened{centered, standardize{.divide = false}});
}
