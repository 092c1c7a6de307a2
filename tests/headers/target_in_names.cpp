// A run as a user's, and all that the catalogues have; target_in_names.cmake reads the symbols.
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;

template <class... X>
std::string texts(std::tuple<X...> const& all) {
  std::string text;
  auto one = [&](auto const& x) {
    text += detail::component_text(x);
    if constexpr (requires { x.check(); }) x.check();
  };
  std::apply([&](auto const&... x) { (one(x), ...); }, all);
  return text;
}

double run() {
  eigen::backend cpu;
  classic_control::cart_pole environment;
  auto policy = actor_critic{cpu, environment, {.hidden = {16}}, random_seed{1}};
  auto hybrid = algorithm{.rollout = probes{.lanes = 8, .horizon = 32, .group = 2},
                          .advantage = hybrid_grpo{},
                          .objective = clipped_ratio{} + value_loss{} + entropy_bonus{},
                          .update = update{.optimizer = adam{.rate = linear{2e-3, 0}}}};
  train(cpu, hybrid, environment, policy, {.steps = 1'000, .seed = 1}, progress_bar{});
  return evaluate(cpu, environment, policy, 10).mean();
}

std::string components() {
  using namespace catalogue;
  return texts(std::tuple_cat(critic_estimators{}, probe_estimators{}, group_estimators{}, outer_estimators{},
                              reward_scales{}, aggregations{}, environments{}, kl_estimators{}, kl_controllers{},
                              step_objectives{}, series_objectives{}, pair_objectives{}, value_distances{}, rollouts{},
                              action_models{}, schedules{}, optimizers{}, selections{}, updates{}));
}
