#include "../support/spaces.hpp"
#include <cohort/backend/eigen.hpp>
#include <cohort/policy/actor.hpp>
#include <cohort/policy/actor_critic.hpp>
#include "../catch.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

struct open : spaces::numbers {
  static constexpr box<2> actions{{-1, -std::numeric_limits<double>::infinity()}, {1, 1}};
};

}  // namespace

TEST_CASE(
    "policy: an environment's actions say what they are drawn from, unless a distribution is chosen for its box") {
  eigen::backend cpu;
  auto choices = actor_critic{cpu, spaces::choices{}, {.hidden = {8}}, random_seed{1}};
  auto bits = actor{cpu, spaces::bits{}, {.hidden = {8}}};
  auto plain = actor_critic{cpu, spaces::numbers{}};
  auto wide = actor_critic{cpu, spaces::numbers{}, state_dependent_gaussian{}, {.hidden = {8}}, random_seed{1}};
  auto squashed = actor{cpu, spaces::numbers{}, tanh_gaussian{{.low = -5}}, {.hidden = {8}}};
  auto humped = actor_critic{cpu, spaces::numbers{}, beta_distribution{}};
  STATIC_REQUIRE(std::is_same_v<decltype(choices), actor_critic<eigen::backend, multi_categorical<2>>>);
  STATIC_REQUIRE(std::is_same_v<decltype(bits), actor<eigen::backend, independent<bernoulli, float, 3>>>);
  STATIC_REQUIRE(std::is_same_v<decltype(plain), actor_critic<eigen::backend, diagonal_gaussian<float>>>);
  STATIC_REQUIRE(
      std::is_same_v<decltype(wide), actor_critic<eigen::backend, independent<state_dependent_gaussian, float, 2>>>);
  STATIC_REQUIRE(std::is_same_v<decltype(squashed), actor<eigen::backend, independent<tanh_gaussian, float, 2>>>);
  STATIC_REQUIRE(
      std::is_same_v<decltype(humped), actor_critic<eigen::backend, independent<beta_distribution, float, 2>>>);
  REQUIRE(choices.distribution().n == std::array{3, 2});
  REQUIRE(choices.distribution().parameters() == 5);
  REQUIRE(squashed.distribution().model.low == -5);
  REQUIRE(humped.distribution().low == std::array{-2., 0.});
  REQUIRE(humped.distribution().high == std::array{2., 1.});
  REQUIRE(wide.parameters().rows == (2 + 1) * 8 + (8 + 1) * 4 + (2 + 1) * 8 + (8 + 1));
}

TEST_CASE("policy: a single number of hidden units is one layer") {
  eigen::backend cpu;
  auto hidden = [&](network_options const& o) { return actor{cpu, spaces::choices{}, o}.parameters().rows; };
  STATIC_REQUIRE(!std::is_convertible_v<double, hidden_layers>);
  REQUIRE(hidden({.hidden = 7}) == (2 + 1) * 7 + (7 + 1) * 5);
  REQUIRE(hidden({.hidden = {7}}) == (2 + 1) * 7 + (7 + 1) * 5);
  REQUIRE(hidden({.hidden = {7, 3}}) == (2 + 1) * 7 + (7 + 1) * 3 + (3 + 1) * 5);
  REQUIRE(hidden({.hidden = {}}) == (2 + 1) * 5);
  REQUIRE(hidden({.hidden = std::vector<int>(2, 3)}) == (2 + 1) * 3 + (3 + 1) * 3 + (3 + 1) * 5);
}

TEST_CASE("policy: a deviation that is the network's starts where network_options says") {
  eigen::basic_backend<double> cpu;
  std::vector<double> x{.3, -.2}, rows(4);
  auto described = [&](auto const& model, network_options const& o) {
    auto p = actor{cpu, spaces::numbers{}, model, o, random_seed{1}};
    p.distribution_rows(cpu, std::as_const(p).parameters(), view<double const>(x.data(), 1, 2),
                        view<double>(rows.data(), 1, 4));
    return model.log_std(real<double>(rows[2])).value;
  };
  network_options o{.hidden = {8}, .policy_gain = 1e-9, .log_std = -.5};
  for (auto b : {log_std_bound::none, log_std_bound::clamp, log_std_bound::tanh}) {
    state_dependent_gaussian m{.bound = b, .low = -5, .high = 2};
    REQUIRE(std::abs(described(m, o) + .5) < 1e-7);
    REQUIRE(std::abs(described(tanh_gaussian{m}, o) + .5) < 1e-7);
  }
  o.log_std = 7;
  REQUIRE(std::abs(described(state_dependent_gaussian{.high = 1}, o) - 1) < 1e-7);
}

TEST_CASE("policy: a bounded distribution of a box without bounds is refused") {
  eigen::backend cpu;
  REQUIRE_THROWS_WITH((actor{cpu, open{}, beta_distribution{}, {.hidden = {8}}, random_seed{1}}),
                      ContainsSubstring("number 1 of an action lies between -inf and 1"));
}
