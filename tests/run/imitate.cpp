#include <array>
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <limits>
#include <vector>

#include "../catch.hpp"
#include "../support/parameters.hpp"

using namespace cohort;
using Catch::Matchers::Message;
using support::parameters_of;

namespace {

using machine = eigen::basic_backend<double>;

struct three_doors {
  struct state {
    int step = 0;
  };
  static constexpr discrete actions{3};
  static constexpr box<2> observations{{-9, -9}, {9, 9}};
  int max_episode_steps = 4;
  state reset(random_stream&) const { return {}; }
  outcome step(state&, int) const { return {}; }
  std::array<float, 2> observe(state const&) const { return {}; }
};
struct dial {
  struct state {
    int step = 0;
  };
  static constexpr box<1> actions{{-2}, {6}};
  static constexpr box<1> observations{{-9}, {9}};
  int max_episode_steps = 4;
  state reset(random_stream&) const { return {}; }
  outcome step(state&, std::array<float, 1> const&) const { return {}; }
  std::array<float, 1> observe(state const&) const { return {}; }
};

std::vector<double> const seen{.5, -1, 2, .25, -.75, 1.5, 0, 3};
std::vector<std::int32_t> const taken{0, 2, 1, 2};

/// Of p = softmax(W'x + b) with weights inputs x outputs: mean of -log p_a and its gradient, (p - [a]) x.
struct by_hand {
  double loss = 0;
  std::vector<double> gradient = std::vector<double>(9);
  explicit by_hand(std::vector<double> const& w) {
    for (std::size_t i = 0; i < taken.size(); ++i) {
      double const x[] = {seen[2 * i], seen[2 * i + 1], 1};
      double e[3], sum = 0;
      for (std::size_t a = 0; a < 3; ++a) sum += e[a] = std::exp(x[0] * w[a] + x[1] * w[3 + a] + w[6 + a]);
      loss -= std::log(e[taken[i]] / sum) / 4;
      for (std::size_t a = 0; a < 3; ++a)
        for (std::size_t d = 0; d < 3; ++d) gradient[3 * d + a] += (e[a] / sum - (int(a) == taken[i])) * x[d] / 4;
    }
  }
};

}  // namespace

TEST_CASE("imitate: a step of a linear categorical policy is the closed form's, and so are the losses") {
  machine cpu;
  actor policy{cpu, three_doors{}, {.hidden = {}, .policy_gain = 1}, random_seed{1}};
  auto expected = parameters_of(policy);
  REQUIRE(expected.size() == 9);
  auto const report = imitate(cpu, policy, seen, taken, update{.epochs = 3, .optimizer = sgd{.rate = .5}});
  REQUIRE(report.losses.size() == 4);
  for (std::size_t e = 0; e < 3; ++e) {
    by_hand const here(expected);
    CHECK(std::abs(report.losses[e] - here.loss) < 1e-12);
    for (std::size_t k = 0; k < 9; ++k) expected[k] -= .5 * here.gradient[k];
  }
  CHECK(std::abs(report.losses[3] - by_hand(expected).loss) < 1e-12);
  auto const now = parameters_of(policy);
  for (std::size_t k = 0; k < 9; ++k) CHECK(std::abs(now[k] - expected[k]) < 1e-12);
}

