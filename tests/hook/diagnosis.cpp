#include <algorithm>
#include <array>
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cstdint>
#include <limits>
#include <ranges>
#include <string>
#include <vector>

#include "../catch.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using names = std::vector<std::string>;

namespace {

/// The side that is seen is rewarded; or something is wrong with it.
struct sides {
  struct state {
    float side = 0;
    int last = 0;
  };
  static constexpr discrete actions{2};
  static constexpr box<1> observations{{-1e9}, {1e9}};
  int max_episode_steps = 8;
  double reward = 1, noise = 0, scale = 1;
  bool alternates = false;  // what is rewarded is another action than the last one, which is not seen
  state reset(random_stream& draws) const { return {draws.uniform() < .5 ? -1.f : 1.f}; }
  outcome step(state& s, int action, random_stream& draws) const {
    bool const right = alternates ? action != s.last : action == (s.side > 0);
    s = {draws.uniform() < .5 ? -1.f : 1.f, action};
    return {.reward = reward * right + (noise > 0 ? noise * draws.normal() : 0)};
  }
  std::array<float, 1> observe(state const& s) const { return {alternates ? 0.f : float(scale * s.side)}; }
};

/// -|a - 3/4| of the way between the bounds.
struct far_box {
  struct state {
    int step = 0;
  };
  box<1> actions{{0}, {1e6}};
  static constexpr box<1> observations{{-1}, {1}};
  int max_episode_steps = 8;
  state reset(random_stream&) const { return {}; }
  outcome step(state&, std::array<float, 1> const& a) const {
    double const width = actions.high[0] - actions.low[0];
    return {.reward = -std::abs(
                (std::min(std::max(double(a[0]), actions.low[0]), actions.high[0]) - actions.low[0]) / width - .75)};
  }
  std::array<float, 1> observe(state const&) const { return {0}; }
};

struct how {
  optimizer_rate rate = 3e-3;
  double max_gradient_norm = std::numeric_limits<double>::infinity(), bonus = 0;
  std::int64_t updates = 24;
  bool normalizes = false;
};

auto ppo_of(how const& h) {
  return algorithm{.rollout = lanes{.count = 8, .horizon = 16},
                   .advantage = gae{.gamma = .5},
                   .objective = clipped_ratio{} + value_loss{.weight = .5} + entropy_bonus{.weight = h.bonus},
                   .update = update{.epochs = 4,
                                    .minibatch_size = 32,
                                    .optimizer = adam{.rate = h.rate},
                                    .max_gradient_norm = h.max_gradient_norm,
                                    .non_finite = non_finite::skip}};
}
names names_of(diagnosis const& look) {
  names all;
  for (auto const& f : look.findings()) {
    CHECK(f.text.find_first_of("0123456789") != f.text.npos);
    all.push_back(f.name);
  }
  return all;
}
std::string text_of(diagnosis const& look) { return look.findings().empty() ? "" : look.findings()[0].text; }

diagnosis look_at(sides const& e, how const& h) {
  eigen::backend cpu({.threads = 1});
  network_options network{.hidden = {8}};
  if (h.normalizes) network.normalize_observations = running_normalization{};
  actor_critic policy{cpu, e, network, random_seed{1}};
  diagnosis look{{.max_gradient_norm = h.max_gradient_norm}};
  evaluation watch{cpu, e, {.every = 24, .episodes = 4}};
  if (e.max_episode_steps > 0)
    train(cpu, ppo_of(h), e, policy, {.steps = 1'000'000, .updates = h.updates}, watch, look);
  else train(cpu, ppo_of(h), e, policy, {.steps = 1'000'000, .updates = h.updates}, look);
  if (!watch.results().empty()) look.evaluated(watch.results().back());
  return look;
}

}  // namespace

TEST_CASE("diagnosis: a run that learns has no findings, and one without an update only that") {
  CHECK(names_of(look_at({}, {})) == names{});
  CHECK(findings_of({})[0].name == "few_updates");
}

TEST_CASE("diagnosis: runs that are too short, that never end an episode, whose rewards say nothing") {
  CHECK(names_of(look_at({}, {.rate = 1e-3, .updates = 5})) == names{"few_updates"});
  CHECK(names_of(look_at({.max_episode_steps = 0}, {})) == names{"no_episode"});
  auto const silent = look_at({.reward = 0}, {});
  CHECK(names_of(silent) == names{"constant_returns"});
  CHECK_THAT(text_of(silent), ContainsSubstring("each of 384 episodes returned 0"));
}

