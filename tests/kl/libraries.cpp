#include <cohort/kl/controller.hpp>
#include <cohort/kl/estimators.hpp>
#include "../catch.hpp"
#include "../support/golden.hpp"
#include "../support/scalars.hpp"

// What verl 0.9.1 and OpenRLHF 0.11.2 compute, as tests/golden/verl_core.py and openrlhf_advantages.py recorded it.

using namespace cohort;
using arrays::close;
using scalars::plain;

namespace {

using d = dual<plain, 1>;

/// Values and, where `slopes`, derivatives; at the ends of a clamp, where torch's is 0 and ours passes, only values.
template <class K>
void same(golden::table const& t, std::string const& name, K const& k, double edge) {
  auto const &x = golden::row(t, "d"), &value = golden::row(t, name), &slope = golden::row(t, name + "/logp");
  REQUIRE(x.size() == 71);
  for (std::size_t i = 0; i < x.size(); ++i) {
    d found = d(k(d::variable(plain(x[i]), 0), plain(0)));
    CAPTURE(name, x[i]);
    // Theirs lose digits near 0 in exp(-x) - 1 + x: to the rounding of 1.
    REQUIRE(close(found.value.value, value[i], 1e-10, 3e-16));
    if (std::abs(x[i]) != edge) REQUIRE(close(found.tangent[0].value, slope[i], 1e-10, 3e-16));
  }
}
template <class C>
void controls(golden::table const& t) {
  auto const &start = golden::row(t, "controller"), &kl = golden::row(t, "controller_kl"),
             &n = golden::row(t, "controller_steps");
  C c{.weight = start[0], .target = start[1], .horizon = start[2]};
  for (std::size_t i = 0; i < kl.size(); ++i) {
    c.update(kl[i], n[i]);
    REQUIRE(close(c.weight, golden::row(t, "adaptive")[i], 1e-13));
  }
}

}  // namespace

TEST_CASE("verl: the KL penalties and their straight-through forms", "[golden]") {
  auto t = golden::read("kl/verl.txt");
  same(t, "k1", k1{}, 0);
  same(t, "abs", absolute_log_ratio{}, 0);
  same(t, "k2", k2{}, -1);
  same(t, "k3", clamped<k3>{}, 20);
  same(t, "k1+", straight_through{k1{}}, -1);
  same(t, "abs+", straight_through{absolute_log_ratio{}}, -1);
  same(t, "k2+", straight_through{k2{}}, -1);
  same(t, "k3+", straight_through{clamped<k3>{}}, -1);
}

TEST_CASE("openrlhf: the KL estimators, clamped to 10", "[golden]") {
  auto t = golden::read("kl/openrlhf.txt");
  constexpr double none = 1e300;
  same(t, "k1", clamped{.estimator = k1{}, .log_ratio = none, .value = 10}, 10);
  same(t, "k2", clamped{.estimator = k2{}, .log_ratio = none, .value = 10}, -1);
  same(t, "k3", clamped{.estimator = k3{}, .log_ratio = none, .value = 10}, -1);
}

TEST_CASE("verl, openrlhf: the adaptive controller", "[golden]") {
  controls<proportional_kl>(golden::read("kl/verl.txt"));
  controls<proportional_kl>(golden::read("kl/openrlhf.txt"));
}
