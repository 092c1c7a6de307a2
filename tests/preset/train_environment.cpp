#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

#include "train.hpp"

using namespace cohort;

TEST_CASE("presets: each one for environments makes an update") {
  eigen::basic_backend<double> cpu;
  classic_control::cart_pole environment;
  preset::each([&](auto const& p) {
    if constexpr (small::plays<decltype(p)>()) {
      auto check = [&](auto policy) {
        small::check_update(cpu, p, environment, policy, {.steps = 100'000, .updates = 1, .seed = 2});
      };
      if constexpr (requires { p().rollout.rollouts; } || requires { p().advantage.episodes; })
        check(actor{cpu, environment, {.hidden = {8}}, random_seed{1}});
      else check(actor_critic{cpu, environment, {.hidden = {8}}, random_seed{1}});
    }
  });
}