TEST_CASE("diagnosis: groups without a difference") {
  eigen::backend cpu({.threads = 1});
  sides const e{.reward = 0};
  actor_critic policy{cpu, e, {.hidden = {8}}, random_seed{1}};
  auto grpo = algorithm{.rollout = groups{.count = 2, .group = 4},
                        .advantage = group_relative{},
                        .objective = clipped_ratio{},
                        .update = update{.epochs = 2, .normalize = normalization::none}};
  diagnosis look;
  train(cpu, grpo, e, policy, {.steps = 1'000'000, .updates = 24}, look);
  CHECK(names_of(look) == names{"constant_returns"});
  CHECK_THAT(text_of(look), ContainsSubstring("in 100% of the groups all returns are equal"));
}

TEST_CASE("diagnosis: steps that are too large, too small, none, or not finite") {
  eigen::backend cpu({.threads = 1});
  far_box const e{.actions = {{-1}, {1}}};
  actor_critic policy{cpu, e, {.hidden = {8}}, random_seed{1}};
  diagnosis large;
  train(cpu, ppo_of({.rate = .03}), e, policy, {.steps = 1'000'000, .updates = 24}, large);
  CHECK(names_of(large)[0] == "large_steps");
  CHECK(names_of(look_at({}, {.rate = 1e-8})) == names{"small_steps"});
  CHECK(names_of(look_at({}, {.rate = piecewise{{{.2, 3e-3}, {.2, 0}}}})) == names{"learning_rate_zero"});
  CHECK(names_of(look_at({}, {.max_gradient_norm = 1e-9})) == names{"vanishing_gradient"});
  CHECK(names_of(look_at({.reward = 3e37}, {}))[0] == "skipped_steps");
}

TEST_CASE("diagnosis: rewards that are large, or noise; a critic that learns nothing of them") {
  auto const large = names_of(look_at({.reward = 1e4}, {.max_gradient_norm = .5}));
  CHECK(std::ranges::count(large, "clipped_gradient") == 1);
  auto const noise = names_of(look_at({.reward = 0, .noise = 1}, {}));
  CHECK(std::ranges::count(noise, "critic_explains_nothing") == 1);
}

TEST_CASE("diagnosis: entropy that falls before anything is learned, or never") {
  auto const fell = look_at({.reward = 0, .noise = 1}, {.rate = .5});
  CHECK(names_of(fell) == names{"critic_explains_nothing", "entropy_collapsed"});
  CHECK_THAT(fell.findings()[1].text, ContainsSubstring("fell from 0.693 to") && ContainsSubstring("within 1 of 24"));
  CHECK(names_of(look_at({}, {.bonus = 10})) == names{"critic_explains_nothing", "entropy_stays"});
}

TEST_CASE("diagnosis: observations far from unit scale, unless the policy normalizes them") {
  for (double scale : {1000., .001}) {
    auto const found = names_of(look_at({.scale = scale}, {}));
    REQUIRE(!found.empty());
    CHECK(found[0] == "observation_scale");
    CHECK(std::ranges::count(names_of(look_at({.scale = scale}, {.normalizes = true})), "observation_scale") == 0);
  }
}

TEST_CASE("diagnosis: a Gaussian on a box that is far too large, but not a distribution of the box's own") {
  eigen::backend cpu({.threads = 1});
  far_box const e;
  actor_critic gaussian{cpu, e, {.hidden = {8}}, random_seed{1}};
  actor_critic bounded{cpu, e, tanh_gaussian{}, {.hidden = {8}}, random_seed{1}};
  diagnosis at_gaussian, at_bounded;
  train(cpu, ppo_of({}), e, gaussian, {.steps = 1'000'000, .updates = 24}, at_gaussian);
  train(cpu, ppo_of({}), e, bounded, {.steps = 1'000'000, .updates = 24}, at_bounded);
  CHECK(names_of(at_gaussian)[0] == "action_box");
  CHECK_THAT(text_of(at_gaussian), ContainsSubstring("action[0] may be from 0 to 1e+06, and the first policy's are"));
  CHECK(std::ranges::count(names_of(at_bounded), "action_box") == 0);
}

TEST_CASE("diagnosis: a policy that lives by its randomness evaluates below its training") {
  CHECK(names_of(look_at({.alternates = true}, {})) ==
        names{"critic_explains_nothing", "entropy_stays", "evaluation_below_training"});
}
