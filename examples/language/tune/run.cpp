#include "run.hpp"

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

namespace tuning {

namespace {

using namespace cohort;
using machine = eigen::backend;
using policy = language_model<machine>;

template <class Rollout>
class run_of final : public any_run {
  using algorithm_type = any_algorithm<machine, Rollout, update<any_optimizer<machine>>>;

 public:
  run_of(settings const& s, model_source const& source, language::data_task const& task, algorithm_type const& parts,
         std::string text)
      : text_(std::move(text)),
        cpu_({.threads = s.threads}),
        model_(cpu_, source.options(), random_seed{}, {.initial_std = 0, .rows_per_pass = s.rows}),
        run_(cpu_, parts, task, read(source),
             {.steps = std::numeric_limits<std::int64_t>::max(), .updates = s.updates, .seed = s.seed}) {}

  bool step() override { return run_.step(); }
  train_report const& report() const override { return run_.report(); }
  void save(checkpoints& kept) override { kept.save(cpu_, run_); }
  bool load_newest(checkpoints& kept) override { return kept.load_newest(cpu_, run_); }
  std::span<float const> parameters() override {
    return {model_.parameters().data, std::size_t(model_.parameters().size())};
  }
  std::vector<generated<float>> generate(std::vector<std::vector<std::int32_t>> const& prompts,
                                         generation_options const& how, stream_id draws) override {
    return generate_(cpu_, model_, prompts, how, draws);
  }
  double log_probability(std::vector<std::int32_t> const& prompt,
                         std::vector<std::int32_t> const& completion) override {
    packing_.clear();
    packing_.prompt(model_.options(), prompt);
    packing_.completion(model_.options(), completion);
    packing_.finish(cpu_, model_.options());
    std::vector<float> logp(completion.size());
    model_.evaluate(cpu_, std::as_const(model_).parameters(), packing_, 1,
                    {{logp.data(), std::ptrdiff_t(logp.size())}, {}, {}});
    return std::accumulate(logp.begin(), logp.end(), 0.);
  }
  std::string text() const override { return text_; }

 private:
  policy& read(model_source const& source) {
    source.read({model_.parameters().data, std::size_t(model_.parameters().size())});
    return model_;
  }

  std::string text_;
  machine cpu_;
  policy model_;
  training<machine, Rollout, update<any_optimizer<machine>>, language::data_task, policy> run_;
  generator<machine> generate_;
  token_packing<machine> packing_;
};

auto update_of(settings const& s) {
  return update{.epochs = s.epochs,
                .minibatches = s.minibatches,
                .normalize = normalization::none,
                .optimizer = adam{.rate = linear{s.rate, s.last_rate()}, .epsilon = 1e-8},
                .max_gradient_norm = s.clip_norm};
}

template <class Rollout, class Advantage, class Objective>
std::unique_ptr<any_run> made(settings const& s, model_source const& source, language::data_task const& task,
                              Rollout const& rollout, Advantage const& advantage, Objective const& objective) {
  auto const parts = algorithm{.rollout = rollout,
                               .advantage = advantage,
                               .objective = objective,
                               .aggregation = step_mean{},
                               .update = update_of(s)};
  return std::make_unique<run_of<Rollout>>(s, source, task, erased<machine>(parts), text(parts));
}

}  // namespace

token_sampler sampler_of(settings const& s) {
  return {.temperature = s.temperature, .top_k = s.top_k, .top_p = s.top_p};
}

std::unique_ptr<any_run> make_run(settings const& s, model_source const& source, language::data_task const& task) {
  if (s.how == method::sft) return made(s, source, task, demonstrations{s.prompts}, no_advantage{}, log_likelihood{});
  if (s.how == method::dpo) return made(s, source, task, preferences{s.prompts}, no_advantage{}, dpo{.beta = s.beta});
  completions const rollout{.prompts = s.prompts,
                            .group = s.group,
                            .max_tokens = s.max_tokens,
                            .sampler = sampler_of(s),
                            .resample = s.resample};
  clipped_ratio const clip{.epsilon = s.epsilon, .epsilon_high = s.highest_epsilon()};
  if (s.kl == 0) return made(s, source, task, rollout, group_relative{}, clip);
  return made(s, source, task, rollout, group_relative{}, clip + kl_penalty{.estimator = k3{}, .weight = s.kl});
}

}  // namespace tuning
