#include <algorithm>
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/group_relative.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/n_step.hpp>
#include <cohort/advantage/normalize.hpp>
#include <cohort/advantage/v_trace.hpp>
#include "../catch.hpp"
#include "../support/golden.hpp"
#include "grouped.hpp"
#include "lane_batch.hpp"

// torchrl 0.14.1's value functionals and its advantages of groups, as tests/golden/torchrl_values.py and
// torchrl_groups.py recorded them.

namespace {

struct recorded {
  golden::table t = golden::read("advantage/torchrl.txt");
  lane_batch<> b{std::ptrdiff_t(row("extents")[0]),
                 std::ptrdiff_t(row("extents")[1]),
                 row("reward"),
                 row("value"),
                 row("next_value"),
                 cast<std::uint8_t>(row("terminated")),
                 cast<std::uint8_t>(row("truncated"))};
  double gamma = row("gamma_lambda")[0];

  numbers const& row(std::string const& name) const { return golden::row(t, name); }
  void same(numbers const& found, std::string const& name) const {
    CAPTURE(name);
    auto const& expected = row(name);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(close(found[i], expected[i], 1e-10, 1e-10));
  }
};

}  // namespace

TEST_CASE("torchrl: gae and TD(lambda) are gae's advantages and targets, TD(0) and TD(1) its ends", "[golden]") {
  recorded r;
  for (std::string lambda : {"0.0", "0.5", "0.9", "1.0"}) {
    auto found = estimate(gae{.gamma = r.gamma, .lambda = std::stod(lambda)}, r.b);
    r.same(found.advantage, "gae_" + lambda + "_advantage");
    r.same(found.target, "gae_" + lambda + "_target");
    r.same(found.target, "td_lambda_" + lambda);
    r.same(found.advantage, "td_lambda_" + lambda + "_advantage");
  }
  r.same(estimate(n_step{.n = 1, .gamma = r.gamma}, r.b).target, "td0");
  r.same(estimate(n_step{.n = 1, .gamma = r.gamma}, r.b).advantage, "td0_advantage");
  r.same(estimate(monte_carlo{.gamma = r.gamma}, r.b).target, "td1");
  r.same(estimate(n_step{.n = 24, .gamma = r.gamma}, r.b).advantage, "td1_advantage");
}

TEST_CASE("torchrl: reward2go", "[golden]") {
  recorded r;
  r.same(estimate(monte_carlo{.gamma = r.gamma, .bootstrap = false}, r.b).target, "reward2go");
}

TEST_CASE("torchrl: V-trace", "[golden]") {
  recorded r;
  auto view = r.b.views();
  numbers old_logp = r.row("logp"), sampler_logp = r.row("old_logp");
  view.old_logp = all(std::as_const(old_logp));
  view.sampler_logp = all(std::as_const(sampler_logp));
  auto check = [&](v_trace v, std::string const& name) {
    v.gamma = r.gamma;
    auto found = estimate(v, view);
    r.same(found.target, name + "_target");
    r.same(found.advantage, name + "_advantage");
  };
  check({}, "vtrace_1_1");
  check({.rho = 2, .c = .8, .rho_pg = 2}, "vtrace_2_0.8");
}

TEST_CASE("torchrl: MCAdvantage, of what trajectories sum up to, and of every reward for its own step", "[golden]") {
  recorded_groups g("advantage/torchrl_groups.txt");
  g.batch.valid.clear();  // it knows no mask
  group_relative how{.epsilon = 1e-6, .rule = epsilon_rule::floor};
  REQUIRE(g.distance(advantages(how, g.batch), "sum") < 1e-10);
  how.by = credit::step;
  REQUIRE(g.distance(advantages(how, g.batch), "step") < 1e-10);
  // trajectory_return "max" and "mean" are other rewards.
  how.by = credit::episode;
  auto most = g.batch, mean = g.batch;
  for (std::size_t n = 0; n + 1 < g.batch.offsets.size(); ++n) {
    auto first = g.batch.reward.begin() + g.batch.offsets[n], last = g.batch.reward.begin() + g.batch.offsets[n + 1];
    for (auto i = g.batch.offsets[n]; i < g.batch.offsets[n + 1]; ++i)
      most.reward[std::size_t(i)] = 0, mean.reward[std::size_t(i)] /= double(last - first);
    most.reward[std::size_t(g.batch.offsets[n])] = *std::max_element(first, last);
  }
  REQUIRE(g.distance(advantages(how, most), "max") < 1e-10);
  REQUIRE(g.distance(advantages(how, mean), "mean") < 1e-10);
}

TEST_CASE("torchrl: what normalizes advantages has ddof 1, and with a mask ddof 0", "[golden]") {
  recorded_groups g("advantage/torchrl_groups.txt");
  cpu backend;
  auto check = [&](standardize const& how, std::string const& name, bool masked) {
    CAPTURE(name);
    numbers x = g.row("reward");
    how(backend, all(x), masked ? all(std::as_const(g.batch.valid)) : view<std::uint8_t const>{});
    if (!masked) g.batch.valid.clear();
    REQUIRE(g.distance(x, name) < 1e-10);
    REQUIRE(g.distance(x, "gae_" + name) < 1e-10);
  };
  check({.epsilon = 0, .ddof = 0}, "normalized_valid", true);
  check({.epsilon = 0}, "normalized", false);
}
