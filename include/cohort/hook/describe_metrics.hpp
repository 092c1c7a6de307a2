#pragma once
#include <cohort/run/train_report.hpp>

namespace COHORT_NAMESPACE {

/// f(name, value) for each metric of a report, in an order that is always the same: the one list that every log is
/// written from. What there is not (a critic's variance without a critic) is NaN.
///
/// Names are those of Stable-Baselines3 2.9, of a run of a language model those of TRL 1.16 and transformers' Trainer,
/// where these log it. They mean the last minibatch here (update_metrics), there a mean over the update. clip_fraction
/// is the share of steps that the objective clips, which is TRL's clip_ratio/region_mean; SB3's counts every ratio that
/// has left the range, whatever the advantage. num_tokens are of completions alone.
template <class F>
void describe_metrics(train_report const& r, F f) {
  bool const tokens = r.completions.count > 0;
  auto const& m = r.metrics;
  auto const& c = r.completions;
  auto row = [&](char const* of_controller, char const* of_language, double value) {
    if (char const* name = tokens ? of_language : of_controller) f(name, value);
  };
  auto both = [&](char const* name, double value) { f(name, value); };
  row("time/total_timesteps", "num_tokens", double(r.steps));
  row("time/iterations", "step", double(r.updates));
  row("time/episodes", "episodes", double(r.episodes));
  both("time/time_elapsed", r.seconds);
  both("time/fps", r.seconds > 0 ? double(r.steps) / r.seconds : 0);
  both("time/collect", r.collect_seconds);
  both("time/estimate", r.estimate_seconds);
  both("time/learn", r.learn_seconds);
  row(nullptr, "step_time", r.collect_seconds + r.estimate_seconds + r.learn_seconds);
  row("rollout/ep_rew_mean", nullptr, r.mean_return);
  row(nullptr, "completions/mean_length", c.mean_length);
  row(nullptr, "completions/min_length", c.min_length);
  row(nullptr, "completions/max_length", c.max_length);
  row(nullptr, "completions/clipped_ratio", c.clipped_ratio);
  if (c.groups > 0) {
    both("reward", c.reward);
    both("reward_std", c.reward_std);
    both("frac_reward_zero_std", c.frac_reward_zero_std);
    both("groups_left_out", c.left_out);
  }
  row("train/loss", "loss", m.loss);
  row("train/value_loss", "value_loss", m.value_loss);
  row("train/explained_variance", "explained_variance", r.explained_variance);
  row("train/entropy_loss", "entropy", tokens ? m.entropy : -m.entropy);
  row("train/approx_kl", "approx_kl", m.approximate_kl);
  row("train/reference_kl", "kl", m.reference_kl);
  row("train/kl_weight", "kl_weight", m.kl_weight);
  row("train/clip_fraction", "clip_ratio/region_mean", m.clip_low + m.clip_high);
  both("clip_ratio/low_mean", m.clip_low);
  both("clip_ratio/high_mean", m.clip_high);
  both("ratio/mean", m.ratio_mean);
  both("ratio/min", m.ratio_min);
  both("ratio/max", m.ratio_max);
  row("train/effective_sample_size", "effective_sample_size", m.effective_sample_size);
  row("train/grad_norm", "grad_norm", m.gradient_norm);
  row("train/learning_rate", "learning_rate", m.learning_rate);
  row("train/optimizer_steps", "optimizer_steps", m.optimizer_steps);
  row("train/skipped_steps", "skipped_steps", double(r.skipped_steps));
}

}  // namespace COHORT_NAMESPACE
