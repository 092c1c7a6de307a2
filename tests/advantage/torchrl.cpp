#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/monte_carlo.hpp>
#include <cohort/advantage/n_step.hpp>
#include <cohort/advantage/v_trace.hpp>
#include "../catch.hpp"
#include "../support/golden.hpp"
#include "lane_batch.hpp"

// torchrl 0.14.1's value functionals, as tests/golden/torchrl_values.py recorded them.

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
