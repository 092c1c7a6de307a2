#include <cohort/backend/eigen.hpp>
#include <cohort/sampler/action_mask.hpp>
#include "../catch.hpp"
#include "../sampler/distributions.hpp"
#include "../support/spaces.hpp"
#include "differences.hpp"

using namespace policies;
using distributions::rows;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr int R = 6, D = 3;

template <class Distribution>
numbers masked(Distribution const& d, numbers const& mask, numbers logits) {
  cpu backend;
  std::ptrdiff_t n = std::ptrdiff_t(logits.size()) / d.parameters();
  mask_actions(backend, d, matrix(mask, n), matrix(logits, n));
  return logits;
}

template <class Distribution>
void require_recorded(Distribution const& d, std::string const& file) {
  auto t = golden::read("distribution/masked_" + file);
  rows<Distribution> r{d, masked(d, golden::row(t, "mask"), golden::row(t, "parameters")),
                       cast<typename Distribution::action>(golden::row(t, "action"))};
  auto [logp, entropy] = r.evaluate();
  distributions::require_close(logp, golden::row(t, "logp"), 1e-10, 1e-10);
  distributions::require_close(entropy, golden::row(t, "entropy"), 1e-10, 1e-10);
  distributions::require_close(r.backward(golden::row(t, "weight_logp"), golden::row(t, "weight_entropy")),
                               golden::row(t, "gradient"), 1e-10, 1e-10);
  REQUIRE(r.mode() == cast<typename Distribution::action>(golden::row(t, "mode")));
}

/// Observations with their masks, and allowed actions.
template <class Distribution>
struct seen {
  numbers rows, mask;
  std::vector<std::int32_t> action;
  seen(Distribution const& d, int G) {
    int K = mask_size(d);
    numbers x = uniform(R * D, 13), draws = uniform(R * K, 15, 0, 1);
    for (int r = 0; r < R; ++r) {
      rows.insert(rows.end(), x.begin() + r * D, x.begin() + (r + 1) * D);
      // In every row the second and the last are allowed, and so is the first of choices that would have none else.
      for (int k = 0; k < K; ++k)
        mask.push_back(k == 1 || k == K - 1 || draws[std::size_t(r * K + k)] > .4), rows.push_back(mask.back());
      for (int g = 0; g < G; ++g) allowed(d, &mask[std::size_t(r * K)]);
    }
  }
  void allowed(categorical const& d, double const* m) {
    for (int a = 0; a < d.actions; ++a)
      if (m[a] != 0) return action.push_back(a);
  }
  void allowed(multi_categorical<2> const& d, double const* m) {
    allowed(categorical{d.n[0]}, m), allowed(categorical{d.n[1]}, m + d.n[0]);
  }
  void allowed(bits const&, double const* m) { action.push_back(m[0] == 0), action.push_back(m[2] == 0); }
};

template <class Policy, class Distribution>
Policy make_masked(cpu& backend, Distribution const& d, network_options const& o) {
  Policy p(backend, d, D, o, random_seed{1}, true);
  numbers weights = uniform(p.parameters().rows, 12, -.7, .7);
  std::copy(weights.begin(), weights.end(), p.parameters().data);
  return p;
}

template <class Policy, class Distribution>
void require_differences(Distribution const& d, network_options const& o, int G) {
  cpu backend;
  seen<Distribution> s(d, G);
  auto policy = make_masked<Policy>(backend, d, o);
  REQUIRE(policy.observations() == D + mask_size(d));
  require_gradient_of_differences(policy, policy, s.rows, s.action, G, true);
}

/// F v is how the gradient of the mean KL(old || pi) changes along v, from pi = old on.
template <class Distribution>
void require_fisher(Distribution const& d) {
  cpu backend;
  auto policy = make_masked<actor<cpu, Distribution>>(backend, d, {.hidden = {5}});
  seen<Distribution> s(d, 1);
  numbers v = uniform(policy.parameters().rows, 14), product(v.size()),
          old(std::size_t(R * policy.distribution_size())), none(R, 0), mean(R, 1. / R);
  numbers start(policy.parameters().data, policy.parameters().data + policy.parameters().rows);
  policy.distribution_rows(backend, std::as_const(policy).parameters(), matrix(std::as_const(s.rows), R),
                           matrix(old, R));
  auto gradient_at = [&](double t, std::size_t k) {
    for (std::size_t i = 0; i < v.size(); ++i) policy.parameters()[std::ptrdiff_t(i)] = start[i] + t * v[i];
    policy.evaluate(backend, matrix(std::as_const(s.rows), R), matrix(std::as_const(s.action), R), 1,
                    {.old = matrix(std::as_const(old), R)});
    policy.backward(backend, all(std::as_const(none)), all(std::as_const(none)), {}, {}, all(std::as_const(mean)));
    return policy.gradient()[std::ptrdiff_t(k)];
  };
  gradient_at(0, 0);
  policy.fisher_product(backend, all(std::as_const(v)), all(product));
  double largest = 0;
  for (std::size_t k = 0; k < v.size(); ++k) {
    double expected = slope([&](double t) { return gradient_at(t, k); }, 0, 1e-3);
    REQUIRE(close(product[k], expected, 1e-8, 1e-9));
    largest = std::max(largest, std::abs(expected));
  }
  REQUIRE(largest > .001);
}

