#include <algorithm>
#include <cohort/cohort.hpp>

#include "../catch.hpp"
#include "../support/archetype.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using namespace arrays;

namespace {

template <class P>
numbers parameters_of(P const& p) {
  return {p.parameters().data, p.parameters().data + p.parameters().rows};
}

/// A batch and a policy that trpo.py recorded, in the order of parameters here.
template <class Distribution>
struct recorded {
  golden::table rows;
  cpu backend;
  cohort::actor<cpu, Distribution> policy;
  batch<cpu, typename Distribution::action> collected;

  recorded(std::string const& file, Distribution d)
      : rows(golden::read("trpo/" + file)), policy(backend, d, 3, {.hidden = {8}}, random_seed{1}) {
    std::ptrdiff_t R = 32;
    collected.R = R;
    collected.observation_size = 3;
    collected.action_width = d.action_width();
    collected.series = partition::lanes(R, 1);
    auto fill = [&]<class U>(auto& to, std::vector<U> const& from) { backend.assign(to, std::span<U const>(from)); };
    fill(collected.observation, golden::row(rows, "observation"));
    fill(collected.action, cast<typename Distribution::action>(golden::row(rows, "action")));
    fill(collected.sampler_logp, golden::row(rows, "old_logp"));
    fill(collected.advantage, golden::row(rows, "advantage"));
    fill(collected.series_of, integers(std::size_t(R), 0));
    numbers start = golden::in_our_order(rows, "parameters");
    REQUIRE(std::ptrdiff_t(start.size()) == policy.parameters().rows);
    std::copy(start.begin(), start.end(), policy.parameters().data);
  }
  template <class O>
  update_metrics step(trust_region<> const& how, O const& objective) {
    trust_region_learner<cpu, trust_region<>, decltype(policy), decltype(collected)> learner(backend, how, step_mean{},
                                                                                             policy, 1);
    return learner.learn(backend, any_objective<cpu>::in_parts(objective), policy, collected, 0);
  }
};

/// `scale` times the target and the damping: 2 where sb3-contrib took the mean of two dimensions' KL instead of its
/// sum.
template <class Distribution>
void require_step(std::string const& file, Distribution d, std::string const& name, trust_region<> how, double scale) {
  INFO(file << " " << name);
  recorded r(file, d);
  how.over = divergence_over::pi;
  how.target_kl *= scale;
  how.damping *= scale;
  numbers before = parameters_of(r.policy);
  auto metrics = r.step(how, importance_ratio{});
  numbers after = parameters_of(r.policy), expected = golden::in_our_order(r.rows, name + "/parameters"),
          gradient = golden::row(r.rows, "gradient");
  auto number = [&](char const* what) { return golden::row(r.rows, name + "/" + what)[0]; };
  if (number("coefficient") == 0) CHECK(after == before);
  for (std::size_t k = 0; k < after.size(); ++k) REQUIRE(close(after[k], expected[k], 1e-9, 1e-9));
  CHECK(close(metrics.line_search_share, number("coefficient"), 1e-14));
  CHECK(close(metrics.approximate_kl, scale * number("kl"), 1e-8));
  CHECK(close(-metrics.loss, number("surrogate"), 1e-9, 1e-15));
  double squares = 0;
  for (double g : gradient) squares += g * g;
  CHECK(close(metrics.gradient_norm, std::sqrt(squares), 1e-12));
}

template <class Distribution>
void require_recorded_steps(std::string const& file, Distribution d, double scale) {
  require_step(file, d, "sb3", {}, scale);
  require_step(file, d, "sb3_5", {.iterations = 5}, scale);
  require_step(file, d, "sb3_far", {.target_kl = 10, .damping = .01, .iterations = 5}, scale);
  require_step(file, d, "sb3_failed", {.target_kl = 10, .damping = .01, .iterations = 5, .backtracks = 1}, scale);
  require_step(file, d, "dense", {.iterations = 200, .residual = 1e-28}, 1);
  require_step(file, d, "dense_sharp", {.damping = .001, .iterations = 200, .residual = 1e-28}, 1);
  if (scale != 1) require_step(file, d, "dense_mean", {.iterations = 200, .residual = 1e-28}, scale);
}

auto small_trpo(std::int64_t steps_of_critic = 48) {
  return algorithm{
      .rollout = lanes{.count = 4, .horizon = 32},
      .advantage = gae{},
      .objective = importance_ratio{} + value_loss{},
      .aggregation = step_mean{},
      .update = trust_region{
          .critic = update{.epochs = 2, .minibatch_size = steps_of_critic, .optimizer = adam{.rate = 1e-3}}}};
}

struct metrics_of_updates {
  std::vector<update_metrics>* seen;
  void on_update(train_report const& r) { seen->push_back(r.metrics); }
};

/// What training for a few updates leaves, in double.
template <class B, class Algorithm>
numbers trained(B& backend, Algorithm const& a, std::vector<update_metrics>* seen = nullptr,
                network_options const& o = {.hidden = {16, 16}}) {
  actor_critic policy{backend, classic_control::cart_pole{}, o, random_seed{1}};
  std::vector<update_metrics> unwanted;
  train(backend, a, classic_control::cart_pole{}, policy, {.updates = 4, .seed = 1},
        metrics_of_updates{seen ? seen : &unwanted});
  return numbers(policy.parameters().data, policy.parameters().data + policy.parameters().rows);
}

std::string what_is_wrong(trust_region<> const& how, network_options const& o = {}) {
  cpu backend;
  auto a = algorithm{.objective = importance_ratio{} + value_loss{}, .update = how};
  return support::message_of([&] { trained(backend, a, nullptr, o); });
}

/// Worse the more the policy differs from the old one, so no step improves it although its gradient is not 0.
struct kinked {
  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    S x = step.logp - step.old_logp;
    return x * step.advantage + 1e6 * abs(x);
  }
};

