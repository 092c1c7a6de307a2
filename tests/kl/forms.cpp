#include <cohort/kl/estimators.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include "../catch.hpp"
#include "../support/scalars.hpp"

using namespace cohort;
using arrays::close;
using arrays::numbers;
using scalars::plain;
using scalars::point;

namespace {

using d = dual<plain, 1>;

template <class K>
std::pair<double, double> at(K const& k, double x) {
  d found = d(k(d::variable(plain(x), 0), plain(0)));
  return {found.value.value, found.tangent[0].value};
}
point of(double logp, double ref_logp, double old_logp) {
  point p;
  p.logp = logp, p.ref_logp = ref_logp, p.old_logp = old_logp;
  return p;
}

/// A categorical policy by its logits, a reference and an older policy; expectations are exact sums.
struct three_actions {
  numbers logits{.3, -.8, 1.1}, ref{.1, .6, -.4}, old{-.2, .5, .9};

  static numbers softmax(numbers l) {
    double total = 0;
    for (double& x : l) total += x = std::exp(x);
    for (double& x : l) x /= total;
    return l;
  }
  double kl(numbers const& at) const {
    auto p = softmax(at), q = softmax(ref);
    double sum = 0;
    for (int a = 0; a < 3; ++a) sum += p[a] * std::log(p[a] / q[a]);
    return sum;
  }
  /// The expected gradient with respect to the logits where actions come from `sampler` and d estimate / d logp is
  /// slope(logp, ref_logp, old_logp).
  template <class F>
  numbers gradient(numbers const& sampler, F slope) const {
    auto p = softmax(logits), q = softmax(ref), mu = softmax(sampler);
    numbers g(3, 0);
    for (int a = 0; a < 3; ++a)
      for (int k = 0; k < 3; ++k)
        g[k] += mu[a] * slope(std::log(p[a]), std::log(q[a]), std::log(mu[a])) * ((a == k) - p[k]);
    return g;
  }
  numbers kl_gradient() const {
    numbers g(3);
    for (int k = 0; k < 3; ++k)
      g[k] = arrays::slope(
          [&](double x) {
            auto l = logits;
            l[k] = x;
            return kl(l);
          },
          logits[k]);
    return g;
  }
};

}  // namespace

TEST_CASE("kl: the absolute log-ratio has slopes -1, 0 and 1") {
  for (double x : {-2., 0., .5}) {
    REQUIRE(at(absolute_log_ratio{}, x).first == std::abs(x));
    REQUIRE(at(absolute_log_ratio{}, x).second == (x > 0) - (x < 0));
  }
}

TEST_CASE("kl: straight-through has the value of one estimator and the gradient of the other, exactly") {
  for (double x : {-3., -.1, 0., 1e-9, 2.}) {
    REQUIRE(at(straight_through{k3{}}, x) == std::pair(at(k3{}, x).first, x));
    REQUIRE(at(straight_through{k1{}, k3{}}, x) == std::pair(x, at(k3{}, x).second));
    REQUIRE(at(straight_through{absolute_log_ratio{}}, x) == std::pair(std::abs(x), x));
  }
}

TEST_CASE("kl: clamped ends where it is told, with slope 0 beyond, and is the estimator within") {
  clamped<k3> verl{};
  REQUIRE(at(verl, .5) == at(k3{}, .5));
  REQUIRE(at(verl, -3) == std::pair(10., 0.));
  REQUIRE(at(verl, -1e300) == std::pair(10., 0.));
  REQUIRE(at(verl, 25) == std::pair(10., 0.));
  REQUIRE(at(clamped{.estimator = k1{}, .log_ratio = 4, .value = 10}, 9) == std::pair(4., 0.));
}

TEST_CASE(
    "kl: exact enumeration: as a loss the straight-through and the corrected forms have the expected gradient of KL(pi "
    "|| ref)") {
  three_actions t;
  auto slope_of = [](auto k) {
    return [k](double logp, double ref_logp, double old_logp) {
      kl_penalty<decltype(k)> o{.estimator = k, .weight = 1};
      return scalars::partials(o, of(logp, ref_logp, old_logp))[0];
    };
  };
  auto same = [](numbers const& a, numbers const& b) {
    for (int k = 0; k < 3; ++k) REQUIRE(close(a[k], b[k], 0, 1e-10));
  };
  numbers reverse = t.kl_gradient();
  same(t.gradient(t.logits, slope_of(straight_through{k3{}})), reverse);
  // The correction also where an older policy drew the actions.
  for (auto const& sampler : {t.logits, t.old}) {
    same(t.gradient(sampler, slope_of(ratio_corrected{k3{}})), reverse);
    same(t.gradient(sampler, slope_of(ratio_corrected{k1{}})), reverse);
  }
}

TEST_CASE("kl: kl_penalty tells what an estimator reads") {
  STATIC_REQUIRE(terms_read_by(kl_penalty<ratio_corrected<k3>>{}) == (needs::logp | needs::ref_logp | needs::old_logp));
  STATIC_REQUIRE(terms_read_by(kl_penalty<straight_through<k3, k2>>{}) == (needs::logp | needs::ref_logp));
}

TEMPLATE_LIST_TEST_CASE("kl: every scalar agrees with double for the other forms, to 8 roundings", "", scalars::all) {
  auto points = scalars::exact_points();
  REQUIRE(scalars::disagreement<TestType>(kl_penalty{.estimator = absolute_log_ratio{}, .weight = .3}, points) <= 8);
  REQUIRE(scalars::disagreement<TestType>(kl_penalty{.estimator = straight_through{k3{}}, .weight = .3}, points) <= 8);
  REQUIRE(scalars::disagreement<TestType>(kl_penalty{.estimator = ratio_corrected{k3{}}, .weight = .3}, points) <= 16);
  REQUIRE(scalars::disagreement<TestType>(
              kl_penalty{.estimator = clamped{.estimator = k3{}, .log_ratio = .5, .value = .1}, .weight = .3},
              points) <= 8);
}
