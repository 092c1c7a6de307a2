#include <cohort/kl/estimators.hpp>
#include "../catch.hpp"
#include "../support/scalars.hpp"

using namespace cohort;
using arrays::close;
using scalars::plain;
using vector3 = std::array<double, 3>;

// What the gradient of each estimator estimates, by enumerating three actions: expectations are sums, so nothing is
// random here.
namespace {

struct bandit {
  vector3 pi, ref;

  explicit bandit(std::uint32_t which) {
    auto softmax = [](std::vector<double> l) {
      vector3 p;
      double total = 0;
      for (int a = 0; a < 3; ++a) total += p[a] = std::exp(l[a]);
      for (double& x : p) x /= total;
      return p;
    };
    pi = softmax(arrays::uniform(3, which, -1.5, 1.5));
    ref = softmax(arrays::uniform(3, which + 100, -1.5, 1.5));
  }
  /// E over a ~ pi of weight(a) d log pi(a) / d logits.
  template <class F>
  vector3 expected(F weight) const {
    vector3 g{};
    for (int a = 0; a < 3; ++a)
      for (int b = 0; b < 3; ++b) g[b] += pi[a] * weight(a) * ((a == b) - pi[b]);
    return g;
  }
  vector3 gradient_of_kl() const {  // KL(pi || ref)
    double kl = 0;
    for (int a = 0; a < 3; ++a) kl += pi[a] * std::log(pi[a] / ref[a]);
    vector3 g;
    for (int b = 0; b < 3; ++b) g[b] = pi[b] * (std::log(pi[b] / ref[b]) - kl);
    return g;
  }
  vector3 gradient_of_forward_kl() const {  // KL(ref || pi)
    return {pi[0] - ref[0], pi[1] - ref[1], pi[2] - ref[2]};
  }
  /// The expected gradient where an estimator is the loss and the derivative goes through log pi alone.
  template <class K>
  vector3 as_loss() const {
    using d = dual<plain, 1>;
    return expected([&](int a) {
      return d(K{}(d::variable(plain(std::log(pi[a])), 0), plain(std::log(ref[a])))).tangent[0].value;
    });
  }
  /// And where it is a cost that is detached, by the score function.
  template <class K>
  vector3 as_cost() const {
    return expected([&](int a) { return K{}(plain(std::log(pi[a])), plain(std::log(ref[a]))).value; });
  }
};

void require_equal(vector3 const& found, vector3 const& expected) {
  for (int b = 0; b < 3; ++b) REQUIRE(close(found[b], expected[b], 0, 1e-15));
}

}  // namespace

TEST_CASE("kl: k1 as a loss has an expected gradient of zero") {
  for (std::uint32_t which = 1; which <= 20; ++which) require_equal(bandit(which).as_loss<k1>(), {});
}

TEST_CASE("kl: k2 as a loss has the expected gradient of KL(pi || ref)") {
  for (std::uint32_t which = 1; which <= 20; ++which)
    require_equal(bandit(which).as_loss<k2>(), bandit(which).gradient_of_kl());
}

TEST_CASE("kl: k3 as a loss has the expected gradient of the forward KL(ref || pi), which is another one") {
  for (std::uint32_t which = 1; which <= 20; ++which) {
    bandit b(which);
    require_equal(b.as_loss<k3>(), b.gradient_of_forward_kl());
    double apart = 0;
    for (int a = 0; a < 3; ++a)
      apart = std::max(apart, std::abs(b.gradient_of_forward_kl()[a] - b.gradient_of_kl()[a]));
    REQUIRE(apart > 1e-4);
  }
}

TEST_CASE("kl: as a detached cost k1 has the gradient of KL(pi || ref), k3 that minus the one of KL(ref || pi)") {
  for (std::uint32_t which = 1; which <= 20; ++which) {
    bandit b(which);
    vector3 reverse = b.gradient_of_kl(), forward = b.gradient_of_forward_kl();
    require_equal(b.as_cost<k1>(), reverse);
    require_equal(b.as_cost<k3>(), {reverse[0] - forward[0], reverse[1] - forward[1], reverse[2] - forward[2]});
  }
}

TEST_CASE("kl: k3 times the ratio pi / stop_gradient(pi), as a loss, has the expected gradient of KL(pi || ref)") {
  using d = dual<plain, 1>;
  for (std::uint32_t which = 1; which <= 20; ++which) {
    bandit b(which);
    auto slope = [&](int a) {
      d logp = d::variable(plain(std::log(b.pi[a])), 0);
      d loss = exp(logp - stop_gradient(logp)) * k3{}(logp, plain(std::log(b.ref[a])));
      return loss.tangent[0].value;
    };
    require_equal(b.expected(slope), b.gradient_of_kl());
  }
}
