#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <exception>

#include "../catch.hpp"
#include "../support/parameters.hpp"
#include "../support/refusal.hpp"
#include "short_run.hpp"

using namespace cohort;
using short_run::machine, short_run::policy_of, short_run::pole, short_run::ppo;
using support::parameters_of;

namespace {

template <class Error>
struct thrower {
  std::int64_t update = 3;
  void on_update(train_report const& r) const {
    if (r.updates == update) throw Error("the disk is full");
  }
};

}  // namespace

TEST_CASE(
    "hooks: one that throws says its name and the update, and the run goes on to the bits of an undisturbed one") {
  machine cpu;
  train_options const options{.steps = 1'000'000, .updates = 8, .seed = 2};
  auto alone = policy_of(cpu), disturbed = policy_of(cpu), copied = policy_of(cpu);
  train(cpu, ppo, pole, alone, options);
  training run{cpu, ppo, pole, disturbed, options}, other{cpu, ppo, pole, copied, options};
  int seen = 0;
  auto before = [&](train_report const&) { ++seen; };
  CHECK_THROWS_MATCHES(train_on(run, before, thrower<io_error>{}), io_error,
                       Catch::Matchers::Message("hook thrower<io_error>, update 3: the disk is full"));
  CHECK(seen == 3);
  copy_in(cpu, other, copy_out(cpu, run));
  auto const report = train_on(run, before);
  CHECK(seen == 8);
  CHECK(report.updates == 8);
  train_on(other);
  CHECK(parameters_of(disturbed) == parameters_of(alone));
  CHECK(parameters_of(copied) == parameters_of(alone));
}

TEST_CASE("hooks: what they throw keeps its type where it is one of ours, and else is held by a cohort_error") {
  machine cpu;
  auto policy = policy_of(cpu);
  auto message = [&]<class Caught>(Caught*, auto&&... hooks) {
    return support::refusal<Caught>(
        [&] { train(cpu, ppo, pole, policy, {.steps = 1'000'000, .updates = 3, .seed = 2}, hooks...); });
  };
  auto same_type = [&]<class Error>(Error* e, std::string const& name) {
    CHECK(message(e, thrower<Error>{}) == "hook thrower<" + name + ">, update 3: the disk is full");
  };
  same_type((value_error*)nullptr, "value_error"), same_type((shape_error*)nullptr, "shape_error");
  same_type((environment_error*)nullptr, "environment_error");
  same_type((not_finite_error*)nullptr, "not_finite_error"), same_type((device_error*)nullptr, "device_error");
  same_type((cohort_error*)nullptr, "cohort_error");
  try {
    train(cpu, ppo, pole, policy, {.steps = 1'000'000, .updates = 3},
          [](train_report const&) -> bool { throw std::out_of_range("9"); });
    FAIL("nothing was thrown");
  } catch (cohort_error const& e) {
    CHECK(std::string(e.what()) == "hook (a function), update 1: 9");
    CHECK_THROWS_AS(std::rethrow_if_nested(e), std::out_of_range);
  }
  struct at_the_edges {
    bool at_start;
    void on_start(train_report const&) const {
      if (at_start) throw value_error("start");
    }
    void on_end(train_report const&) const { throw value_error("end"); }
  };
  CHECK(message((value_error*)nullptr, at_the_edges{true}) == "hook at_the_edges, update 0: start");
  CHECK(message((value_error*)nullptr, at_the_edges{false}) == "hook at_the_edges, update 3: end");
}

