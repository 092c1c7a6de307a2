#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/hook/evaluation.hpp>
#include <cohort/hook/moving_average.hpp>
#include <cohort/objective/all.hpp>
#include <cohort/update/trust_region.hpp>

#include "../catch.hpp"
#include "../support/goes_on.hpp"
#include "../support/golden.hpp"
#include "policies.hpp"

using namespace policies;

namespace {

network_options normalized(std::vector<int> hidden, running_normalization const& how = {}) {
  return {.hidden = hidden_layers(hidden), .normalize_observations = how};
}
view<double const> rows_of(std::vector<double> const& x, std::ptrdiff_t columns) {
  return {x.data(), std::ptrdiff_t(x.size()) / columns, columns};
}

/// What a policy's networks read: the means of one whose only layer passes on what it gets.
numbers seen_by(cpu& backend, auto& policy, view<double const> observations) {
  std::ptrdiff_t const D = observations.columns;
  numbers pass(policy.parameters().rows, 0);
  for (std::ptrdiff_t d = 0; d < D; ++d) pass[std::size_t(d * D + d)] = 1;
  std::copy(pass.begin(), pass.end(), policy.parameters().data);
  numbers out(std::size_t(observations.size() * 2)), means;
  policy.distribution_rows(backend, policy.parameters(), observations,
                           view<double>(out.data(), observations.rows, 2 * D));
  for (std::ptrdiff_t r = 0; r < observations.rows; ++r)
    means.insert(means.end(), out.begin() + 2 * D * r, out.begin() + 2 * D * r + D);
  return means;
}

/// Equal numbers, of those of a policy that normalizes and those of one that is given what it would make of them.
void require_alike(auto& normalizing, auto& plain, cpu& backend, auto const& actions, view<double const> given,
                   view<double const> made, int G) {
  std::ptrdiff_t const R = given.rows, W = normalizing.distribution().action_width();
  using action = typename std::remove_reference_t<decltype(normalizing)>::action;
  view<action const> const a(actions.data(), R, G * W);
  std::copy(normalizing.parameters().data, normalizing.parameters().data + plain.parameters().rows,
            plain.parameters().data);
  numbers const slopes = uniform(R * G, 5);
  auto all_of = [&](auto& policy, view<double const> x) {
    numbers out;
    auto keep = [&](view<double const> v) { out.insert(out.end(), v.data, v.data + v.rows * v.columns); };
    auto e = policy.evaluate(backend, x, a, G);
    keep(e.logp), keep(e.entropy), keep(e.value);
    policy.backward(backend, all(slopes), all(slopes), all(slopes));
    keep(policy.gradient());
    numbers product(policy.gradient().rows), value(R), drawn_logp(R * G), taken(R * G * W);
    std::vector<action> drawn(std::size_t(R * G * W)), best(std::size_t(R * W));
    policy.fisher_product(backend, policy.gradient(), view<double>(product.data(), policy.gradient().rows));
    policy.value(backend, x, view<double>(value.data(), R));
    policy.act(backend, x, stream_id{1, draw_purpose::action}, G, view<action>(drawn.data(), R, G * W),
               view<double>(drawn_logp.data(), R, G));
    policy.act_deterministic(backend, x, view<action>(best.data(), R, W));
    keep(all(product)), keep(all(value)), keep(all(drawn_logp));
    out.insert(out.end(), drawn.begin(), drawn.end()), out.insert(out.end(), best.begin(), best.end());
    return out;
  };
  CHECK(all_of(normalizing, given) == all_of(plain, made));
}

}  // namespace

TEST_CASE("normalized observations: statistics and numbers are those of VecNormalize and of EmpiricalNormalization") {
  auto const file = golden::read("policy/observation_normalization.txt");
  auto const &seen = golden::row(file, "observation"), &asked = golden::row(file, "asked");
  auto require_near = [&](numbers const& found, std::string const& name, double relative) {
    auto const& expected = golden::row(file, name);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i)
      CHECK_THAT(found[i],
                 Catch::Matchers::WithinRel(expected[i], relative) || Catch::Matchers::WithinAbs(expected[i], 1e-12));
  };
  cpu backend;
  auto observed = [&](running_normalization const& how, int bundles) {
    actor<cpu, gaussian> policy(backend, gaussian{4}, 4, normalized({}, how), random_seed{1});
    std::size_t const part = seen.size() / std::size_t(bundles);
    for (std::size_t first = 0; first < seen.size(); first += part)
      policy.observe(backend, view<double const>(seen.data() + first, std::ptrdiff_t(part) / 4, 4));
    return policy;
  };
  SECTION("VecNormalize") {
    auto policy = observed({.clip = 2}, 20);
    numbers mean, variance;
    for (int d = 0; d < 4; ++d)
      mean.push_back(policy.observed().mean(d)), variance.push_back(std::pow(policy.observed().deviation(d), 2));
    require_near(mean, "sb3_mean", 1e-14), require_near(variance, "sb3_variance", 1e-11);
    CHECK_THAT(policy.observed().count(), Catch::Matchers::WithinRel(golden::row(file, "sb3_count")[0], 1e-14));
    require_near(seen_by(backend, policy, rows_of(asked, 4)), "sb3", 1e-7);  // in float32
  }
  SECTION("EmpiricalNormalization, in one bundle or many") {
    for (int bundles : {1, 2, 50}) {
      auto policy = observed(empirical_normalization, bundles);
      numbers mean, deviation;
      for (int d = 0; d < 4; ++d)
        mean.push_back(policy.observed().mean(d)), deviation.push_back(policy.observed().deviation(d));
      require_near(mean, "rsl_rl_mean", 1e-14), require_near(deviation, "rsl_rl_deviation", 1e-11);
      require_near(seen_by(backend, policy, rows_of(asked, 4)), "rsl_rl", 1e-9);
    }
  }
}

