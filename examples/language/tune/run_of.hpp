#pragma once
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/no_advantage.hpp>
#include <cohort/backend/eigen.hpp>
#include <cohort/kl/estimators.hpp>
#include <cohort/language/rollout/completions.hpp>
#include <cohort/language/rollout/demonstrations.hpp>
#include <cohort/language/rollout/preferences.hpp>
#include <cohort/objective/dpo.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/run/text.hpp>
#include <cohort/schedule/schedule.hpp>
#include <limits>
#include <numeric>

#include "run.hpp"

namespace tuning {

using machine = cohort::eigen::backend;

/// A run of what `Trained` trains: `policy` is its type, `made` and `write` make one and write what it has become.
template <class Rollout, class Trained>
class run_of final : public any_run {
  using optimizing = cohort::update<cohort::any_optimizer<machine>>;
  using algorithm_type = cohort::any_algorithm<machine, Rollout, optimizing>;

 public:
  run_of(settings const& s, model_source const& source, cohort::language::data_task const& task,
         algorithm_type const& parts, std::string text)
      : settings_(s),
        source_(source),
        text_(std::move(text)),
        cpu_({.threads = s.threads}),
        model_(Trained::made(cpu_, s, source)),
        run_(cpu_, parts, task, model_,
             {.steps = std::numeric_limits<std::int64_t>::max(), .updates = s.updates, .seed = s.seed}) {}

  bool step() override { return run_.step(); }
  cohort::train_report const& report() const override { return run_.report(); }
  void save(cohort::checkpoints& kept) override { kept.save(cpu_, run_); }
  bool load_newest(cohort::checkpoints& kept) override { return kept.load_newest(cpu_, run_); }
  std::string write(std::filesystem::path const& folder) override {
    return Trained::write(cpu_, model_, settings_, source_, folder);
  }
  std::vector<cohort::generated<float>> generate(std::vector<std::vector<std::int32_t>> const& prompts,
                                                 cohort::generation_options const& how,
                                                 cohort::stream_id draws) override {
    return generate_(cpu_, model_, prompts, how, draws);
  }
  double log_probability(std::vector<std::int32_t> const& prompt,
                         std::vector<std::int32_t> const& completion) override {
    std::vector<float> logp(pack(prompt, completion));
    model_.evaluate(cpu_, std::as_const(model_).parameters(), packing_, 1,
                    {{logp.data(), std::ptrdiff_t(logp.size())}, {}, {}});
    return std::accumulate(logp.begin(), logp.end(), 0.);
  }
  double score(std::vector<std::int32_t> const& prompt, std::vector<std::int32_t> const& completion) override {
    if constexpr (Trained::policy::has_critic) {
      std::vector<float> logp(pack(prompt, completion)), value(logp.size());
      auto const n = std::ptrdiff_t(logp.size());
      model_.evaluate(cpu_, std::as_const(model_).parameters(), packing_, 1, {{logp.data(), n}, {}, {value.data(), n}});
      return value.back();
    }
    return std::numeric_limits<double>::quiet_NaN();
  }
  std::string text() const override { return text_; }

 private:
  /// Their steps.
  std::size_t pack(std::vector<std::int32_t> const& prompt, std::vector<std::int32_t> const& completion) {
    packing_.clear();
    packing_.prompt(model_.options(), prompt);
    packing_.completion(model_.options(), completion);
    packing_.finish(cpu_, model_.options());
    return completion.size();
  }

  settings settings_;
  model_source const& source_;
  std::string text_;
  machine cpu_;
  typename Trained::policy model_;
  cohort::training<machine, Rollout, optimizing, cohort::language::data_task, typename Trained::policy> run_;
  cohort::generator<machine> generate_;
  cohort::token_packing<machine> packing_;
};

/// The run that the settings ask for, of these parts.
template <class Trained, class Rollout, class Advantage, class Objective>
std::unique_ptr<any_run> run_of_parts(settings const& s, model_source const& source,
                                      cohort::language::data_task const& task, Rollout const& rollout,
                                      Advantage const& advantage, Objective const& objective) {
  using namespace cohort;
  auto const parts =
      algorithm{.rollout = rollout,
                .advantage = advantage,
                .objective = objective,
                .aggregation = step_mean{},
                .update = update{.epochs = s.epochs,
                                 .minibatches = s.minibatches,
                                 .normalize = normalization::none,
                                 .optimizer = adam{.rate = linear{s.rate, s.last_rate()}, .epsilon = 1e-8},
                                 .max_gradient_norm = s.clip_norm}};
  return std::make_unique<run_of<Rollout, Trained>>(s, source, task, erased<machine>(parts), cohort::text(parts));
}

template <class Trained>
std::unique_ptr<any_run> run_with(settings const& s, model_source const& source,
                                  cohort::language::data_task const& task) {
  using namespace cohort;
  auto const made = [&](auto const& rollout, auto const& advantage, auto const& objective) {
    return run_of_parts<Trained>(s, source, task, rollout, advantage, objective);
  };
  if (s.how == method::sft) return made(demonstrations{s.prompts}, no_advantage{}, log_likelihood{});
  if (s.how == method::dpo) return made(preferences{s.prompts}, no_advantage{}, dpo{.beta = s.beta});
  completions const rollout{.prompts = s.prompts,
                            .group = s.group,
                            .max_tokens = s.max_tokens,
                            .sampler = sampler_of(s),
                            .resample = s.resample};
  clipped_ratio const clip{.epsilon = s.epsilon, .epsilon_high = s.highest_epsilon()};
  if (s.kl == 0) return made(rollout, group_relative{}, clip);
  return made(rollout, group_relative{}, clip + kl_penalty{.estimator = k3{}, .weight = s.kl});
}

}  // namespace tuning