namespace {

struct looks_at_the_batch {
  int updates = 0;
  template <class Run>
  void on_run(Run& run) {
    ++updates;
    auto batch = run.batch().view_for_estimator();
    CHECK(batch.series.steps() == 8 * 32);
    double rewards = 0;
    for (int i = 0; i < 8 * 32; ++i) rewards += double(batch.reward[i]);
    CHECK(rewards == 8 * 32);  // one for each step that the pole is up
    auto const& m = run.report();
    CHECK(m.collect_seconds > 0);
    CHECK(m.estimate_seconds > 0);
    CHECK(m.learn_seconds > 0);
    CHECK(m.collect_seconds + m.estimate_seconds + m.learn_seconds <= m.seconds);
  }
};

struct explained_by_hand {
  int checked = 0;
  template <class Run>
  void on_run(Run& run) {
    auto& b = run.batch();
    double t = 0, tt = 0, d = 0, dd = 0;
    for (int i = 0; i < b.R; ++i) {
      double const target = double(b.target.data()[i]), error = target - double(b.value.data()[i]);
      t += target, tt += target * target, d += error, dd += error * error;
    }
    double const n = double(b.R), expected = 1 - (dd / n - d * d / n / n) / (tt / n - t * t / n / n);
    CHECK(std::abs(run.report().explained_variance - expected) < 1e-5);
    ++checked;
  }
};

/// Of pairs of episodes whose return is their length.
struct groups_by_hand {
  double mean = 0, deviation = 0, equal = 0;
  template <class Run>
  void on_run(Run& run) {
    auto first = run.batch().series.offsets();
    int const pairs = int(run.batch().series.count() / 2);
    for (int g = 0; g < pairs; ++g) {
      double const a = first[2 * g + 1] - first[2 * g], b = first[2 * g + 2] - first[2 * g + 1];
      mean += (a + b) / 2 / pairs, deviation += std::abs(a - b) / std::sqrt(2.) / pairs, equal += (a == b) * 1. / pairs;
    }
  }
};

struct sees_the_end {
  std::vector<float> parameters{};
  template <class Policy>
  void on_end(train_report const& r, Policy& policy) {
    CHECK(r.updates == 3);
    parameters = parameters_of(policy);
  }
};

}  // namespace

TEST_CASE(
    "hooks: they see the batch after each update and the policy at the end, in the order in which they are given") {
  machine cpu;
  auto policy = policy_of(cpu);
  looks_at_the_batch batches;
  sees_the_end end;
  std::vector<int> order;
  training run{cpu, ppo, pole, policy, {.steps = 1'000'000, .updates = 3, .seed = 2}};
  CHECK_THROWS_WITH(run.batch(), "training: there is no batch yet, expected a step() before");
  train_on(
      run, [&](train_report const&) { order.push_back(1); }, batches, end,
      [&](train_report const&) { order.push_back(2); });
  CHECK(batches.updates == 3);
  CHECK(end.parameters == parameters_of(policy));
  CHECK(order == std::vector{1, 2, 1, 2, 1, 2});
}

TEST_CASE("train_report: the critic's explained variance is that of the batch, and none without a critic") {
  machine cpu;
  auto policy = policy_of(cpu);
  explained_by_hand by_hand;
  auto const report = train(cpu, ppo, pole, policy, {.steps = 1'000'000, .updates = 12, .seed = 2}, by_hand);
  CHECK(by_hand.checked == 12);
  CHECK(report.metrics.value_loss > 0);
  CHECK(report.metrics.learning_rate == 3e-3);
  CHECK(report.metrics.optimizer_steps == 16);
}

TEST_CASE("train_report: what groups of episodes were like, counted from the batch; no critic's metrics without one") {
  machine cpu;
  actor plain{cpu, pole, {.hidden = {8}}, random_seed{1}};
  auto grpo = algorithm{.rollout = groups{.count = 40, .group = 2},
                        .advantage = group_relative{},
                        .objective = clipped_ratio{},
                        .update = update{.epochs = 1, .normalize = normalization::none}};
  groups_by_hand by_hand;
  auto const r = train(cpu, grpo, time_limit{pole, 14}, plain, {.steps = 1'000'000, .updates = 1, .seed = 3}, by_hand);
  CHECK(r.completions.groups == 40);
  CHECK(r.completions.count == 0);
  CHECK(r.completions.left_out == 0);
  CHECK(std::abs(r.completions.reward - by_hand.mean) < 1e-9);
  CHECK(std::abs(r.completions.reward_std - by_hand.deviation) < 1e-9);
  CHECK(std::abs(r.completions.frac_reward_zero_std - by_hand.equal) < 1e-9);
  CHECK((by_hand.equal > 0 && by_hand.equal < 1));
  CHECK(std::isnan(r.explained_variance));
  CHECK(std::isnan(r.metrics.value_loss));
}
