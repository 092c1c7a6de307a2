#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

#include "../catch.hpp"
#include "train.hpp"

using namespace cohort;

TEST_CASE("presets: each one for environments makes an update") {
  eigen::basic_backend<double> cpu;
  classic_control::cart_pole environment;
  preset::each([&](auto const& p) {
    if constexpr (small::plays<decltype(p)>()) {
      INFO(p.from.name);
      auto check = [&](auto policy) {
        std::vector<double> before(policy.parameters().data, policy.parameters().data + policy.parameters().rows);
        auto report = train(cpu, small::shrink(p()), environment, policy, {.steps = 100'000, .updates = 1, .seed = 2});
        CHECK(report.updates == 1);
        CHECK(std::isfinite(report.metrics.loss));
        CHECK(report.metrics.gradient_norm > 0);
        std::vector<double> after(policy.parameters().data, policy.parameters().data + policy.parameters().rows);
        CHECK(before != after);
        CHECK(std::all_of(after.begin(), after.end(), [](double x) { return std::isfinite(x); }));
      };
      if constexpr (requires { p().rollout.rollouts; } || requires { p().advantage.episodes; }) check(actor{cpu, environment, {.hidden = {8}}, seed{1}});
      else check(actor_critic{cpu, environment, {.hidden = {8}}, seed{1}});
    }
  });
}
