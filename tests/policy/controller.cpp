#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <limits>

#include "../catch.hpp"
#include "../support/spaces.hpp"

using namespace cohort;

namespace {

/// What act_deterministic gives for one row.
template <class Policy, std::size_t N>
auto row_of(eigen::backend& cpu, Policy& policy, std::array<float, N> const& seen) {
  std::vector<typename Policy::action> a(std::size_t(policy.distribution().action_width()));
  policy.act_deterministic(cpu, view(seen.data(), 1, std::ptrdiff_t(N)), view(a.data(), 1, std::ptrdiff_t(a.size())));
  return a;
}

}  // namespace

TEST_CASE("controller: the best action is the policy's, in plain numbers") {
  eigen::backend cpu({.threads = 1});
  SECTION("discrete") {
    classic_control::cart_pole e;
    actor_critic policy{cpu, e, {}, random_seed{3}};
    controller control{cpu, e, policy};
    static_assert(std::is_same_v<decltype(control.best(std::array{0., 0., 0., 0.})), int>);
    for (float tilt : {-.2f, -.01f, .02f, .3f}) {
      std::array const seen{0.f, .1f, tilt, -.1f};
      CHECK(control.best(seen) == row_of(cpu, policy, seen)[0]);
    }
  }
  SECTION("a box, of a bounded distribution: the environment's number, not the one that it was made of") {
    classic_control::pendulum e;
    actor policy{cpu, e, beta_distribution{}, {.policy_gain = 3}, random_seed{3}};
    controller control{cpu, e, policy};
    std::array const seen{.6f, .8f, 1.f};
    std::array<float, 1> const action = control.best(seen);
    CHECK(action[0] == row_of(cpu, policy, seen)[0]);
    CHECK(std::abs(action[0]) < 2);
  }
  SECTION("several choices") {
    actor policy{cpu, spaces::choices{}, {.policy_gain = 3}, random_seed{3}};
    controller control{cpu, spaces::choices{}, policy};
    std::array const seen{.6f, .8f};
    std::array<int, 2> const action = control.best(seen);
    auto const want = row_of(cpu, policy, seen);
    CHECK((action[0] == want[0] && action[1] == want[1]));
  }
  SECTION("with a mask") {
    actor policy{cpu, spaces::doors{}, {.policy_gain = 3}, random_seed{3}};
    controller control{cpu, spaces::doors{}, policy};
    for (int only = 0; only < 4; ++only) {
      std::array<bool, 4> mask{};
      mask[std::size_t(only)] = true;
      CHECK(control.best(std::array{.1f, .2f}, mask) == only);
      CHECK(control.act(std::array{.1f, .2f}, mask) == only);
    }
  }
}

TEST_CASE("controller: draws are those of the policy, the same for the same seed, and follow its probabilities") {
  eigen::backend cpu({.threads = 1});
  classic_control::cart_pole e;
  actor policy{cpu, e, {.policy_gain = 2}, random_seed{3}};
  controller one{cpu, e, policy, random_seed{5}}, same{cpu, e, policy, random_seed{5}};
  std::array const seen{.5f, .1f, .2f, -.1f};
  std::int32_t const right = 1;
  float logp = 0;
  policy.log_probability(cpu, policy.parameters(), view(seen.data(), 1, 4), view(&right, 1, 1), 1, view(&logp, 1, 1));
  int const draws = 4000;
  int equal = 0, rights = 0;
  for (int k = 0; k < draws; ++k) {
    int const a = one.act(seen);
    equal += a == same.act(seen), rights += a;
  }
  double const p = std::exp(double(logp)), deviation = std::sqrt(p * (1 - p) / draws);
  CHECK(equal == draws);
  CHECK(std::abs(rights / double(draws) - p) < 4 * deviation);
}

TEST_CASE("controller: an observation that is not finite is refused by its place") {
  eigen::backend cpu;
  classic_control::cart_pole e;
  actor policy{cpu, e, {}, random_seed{3}};
  controller control{cpu, e, policy};
  CHECK_THROWS_WITH(control.best(std::array{0., 0., std::numeric_limits<double>::quiet_NaN(), 0.}),
                    "controller: observation[2] is nan, expected a finite number");
  CHECK_THROWS_AS(control.act(std::array{0., 1e300, 0., 0.}), not_finite_error);
}