/// Notes which draws it was given.
struct noted_draws {
  std::vector<std::uint32_t>* steps = nullptr;
  static constexpr unsigned reads = 0;
  template <backend B>
  void operator()(B& backend, step_views<value_t<B>> const&, stream_id draws, view<value_t<B>> weight) const {
    steps->push_back(draws.step);
    backend.map(outputs{weight}, detail::filled{1}, view<value_t<B> const>(weight));
  }
};

struct not_a_number {
  template <class S>
  constexpr S operator()(step_terms<S> const& step) const {
    return log(step.logp) * step.advantage;
  }
};

}  // namespace

TEST_CASE(
    "trust_region: steps of sb3-contrib's TRPO and of a dense solver, on categorical actions: directions, line "
    "searches, what is logged") {
  require_recorded_steps("discrete.txt", categorical{3}, 1);
}

TEST_CASE(
    "trust_region: steps of sb3-contrib's TRPO and of a dense solver, on Gaussian actions, where target and damping "
    "are twice as large") {
  require_recorded_steps("gaussian.txt", diagonal_gaussian<double>{2}, 2);
}

TEST_CASE("trust_region: in either direction the divergence stays below its target, and both agree to second order") {
  for (auto over : {divergence_over::other, divergence_over::pi}) {
    recorded r("discrete.txt", categorical{3});
    auto metrics = r.step({.target_kl = 1e-4, .over = over}, importance_ratio{});
    CHECK(metrics.line_search_share == 1);
    CHECK(metrics.approximate_kl < 1e-4);
    CHECK(metrics.approximate_kl > .6e-4);  // the damping's share of the full step is not KL
  }
}

TEST_CASE(
    "trust_region: where no step improves the objective or the gradient is not a number, the parameters stay bit by "
    "bit") {
  recorded r("discrete.txt", categorical{3});
  numbers before = parameters_of(r.policy);
  auto metrics = r.step({}, kinked{});
  CHECK(parameters_of(r.policy) == before);
  CHECK(metrics.line_search_share == 0);
  CHECK(metrics.approximate_kl == 0);
  CHECK(metrics.gradient_norm > 0);
  CHECK_THROWS_AS(r.step({}, not_a_number{}), not_finite_error);
  CHECK(parameters_of(r.policy) == before);
  r.step({}, 0. * importance_ratio{});
  CHECK(parameters_of(r.policy) == before);
}

