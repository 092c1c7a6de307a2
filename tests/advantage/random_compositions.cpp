#include <cohort/advantage/clipped_advantage.hpp>
#include <cohort/advantage/kl_in_reward.hpp>
#include <cohort/advantage/whitened.hpp>
#include <cohort/erased/any_estimator.hpp>
#include <typeinfo>
#include "../catch.hpp"
#include "random_options.hpp"

// whitened, clipped_advantage and kl_in_reward around every estimator and around each other.
using namespace layouts;
using namespace references;

namespace {

/// Any estimator, so that wrappers around it are compiled once.
struct some_estimator {
  std::string name;
  bool critic = false, from_scores = false;
  any_estimator<eigen::basic_backend<float>> in_float;
  any_estimator<eigen::basic_backend<double>> in_double;
  std::function<result(batch const&)> by_hand;

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& b, estimates<T> const& out) const {
    if constexpr (std::is_same_v<T, float>) in_float(backend, b, out);
    else in_double(backend, b, out);
  }
};
template <class E>
some_estimator some(E e, bool critic, std::function<result(batch const&)> by_hand) {
  return {typeid(E).name(), critic, (detail::needs_of<E>() & needs::scores) != 0, e, e, by_hand};
}
template <class F>
void each(option_draws& d, batch const& b, F f) {
  each_with_critic(d, b, [&](auto e) { f(some(e, true, [e](batch const& x) { return references::by_hand(e, x); })); });
  each_of_groups(
      d, b, [&](auto e) { f(some(e, false, [e](batch const& x) { return result{references::by_hand(e, x), {}}; })); });
  monte_carlo m{d.share()};
  f(some(m, false, [m](batch const& x) { return references::by_hand(m, x, false); }));
}

numbers white(standardize const& o, batch const& b, numbers const& x) {
  std::vector<bool> valid(b.M());
  for (int i = 0; i < b.M(); ++i) valid[i] = b.is_valid(i);
  return standardized(o, x, valid);
}
numbers clipped(double limit, numbers x) {
  for (double& v : x) v = std::clamp(v, -limit, limit);
  return x;
}
/// KL^ by k3, in its plain form.
batch penalized(double weight, batch b) {
  for (int i = 0; i < b.M(); ++i) {
    double x = b.old_logp[i] - b.ref_logp[i];
    b.reward[i] -= weight * (std::exp(-x) - 1 + x);
  }
  return b;
}

/// How far float may be: whitening multiplies an advantage's rounding, which is that of the rewards it is the
/// difference of, by one over the deviation.
double bound(batch const& b, numbers const& inner) {
  numbers there;
  for (int i = 0; i < b.M(); ++i)
    if (b.is_valid(i)) there.push_back(inner[i]);
  return 1e-5 + 1e-5 / std::min(1., std::max(deviation(there, 1), 1e-6));
}

template <class E>
void check(E const& composed, some_estimator const& inner, batch const& b, numbers const& expected,
           numbers const& target, double bound_of_float) {
  result in_double = run<double>(composed, b, inner.critic), in_float = run<float>(composed, b, inner.critic);
  REQUIRE(distance(b, in_double.advantage, expected) < 1e-9);
  REQUIRE(distance(b, in_float.advantage, expected) < bound_of_float);
  if (!inner.critic) return;
  REQUIRE(distance(b, in_double.target, target) < 1e-12);
  REQUIRE(distance(b, in_float.target, target) < 1e-5);
}

}  // namespace

TEST_CASE("random compositions: whitened and clipped_advantage, either around the other, of every estimator") {
  for (std::uint32_t seed = 5000; seed < 5300; ++seed) {
    batch b = draw(seed);
    option_draws d(seed);
    each(d, b, [&](some_estimator const& e) {
      CAPTURE(seed, e.name);
      result inner = e.by_hand(b);
      standardize how{d.epsilon(), d.below(2)};
      double limit = d.uniform(.1, 2);
      check(clipped_advantage{whitened{e, how}, limit}, e, b, clipped(limit, white(how, b, inner.advantage)),
            inner.target, bound(b, inner.advantage));
      numbers cut = clipped(limit, inner.advantage);
      check(whitened{clipped_advantage{e, limit}, how}, e, b, white(how, b, cut), inner.target, bound(b, cut));
    });
  }
}

TEST_CASE(
    "random compositions: kl_in_reward around every estimator that reads rewards, inside and outside of whitened") {
  for (std::uint32_t seed = 6000; seed < 6300; ++seed) {
    batch b = draw(seed);
    option_draws d(seed);
    double weight = d.one_of({0., .05, .5});
    batch taken = penalized(weight, b);
    each(d, b, [&](some_estimator const& e) {
      CAPTURE(seed, e.name);
      if (e.from_scores) return;
      result inner = e.by_hand(taken);
      standardize how{d.epsilon(), d.below(2)};
      kl_in_reward<some_estimator, k3> k{e, {}, weight};
      check(k, e, b, inner.advantage, inner.target, 1e-3);
      double of_float = bound(b, inner.advantage);
      numbers expected = white(how, b, inner.advantage);
      check(whitened{k, how}, e, b, expected, inner.target, of_float);
      kl_in_reward<whitened<some_estimator>, k3> around{{e, how}, {}, weight};
      check(around, e, b, expected, inner.target, of_float);
    });
  }
}