/// What the policy draws: never what is forbidden, and the rest as often as the softmax over it says.
void require_frequencies() {
  cpu backend;
  auto policy = make_masked<actor<cpu, categorical>>(backend, categorical{4}, {.hidden = {5}});
  int const n = 60'000;
  numbers row{.3, -.8, .5, 1, 0, 1, 1}, many = distributions::repeated(row, n), logp(n), count(4), logits(4),
                                        probability(4, 0);
  std::vector<std::int32_t> action(n), best(1);
  policy.act(backend, matrix(std::as_const(many), n), stream_id{1, draw_purpose::action, 7}, 1, matrix(action, n),
             matrix(logp, n));
  policy.distribution_rows(backend, std::as_const(policy).parameters(), matrix(std::as_const(row), 1),
                           matrix(logits, 1));
  REQUIRE(logits[1] == -inf);
  double total = 0;
  for (int a = 0; a < 4; ++a) total += std::exp(logits[std::size_t(a)]);
  for (int a = 0; a < 4; ++a) probability[std::size_t(a)] = std::exp(logits[std::size_t(a)]) / total;
  for (int i = 0; i < n; ++i) {
    auto a = std::size_t(action[std::size_t(i)]);
    count[a] += 1;
    REQUIRE(close(logp[std::size_t(i)], std::log(probability[a]), 1e-12, 1e-12));
  }
  distributions::require_counts(count, probability);
  policy.act_deterministic(backend, matrix(std::as_const(row), 1), matrix(best, 1));
  REQUIRE(best[0] == std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace

TEST_CASE("action_mask: log-probabilities, entropies, gradients and modes of sb3-contrib's maskable distributions",
          "[golden]") {
  require_recorded(categorical{5}, "categorical.txt");
  require_recorded(multi_categorical<3>{{3, 2, 4}}, "multi_categorical.txt");
  require_recorded(independent<bernoulli, double, 2>{}, "bernoulli.txt");
}

TEST_CASE(
    "action_mask: of a bit that may be 0 alone or 1 alone the logit is infinite, of one that may be neither it is "
    "none") {
  numbers logits = masked(independent<bernoulli, double, 4>{}, {1, 1, 1, 0, 0, 1, 0, 0}, {.5, .5, .5, .5});
  REQUIRE(logits[0] == .5);
  REQUIRE(logits[1] == -inf);
  REQUIRE(logits[2] == inf);
  REQUIRE(std::isnan(logits[3]));
}

TEST_CASE(
    "action_mask: a policy's gradients of log-probabilities, entropies, values and divergences are those of "
    "differences") {
  auto require_all = [](auto d) {
    using distribution = decltype(d);
    for (int G : {1, 3})
      for (std::vector<int> hidden : {std::vector<int>{}, {5}, {4, 3}}) {
        require_differences<actor<cpu, distribution>>(d, {.hidden = hidden}, G);
        for (auto t : {trunk::separate, trunk::shared})
          require_differences<actor_critic<cpu, distribution>>(d, {.hidden = hidden, .trunk = t}, G);
      }
  };
  require_all(categorical{4});
  require_all(choices);
  require_all(bits{});
}

TEST_CASE("action_mask: Fisher-vector products are those of differences") {
  require_fisher(categorical{4});
  require_fisher(choices);
  require_fisher(bits{});
}

TEST_CASE("action_mask: a forbidden action is never drawn, and the others as often as the softmax over them says") {
  require_frequencies();
}

TEST_CASE(
    "action_mask: where all is allowed, results are to the bit those without a mask; the critic never reads the mask") {
  cpu backend;
  auto with = make_masked<actor_critic<cpu, categorical>>(backend, categorical{4}, {.hidden = {5}});
  auto without = make<actor_critic<cpu, categorical>>(backend, categorical{4}, D, {.hidden = {5}});
  numbers x = uniform(R * D, 13), rows, logp(2 * R), value(2 * R);
  for (int r = 0; r < R; ++r)
    rows.insert(rows.end(), x.begin() + r * D, x.begin() + (r + 1) * D), rows.insert(rows.end(), 4, 1.);
  std::vector<std::int32_t> action(2 * R);
  auto half = [&](auto& all, int k) { return view(all.data() + k * R, R, 1); };
  with.act(backend, matrix(std::as_const(rows), R), stream_id{1, draw_purpose::action, 3}, 1, half(action, 0),
           half(logp, 0));
  without.act(backend, matrix(std::as_const(x), R), stream_id{1, draw_purpose::action, 3}, 1, half(action, 1),
              half(logp, 1));
  for (int k = 3; k < int(rows.size()); k += 7) rows[std::size_t(k)] = 0;
  with.value(backend, matrix(std::as_const(rows), R), half(value, 0));
  without.value(backend, matrix(std::as_const(x), R), half(value, 1));
  for (int r = 0; r < R; ++r) {
    REQUIRE(action[std::size_t(r)] == action[std::size_t(R + r)]);
    REQUIRE(logp[std::size_t(r)] == logp[std::size_t(R + r)]);
    REQUIRE(value[std::size_t(r)] == value[std::size_t(R + r)]);
  }
}

TEST_CASE("action_mask: numbers in a box cannot be masked") {
  cpu backend;
  REQUIRE_THROWS_WITH(
      (actor<cpu, gaussian>(backend, gaussian{2}, D, {.hidden = {5}}, random_seed{1}, true)),
      "policy: the environment has an action mask, expected discrete, multi_discrete or binary actions, "
      "or a distribution of your own with mask_size and mask_actions (sampler/action_mask.hpp)");
}