TEST_CASE("trust_region: terms that read no value move the actor alone, those that read it the critic alone") {
  cpu backend;
  classic_control::cart_pole e;
  auto start = parameters_of(actor_critic{backend, e, {.hidden = {16, 16}}, random_seed{1}});
  auto own = trained(backend, algorithm{.rollout = lanes{4, 32},
                                        .objective = importance_ratio{} + entropy_bonus{},
                                        .update = trust_region<>{}});
  auto both = trained(backend, algorithm{.rollout = lanes{4, 32},
                                         .objective = importance_ratio{} + entropy_bonus{} + value_loss{},
                                         .update = trust_region<>{}});
  actor_critic policy{backend, e, {.hidden = {16, 16}}, random_seed{1}};
  auto critics = policy.critic_part(policy.parameters());
  std::size_t first = std::size_t(critics.data - policy.parameters().data), last = first + std::size_t(critics.rows);
  int moved = 0, learned = 0;
  for (std::size_t k = 0; k < start.size(); ++k) {
    if (k < first || k >= last) {
      moved += own[k] != start[k];
    } else {
      REQUIRE(own[k] == start[k]);
      learned += both[k] != start[k];
    }
  }
  CHECK(moved > .9 * double(start.size() - (last - first)));
  CHECK(learned > .9 * double(last - first));
}

TEST_CASE(
    "trust_region: the same seeds give the same parameters on one thread and on two, and on the archetype those of "
    "Eigen") {
  cpu one({.threads = 1}), two({.threads = 2});
  auto expected = trained(one, small_trpo());
  CHECK(trained(two, small_trpo()) == expected);
  archetype<double> plain;
  auto found = trained(plain, small_trpo());
  for (std::size_t k = 0; k < expected.size(); ++k) REQUIRE(close(found[k], expected[k], 0, 1e-8));
}

TEST_CASE("trust_region: the steps of probes, several at each decision, and other terms of the policy") {
  cpu backend;
  std::vector<update_metrics> seen;
  trained(backend,
          algorithm{.rollout = probes{.lanes = 4, .horizon = 16, .group = 3},
                    .advantage = hybrid_grpo{},
                    .objective = importance_ratio{} + .5 * value_loss{} + entropy_bonus{} +
                                 aggregate(series_mean{}, old_kl_penalty{.weight = .1}) + kl_penalty{},
                    .aggregation = step_mean{},
                    .update = trust_region<>{}},
          &seen);
  REQUIRE(seen.size() == 4);
  for (auto const& m : seen) {
    CHECK(m.line_search_share > 0);
    CHECK(m.approximate_kl > 0);
    CHECK(m.approximate_kl < .01);
  }
  CHECK(seen.back().reference_kl > 0);
}

TEST_CASE("trust_region: a bad parameter, or a trunk that actor and critic share, is refused with what is wrong") {
  using Catch::Matchers::ContainsSubstring;
  CHECK_THAT(what_is_wrong({.target_kl = 0}), ContainsSubstring("trust_region: target_kl is 0"));
  CHECK_THAT(what_is_wrong({.damping = -1}), ContainsSubstring("trust_region: damping is -1"));
  CHECK_THAT(what_is_wrong({.iterations = 0}), ContainsSubstring("trust_region: iterations is 0"));
  CHECK_THAT(what_is_wrong({.residual = -1}), ContainsSubstring("trust_region: residual is -1"));
  CHECK_THAT(what_is_wrong({.backtracks = 0}), ContainsSubstring("trust_region: backtracks is 0"));
  CHECK_THAT(what_is_wrong({.shrink = 1}), ContainsSubstring("trust_region: shrink is 1"));
  CHECK_THAT(what_is_wrong({}, {.trunk = trunk::shared}), ContainsSubstring("trunk::separate"));
  CHECK(what_is_wrong({}) == "");
}

TEST_CASE(
    "trust_region: the line search judges by the draws that the gradient was taken with, and the next step draws "
    "anew") {
  cpu backend;
  std::vector<std::uint32_t> drawn;
  auto trpo = small_trpo();
  auto selected = algorithm{.rollout = trpo.rollout,
                            .advantage = trpo.advantage,
                            .objective = weighted(noted_draws{&drawn}, importance_ratio{}) + value_loss{},
                            .aggregation = step_mean{},
                            .update = trpo.update};
  actor_critic policy{backend, classic_control::cart_pole{}, {.hidden = {16, 16}}, random_seed{1}};
  train(backend, selected, classic_control::cart_pole{}, policy, {.updates = 1, .seed = 1});
  REQUIRE(drawn.size() >= 2);
  for (std::uint32_t d : drawn) CHECK(d == drawn.front());
  train(backend, selected, classic_control::cart_pole{}, policy, {.updates = 2, .seed = 1});
  CHECK(drawn.back() == drawn.front() + 1);
}