TEST_CASE("normalized observations: a policy does what another does with what it makes of them") {
  cpu backend;
  for (int R : {1, 5, 70}) {
    numbers const given = uniform(R * 4, 1, -3, 8);
    auto alike = [&](auto distribution, trunk t) {
      using Policy = actor_critic<cpu, decltype(distribution)>;
      network_options o = normalized({9, 7});
      o.trunk = t;
      auto normalizing = make<Policy>(backend, distribution, 4, o);
      normalizing.observe(backend, rows_of(given, 4));
      o.normalize_observations.reset();
      auto plain = make<Policy>(backend, distribution, 4, o);
      actor<cpu, gaussian> reader(backend, gaussian{4}, 4, normalized({}), random_seed{1});
      reader.observe(backend, rows_of(given, 4));
      auto const made = seen_by(backend, reader, rows_of(given, 4));
      require_alike(normalizing, plain, backend, actions_for(distribution, R * 3), rows_of(given, 4), rows_of(made, 4),
                    3);
    };
    alike(categorical{3}, trunk::separate), alike(gaussian{2}, trunk::separate);
  }
}

TEST_CASE("normalized observations: of an action mask nothing is changed") {
  cpu backend;
  int const R = 6, D = 2, A = 3;
  numbers given, made;
  numbers const x = uniform(R * D, 1, 5, 9), mask = {1, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1};
  actor<cpu, gaussian> reader(backend, gaussian{D}, D, normalized({}), random_seed{1});
  reader.observe(backend, rows_of(x, D));
  auto const z = seen_by(backend, reader, rows_of(x, D));
  for (int r = 0; r < R; ++r) {
    for (auto* to : {&given, &made}) {
      auto const& from = to == &given ? x : z;
      to->insert(to->end(), from.begin() + r * D, from.begin() + (r + 1) * D);
      to->insert(to->end(), mask.begin() + r * A, mask.begin() + (r + 1) * A);
    }
  }
  using Policy = actor_critic<cpu, categorical>;
  Policy normalizing(backend, categorical{A}, D, normalized({5}), random_seed{1}, true),
      plain(backend, categorical{A}, D, {.hidden = {5}}, random_seed{1}, true);
  normalizing.observe(backend, rows_of(given, D + A));
  std::vector<std::int32_t> const allowed{0, 2, 2, 0, 1, 2};
  require_alike(normalizing, plain, backend, allowed, rows_of(given, D + A), rows_of(made, D + A), 1);
}

TEST_CASE("normalized observations: a reference keeps those that it was frozen with") {
  cpu backend;
  using Policy = actor<cpu, categorical>;
  Policy policy(backend, categorical{2}, 3, normalized({4}), random_seed{1});
  numbers const x = uniform(30, 1, 2, 6);
  policy.observe(backend, rows_of(x, 3));
  auto const now = policy.numbers();
  numbers const frozen(now.data, now.data + now.rows);
  std::vector<std::int32_t> const a(10, 1);
  auto logp = [&](view<double const> numbers_of_policy) {
    numbers out(10);
    policy.log_probability(backend, numbers_of_policy, rows_of(x, 3), view<std::int32_t const>(a.data(), 10, 1), 1,
                           view<double>(out.data(), 10, 1));
    return out;
  };
  auto const before = logp(all(frozen)), before_by_parameters = logp(policy.parameters());
  CHECK(before == before_by_parameters);
  numbers const others = uniform(300, 2, -9, 1);
  policy.observe(backend, rows_of(others, 3));
  CHECK(logp(all(frozen)) == before);
  CHECK(logp(policy.parameters()) != before);
}

TEST_CASE("normalized observations: a number that never changes is 0, and none overflows") {
  cpu backend;
  actor<cpu, gaussian> policy(backend, gaussian{3}, 3, normalized({}, {.prior = 0}), random_seed{1});
  numbers const x{7, 1e300, 0, 7, -1e300, 0, 7, 1e300, 0, 7, -1e300, 0};
  policy.observe(backend, rows_of(x, 3));
  CHECK(seen_by(backend, policy, rows_of({7, 1e300, 0}, 3)) == numbers{0, 1, 0});
  CHECK(seen_by(backend, policy, rows_of({8, -2e300, 1e-5}, 3)) == numbers{10, -2, .1});
}