TEST_CASE(
    "imitate: a Gaussian finds the regression line and the residuals' deviation; a bounded number keeps its place") {
  machine cpu;
  std::vector<double> const x{-1, 0, 1, 2}, a{-1.9, .1, 1.9, 4.1};
  actor gaussian{cpu, dial{}, {.hidden = {}}, random_seed{1}};
  imitate(cpu, gaussian, x, a, update{.epochs = 4000, .optimizer = adam{.rate = linear{.05, 0}}});
  auto const p =
      parameters_of(gaussian);  // slope 1.98, intercept .06, residuals' squares .014 + .014... by least squares
  double squares = 0;
  for (std::size_t i = 0; i < 4; ++i) squares += std::pow(a[i] - 1.98 * x[i] - .06, 2) / 4;
  CHECK(std::abs(p[0] - 1.98) < 1e-3);
  CHECK(std::abs(p[1] - .06) < 1e-3);
  CHECK(std::abs(p[2] - .5 * std::log(squares)) < 1e-3);

  actor_critic bounded{cpu, dial{}, tanh_gaussian{}, {.hidden = {}}, random_seed{1}};
  auto const before = parameters_of(bounded);
  auto const report =
      imitate(cpu, bounded, std::vector{0.}, std::vector{5.}, update{.epochs = 300, .optimizer = adam{.rate = .05}});
  std::vector<double> mode(2);
  double const nothing[1] = {0};
  bounded.act_deterministic(cpu, view<double const>(nothing, 1, 1), view<double>(mode.data(), 1, 2));
  CHECK(std::abs(mode[0] - 5) < .05);
  CHECK(std::abs(std::tanh(mode[1]) - .75) < .01);
  CHECK(std::isfinite(report.losses[0]));
  auto const after = parameters_of(bounded);
  CHECK(std::vector(after.end() - 2, after.end()) == std::vector(before.end() - 2, before.end()));  // the critic
  CHECK(std::isfinite(imitate(cpu, bounded, std::vector{0., 1.}, std::vector{-2., 6.}).losses.back()));
}

TEST_CASE("imitate: the statistics of a policy that normalizes are those of the observations") {
  machine cpu;
  actor policy{cpu, three_doors{}, {.hidden = {4}, .normalize_observations = running_normalization{.prior = 0}}};
  imitate(cpu, policy, seen, taken, {.epochs = 1});
  CHECK(policy.observed().count() == 4);
  CHECK(std::abs(policy.observed().mean(0) - .4375) < 1e-12);
}

TEST_CASE("imitate: pairs that do not fit are refused, and leave the policy as it was") {
  machine cpu;
  actor policy{cpu, three_doors{}, {.hidden = {4}, .normalize_observations = running_normalization{}}, random_seed{1}};
  actor on_dial{cpu, dial{}, {.hidden = {4}}, random_seed{1}};
  auto const before = parameters_of(policy);
  auto refuses = [&]<class Error>(Error*, std::vector<double> o, std::vector<std::int32_t> a, std::string const& what) {
    CHECK_THROWS_MATCHES(imitate(cpu, policy, o, a), Error, Message("imitate: " + what));
  };
  double const nan = std::numeric_limits<double>::quiet_NaN();
  refuses((shape_error*)nullptr, {}, {},
          "there are 0 numbers of observations, expected one row or more of the 2 that the policy reads");
  refuses((shape_error*)nullptr, {1, 2, 3}, {1},
          "there are 3 numbers of observations, expected one row or more of the 2 that the policy reads");
  refuses((shape_error*)nullptr, seen, {1, 2}, "there are 2 numbers of actions, expected 1 for each of 4 observations");
  refuses((value_error*)nullptr, seen, {0, 1, 3, 0}, "number 0 of action 2 is 3, expected one from 0 to 2");
  refuses((value_error*)nullptr, seen, {0, -1, 2, 0}, "number 0 of action 1 is -1, expected one from 0 to 2");
  refuses((not_finite_error*)nullptr, {0, 0, 0, nan}, {0, 1},
          "number 1 of observation 1 is nan, expected a finite number");
  CHECK_THROWS_MATCHES(
      imitate(cpu, on_dial, std::vector{0.}, std::vector{6.5}), value_error,
      Message("imitate: number 0 of action 0 is 6.5, expected one from -2 to 6 (clamp it, as the environment does)"));
  CHECK_THROWS_MATCHES(imitate(cpu, on_dial, std::vector{0.}, std::vector{nan}), not_finite_error,
                       Message("imitate: number 0 of action 0 is nan, expected a finite number"));
  CHECK_THROWS_AS(imitate(cpu, policy, seen, taken, {.epochs = 0}), value_error);
  CHECK(parameters_of(policy) == before);
  CHECK(policy.observed().count() < 1);
}
