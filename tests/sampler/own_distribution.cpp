#include <cohort/policy/actor.hpp>
#include <cohort/policy/actor_critic.hpp>
#include "../support/spaces.hpp"
#include "distributions.hpp"

// A formula of the user's own for one choice, as docs/policies.md has it.
using namespace distributions;

namespace mine {

/// One of A actions, with probability (1 - floor) softmax(l) + floor / A.
template <int A>
struct softmax_with_floor {
  static constexpr int parameters = A;
  static constexpr int uniforms = 1;
  static constexpr bool bounded = false;
  template <class T>
  using action = std::int32_t;
  double floor = .1;

  template <class V, class S>
  constexpr V logp(several<V, A> const& l, S a) const {
    V chosen = 0;
    for (int k = 0; k < A; ++k) chosen = select(a == k, probability(l, k), chosen);
    return log(chosen);
  }
  template <class V, class S>
  constexpr V entropy(several<V, A> const& l, S) const {
    V sum = 0;
    for (int k = 0; k < A; ++k) sum -= probability(l, k) * log(probability(l, k));
    return sum;
  }
  template <class S>
  constexpr S draw(several<S, A> const& l, several<S, 1> const& uniform) const {
    S below = 0, action = 0;
    for (int k = 0; k + 1 < A; ++k) {
      below += probability(l, k);
      action += select(uniform[0] > below, S(1), S(0));
    }
    return action;
  }
  template <class S>
  constexpr S mode(several<S, A> const& l) const {
    S best = l[0], action = 0;
    for (int k = 1; k < A; ++k) {
      action = select(l[k] > best, S(k), action);
      best = max(best, l[k]);
    }
    return action;
  }
  template <class P, class Q>
  constexpr wider<P, Q> kl_to(several<P, A> const& p, several<Q, A> const& q) const {
    wider<P, Q> sum = 0;
    for (int k = 0; k < A; ++k) sum += probability(p, k) * (log(probability(p, k)) - log(probability(q, k)));
    return sum;
  }

 private:
  template <class V>
  constexpr V probability(several<V, A> const& l, int k) const {
    V largest = l[0], total = 0;
    for (int a = 1; a < A; ++a) largest = max(largest, l[a]);
    for (int a = 0; a < A; ++a) total += exp(l[a] - largest);
    return (1 - floor) * exp(l[k] - largest) / total + floor / A;
  }
};

/// As categorical's masks.
template <int A, class T>
int mask_size(independent<softmax_with_floor<A>, T, 1> const&) {
  return A;
}
template <backend B, int A>
void mask_actions(B& backend, independent<softmax_with_floor<A>, value_t<B>, 1> const&, in_view<B> mask,
                  out_view<B> logits) {
  mask_actions(backend, categorical{A}, mask, logits);
}

}  // namespace mine

namespace {

template <class T>
using one_of_three = independent<mine::softmax_with_floor<3>, T, 1>;
constexpr double floor_of_each = .1 / 3;

numbers probabilities(numbers const& l) {
  double total = 0;
  for (double x : l) total += std::exp(x);
  numbers p;
  for (double x : l) p.push_back(.9 * std::exp(x) / total + floor_of_each);
  return p;
}

struct left_or_right : spaces::point {
  static constexpr discrete actions{3};
  outcome step(state& s, int a, random_stream& draws) const { return next(s, -std::abs(a - 1 - s.x), draws); }
};

}  // namespace

TEST_CASE("own distribution: log-probabilities, entropies and divergences are those of its probabilities") {
  numbers l{.3, -1, 2}, m{-.5, 0, .7}, p = probabilities(l), q = probabilities(m);
  double entropy = 0, kl = 0, back = 0;
  for (int k = 0; k < 3; ++k) {
    entropy -= p[k] * std::log(p[k]);
    kl += p[k] * std::log(p[k] / q[k]), back += q[k] * std::log(q[k] / p[k]);
  }
  rows<one_of_three<double>> r{{}, repeated(l, 3), {0, 1, 2}};
  for (int k = 0; k < 3; ++k) {
    REQUIRE(close(r.evaluate().logp[k], std::log(p[k]), 1e-14, 0));
    REQUIRE(close(r.evaluate().entropy[k], entropy, 1e-14, 0));
    REQUIRE(close(r.kl(repeated(m, 3), divergence_over::pi).first[k], kl, 1e-13, 0));
    REQUIRE(close(r.kl(repeated(m, 3), divergence_over::other).first[k], back, 1e-13, 0));
    REQUIRE(r.mode()[k] == 2);
  }
}

TEST_CASE("own distribution: gradients and Fisher products are those of five-point differences") {
  for (int G : {1, 3}) require_gradient(one_of_three<double>{}, G);
  require_divergence(one_of_three<double>{});
}

TEST_CASE("own distribution: every action comes as often as its probability says") {
  numbers l{1, -.5, -9};
  rows<one_of_three<double>> r{{}, repeated(l, 40'000), {}};
  r.sample(1);
  numbers count(3);
  for (auto a : r.a) count[std::size_t(a)] += 1;
  require_counts(count, probabilities(l));
  require_samples(one_of_three<double>{});
}

TEST_CASE("own distribution: a policy is made of it for each kind of choices") {
  eigen::backend cpu;
  auto one = actor_critic{cpu, left_or_right{}, mine::softmax_with_floor<3>{.floor = .2}, {.hidden = 8}};
  STATIC_REQUIRE(std::is_same_v<decltype(one), actor_critic<eigen::backend, one_of_three<float>>>);
  REQUIRE(one.distribution().model.floor == .2);
  REQUIRE(one.distribution().parameters() == 3);
  auto each = actor{cpu, spaces::bits{}, mine::softmax_with_floor<2>{}};
  REQUIRE(each.distribution().parameters() == 2 * 3);
  REQUIRE(each.distribution().action_width() == 3);
}

TEST_CASE("own distribution: with a mask of its own a policy sees which actions are allowed") {
  eigen::backend cpu;
  auto policy = actor{cpu, spaces::doors{}, mine::softmax_with_floor<4>{}, {.hidden = 8}, random_seed{1}};
  REQUIRE(policy.observations() == 2 + 4);
}
