// Everything at work for compilers that warn of what changes a number or hides a name.
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/compare.hpp>
#include <cohort/language.hpp>
#include <cohort/picture/film_gif.hpp>
#include <cohort/picture/known.hpp>
#include <cohort/picture/svg.hpp>
#include <cohort/picture/terminal.hpp>
#include <cohort/presets.hpp>
#include <cohort/statistics.hpp>
#include <cohort/update/all.hpp>
#if __has_include(<nlohmann/json.hpp>) && __has_include(<re2/re2.h>) && __has_include(<pcre2.h>)
#include <cohort/checkpoint.hpp>
#include <cohort/deploy/export_header.hpp>
#include <cohort/deploy/export_onnx.hpp>
#include <cohort/deploy/load_onnx.hpp>
#include <cohort/language/files/model_files.hpp>
#include <cohort/language/reward/format.hpp>
#include <cohort/language/tokenizer/tokenizer.hpp>
#endif
#include "../support/spaces.hpp"

using namespace cohort;

namespace {

template <class F, class... X>
void each(std::tuple<X...> const& all, F f) {
  std::apply([&](auto const&... x) { (f(x), ...); }, all);
}

void components() {
  using B = eigen::backend;
  any_objective<B> all = clipped_ratio{} + value_loss{} + entropy_bonus{.weight = linear{.1, 0}} + kl_penalty{};
  each(catalogue::step_objectives{}, [&](auto const& o) { all = o; });
  each(catalogue::series_objectives{}, [&](auto const& o) { all = o; });
  each(catalogue::pair_objectives{}, [&](auto const& o) { all = o; });
  each(catalogue::selections{}, [&](auto const& s) { all = weighted(s, clipped_ratio{}); });
  auto estimate = [](auto const& a) { return any_estimator<B>(a); };
  each(catalogue::critic_estimators{}, estimate), each(catalogue::probe_estimators{}, estimate);
  each(catalogue::group_estimators{}, estimate), each(catalogue::outer_estimators{}, estimate);
  each(catalogue::aggregations{}, [](auto const& a) { return any_aggregation<B>(a); });
  each(catalogue::optimizers{}, [](auto const& o) { return any_optimizer<B>(o); });
  each(catalogue::reward_scales{}, [](auto const& r) { return any_reward_scale<B>(r); });
}

template <class B, class E, class Rollout, class Update, class... Model>
void trains(E const& environment, Rollout const& rollout, Update const& update, Model const&... model) {
  B backend;
  auto policy = actor_critic{backend, environment, model..., {.hidden = 8}, random_seed{1}};
  algorithm how{.rollout = rollout, .objective = clipped_ratio{} + value_loss{}, .update = update};
  train(backend, how, environment, policy, {.steps = 1'000}, progress_bar{}, moving_average{backend});
  training run{backend, how, environment, policy, {.steps = 1'000}};
  copy_in(backend, run, copy_out(backend, run));
  evaluate(backend, environment, policy, 3);
}

void files() {
#if __has_include(<nlohmann/json.hpp>) && __has_include(<re2/re2.h>) && __has_include(<pcre2.h>)
  eigen::backend backend;
  classic_control::cart_pole const environment;
  auto policy = load_onnx<actor_critic>(backend, environment, "policy.onnx", {.output = "logits"});
  export_onnx(backend, policy, "controller.onnx");
  export_header(backend, policy, "controller.hpp");
#endif
}

}  // namespace

int main() {
  components(), files();
  trains<eigen::backend>(classic_control::cart_pole{}, lanes{}, update{.optimizer = rmsprop{}});
  trains<eigen::backend>(spaces::bits{}, groups{}, critic_warmup{});
  trains<eigen::backend>(classic_control::pendulum{}, probes{}, trust_region{}, beta_distribution{});
  trains<eigen::basic_backend<double>>(spaces::numbers{}, lanes{}, update{.optimizer = adamw{}}, gsde{});
  trains<eigen::backend>(spaces::doors{}, vine{}, update{.optimizer = muon{}});
}