TEST_CASE("normalized observations: what is wrong is refused, and after so many they stay") {
  cpu backend;
  using Policy = actor<cpu, categorical>;
  auto refuses = [&](running_normalization const& how, std::string const& says) {
    CHECK_THROWS_WITH(Policy(backend, categorical{2}, 3, normalized({4}, how), random_seed{1}), says);
  };
  refuses({.clip = 0}, "running_normalization: clip is 0, expected a positive number (infinity: no limit)");
  refuses({.variance_epsilon = 0},
          "running_normalization: both epsilons' sum is 0, expected a positive number, since a number that never "
          "changes has no deviation");
  refuses({.prior = -1}, "running_normalization: prior is -1, expected 0 or a positive number");
  Policy policy(backend, categorical{2}, 3, normalized({4}, {.prior = 0, .until = 4}), random_seed{1});
  double const nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(policy.observe(backend, rows_of({1, 2, 3, 4, nan, 6}, 3)),
                    "observation_statistics: observation[1] is nan, expected a finite number");
  CHECK(policy.observed().count() == 0);
  for (int k = 0; k < 4; ++k) policy.observe(backend, rows_of({1, 2, 3, 3, 2, 1}, 3));
  CHECK(policy.observed().count() == 4);
  CHECK(policy.observed().mean(0) == 2);
  CHECK(Policy(backend, categorical{2}, 3, {.hidden = {4}}, random_seed{1}).observed().size() == 0);
}

TEST_CASE("normalized observations: a run takes them in after each update, resumes with them, the best has its own") {
  eigen::backend cpu({.threads = 1});
  classic_control::cart_pole e;
  auto make = [&] { return actor_critic{cpu, e, normalized({8}), random_seed{2}}; };
  auto ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 16},
                       .objective = clipped_ratio{} + value_loss{.weight = .5} + kl_penalty{.weight = .01},
                       .update = update{.epochs = 2, .minibatch_size = 32, .optimizer = adam{.rate = 1e-3}}};
  CHECK(support::goes_on_bit_by_bit(cpu, ppo, e, make, 3) > 0);

  auto policy = make();
  ppo.update.epochs = 1, ppo.update.minibatch_size = 0;
  training run{cpu, ppo, e, policy, {.steps = 1'000'000, .updates = 4, .seed = 5}};
  evaluation watch{cpu, e, {.every = 1, .episodes = 5}};
  moving_average average{cpu, {.share = 1}};
  average.start(policy);
  std::vector<std::vector<float>> all;
  while (run.step()) {
    CHECK_THAT(policy.observed().count(), Catch::Matchers::WithinRel(64. * double(run.report().updates) + 1e-4, 1e-12));
    CHECK_THAT(run.report().metrics.ratio_mean, Catch::Matchers::WithinAbs(1, 1e-6));  // one function until then
    watch.on_update(run.report(), policy), average.add(policy);
    view<float> const now = policy.numbers();
    all.emplace_back(now.data, now.data + now.rows);
  }
  watch.restore(policy);
  auto const best = all[std::size_t(watch.best().updates - 1)];
  CHECK(std::equal(best.begin(), best.end(), policy.numbers().data));
  average.swap(policy);
  CHECK(std::equal(all.back().begin(), all.back().end(), policy.numbers().data));
}

TEST_CASE("normalized observations: of composed networks too; those with an embedding are refused") {
  cpu backend;
  int const R = 9;
  numbers const given = uniform(R * 4, 1, -3, 8);
  network const layers{layer_norm{}, dense{5}, columns{1, 3}};
  using Policy = actor_critic<cpu, categorical>;
  Policy normalizing(backend, categorical{3}, 4,
                     networks{.actor = layers, .normalize_observations = running_normalization{}}, random_seed{1}),
      plain(backend, categorical{3}, 4, layers, random_seed{1});
  normalizing.observe(backend, rows_of(given, 4));
  actor<cpu, gaussian> reader(backend, gaussian{4}, 4, normalized({}), random_seed{1});
  reader.observe(backend, rows_of(given, 4));
  auto const made = seen_by(backend, reader, rows_of(given, 4));
  require_alike(normalizing, plain, backend, actions_for(categorical{3}, R), rows_of(given, 4), rows_of(made, 4), 1);
  CHECK_THROWS_WITH(Policy(backend, categorical{3}, 4,
                           networks{.actor = network{residual{columns{0, 1}, embedding{2, 4}}},
                                    .normalize_observations = running_normalization{}},
                           random_seed{1}),
                    "policy: an embedding reads choices as they are, and normalize_observations changes them: expected "
                    "one of both");
}
