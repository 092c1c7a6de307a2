#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint.hpp>
#include <cohort/cohort.hpp>
#include <cohort/language.hpp>

#include "../catch.hpp"
#include "../support/echo.hpp"
#include "../support/files.hpp"
#include "../support/killed_anywhere.hpp"
#include "../support/parameters.hpp"
#include "../support/refusal.hpp"
#include "small_run.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using files::scratch;
using small_run::ppo, small_run::run_of, small_run::small_policy;
using support::parameters_of;

namespace {

/// Remembers where it was, and ends where it has been three times.
struct trail {
  struct state {
    std::vector<int> places{0};
  };
  static constexpr discrete actions{2};
  static constexpr box<1> observations{{-100}, {100}};
  int max_episode_steps = 20;

  state reset(random_stream& draws) const { return {{int(draws.integer(3))}}; }
  outcome step(state& s, int action) const {
    s.places.push_back(s.places.back() + (action ? 1 : -1));
    return {.reward = double(s.places.back()),
            .terminated = std::count(s.places.begin(), s.places.end(), s.places.back()) == 3};
  }
  std::array<float, 1> observe(state const& s) const { return {float(s.places.back())}; }
  std::vector<std::byte> save(state const& s) const {
    auto const bytes = std::as_bytes(std::span(s.places));
    return {bytes.begin(), bytes.end()};
  }
  state load(std::span<std::byte const> bytes) const { return {detail::numbers_in<int>({bytes.begin(), bytes.end()})}; }
};

/// The parameters at the end of a whole run, and of one that is saved after some updates and gone on with by another
/// process's objects, on another number of threads.
template <class Make, class How, class E>
void resumes(Make make, How const& how, E const& environment, int updates) {
  scratch const here;
  eigen::backend one({.threads = 1}), two({.threads = 2});
  train_options const options{.steps = 1'000'000, .updates = 2 * updates, .seed = 5};
  auto whole = make(one), first = make(one), second = make(two);
  training a{one, how, environment, whole, options};
  while (a.step()) {
  }
  training b{one, how, environment, first, options};
  for (int k = 0; k < updates; ++k) REQUIRE(b.step());
  save(one, b, here.path / "run.cohort", {.flush = false});
  training c{two, how, environment, second, options};
  load(two, c, here.path / "run.cohort");
  CHECK(c.report().updates == updates);
  while (c.step()) {
  }
  CHECK(parameters_of(second) == parameters_of(whole));
  CHECK(c.report().steps == a.report().steps);
}

}  // namespace

TEST_CASE("checkpoints: the best one is kept beside the newest, across restarts, and the end of a stopped run") {
  scratch const here;
  eigen::backend cpu({.threads = 1});
  auto policy = small_policy(cpu);
  double best = -std::numeric_limits<double>::infinity();
  std::vector<float> best_parameters;
  auto const note = [&](train_report const& r, auto& p) {
    if (r.mean_return > best) best = r.mean_return, best_parameters = parameters_of(p);
  };
  auto const kept_best = [&] {
    auto read = load<actor_critic>(cpu, classic_control::cart_pole{}, here.path / "best.cohort");
    return parameters_of(read);
  };
  {
    checkpoints kept(here.path, {.every = 1, .keep = 1, .best = true});
    auto run = run_of(cpu, policy, ppo);
    train_on(run, note, [](train_report const& r) { return r.updates == 4; }, kept);
  }
  CHECK(kept_best() == best_parameters);
  checkpoints kept(here.path, {.every = 100, .keep = 1, .best = true});
  auto run = run_of(cpu, policy, ppo);
  REQUIRE(kept.load_newest(cpu, run));
  CHECK(run.report().updates == 4);
  train_on(run, kept);
  CHECK(kept.files().front().filename() == "update_000000000006.cohort");
  note(run.report(), policy);
  CHECK(kept_best() == best_parameters);
}

TEST_CASE("run files: an environment whose state is no plain bytes saves and loads it") {
  auto controller = [](eigen::backend& backend) {
    return actor_critic{backend, trail{}, {.hidden = {8}}, random_seed{1}};
  };
  resumes(controller, ppo, trail{}, 3);
  auto const bytes = detail::pack_states(trail{}, {trail::state{{1, 2, 3}}, trail::state{}});
  auto const states = detail::unpack_states(trail{}, bytes, 2);
  REQUIRE(states.size() == 2);
  CHECK(states[0].places == std::vector<int>{1, 2, 3});
  CHECK(states[1].places == std::vector<int>{0});
  for (std::size_t size = 1; size < bytes.size(); ++size)
    CHECK_THROWS_WITH(detail::unpack_states(trail{}, std::span(bytes).first(size), 2),
                      ContainsSubstring(size == 20 ? "there are 1 saved states of the environment, expected 2"
                                                   : "the saved states of the environment end within state"));
}

TEST_CASE("run files: a step that is under way is completed before the run is saved, and dropped where one is loaded") {
  scratch const here;
  eigen::backend cpu({.threads = 1});
  auto whole = small_policy(cpu), cut = small_policy(cpu);
  auto a = run_of(cpu, whole, ppo), b = run_of(cpu, cut, ppo);
  REQUIRE(a.step());
  for (int pieces = 0; pieces < 5; ++pieces) REQUIRE(b.step_for(0) == step_state::under_way);
  save(cpu, b, here.path / "run.cohort", {.flush = false});
  CHECK(b.report().updates == 1);
  CHECK(parameters_of(cut) == parameters_of(whole));
  for (int pieces = 0; pieces < 20; ++pieces) REQUIRE(b.step_for(0) == step_state::under_way);
  load(cpu, b, here.path / "run.cohort");
  CHECK(b.report().updates == 1);
  while (a.step()) {
  }
  while (b.step()) {
  }
  CHECK(parameters_of(cut) == parameters_of(whole));
}

TEST_CASE("run files: a resumed run ends with the bits of one that was never interrupted, on other threads too") {
  auto controller = [](eigen::backend& backend) {
    return actor_critic{backend, classic_control::cart_pole{}, {.hidden = {8}}, random_seed{1}};
  };
  SECTION("a controller, its critic and its optimizer") { resumes(controller, ppo, classic_control::cart_pole{}, 3); }
  SECTION("networks of every layer, the critic's another one") {
    resumes(
        [](eigen::backend& backend) {
          networks const n{.actor = small_run::every_layer, .critic = network{dense{9}, layer_norm{}}};
          return actor_critic{backend, classic_control::cart_pole{}, n, random_seed{1}};
        },
        ppo, classic_control::cart_pole{}, 2);
  }
  SECTION("scaled rewards, a controller of the KL, the reference") {
    resumes(controller,
            algorithm{.rollout = lanes{.count = 4, .horizon = 16},
                      .objective = clipped_ratio{} + value_loss{} + kl_penalty{.weight = doubling_kl{.weight = .1}},
                      .update = update{.epochs = 2, .minibatch_size = 24, .optimizer = sgd{.momentum = .9}},
                      .reward = running_reward_scale{},
                      .reference = {.every = 2, .share = .5}},
            classic_control::cart_pole{}, 3);
  }
  SECTION("a language model") {
    auto model = [](eigen::backend& backend) {
      return language_model{
          backend,
          {.vocabulary = 12, .hidden = 16, .intermediate = 32, .layers = 1, .heads = 2, .context = 16},
          random_seed{1},
          {.initial_std = .2}};
    };
    resumes(model,
            algorithm{.rollout = completions{.prompts = 4, .group = 4, .max_tokens = 4},
                      .advantage = group_relative{},
                      .objective = clipped_ratio{} + kl_penalty{},
                      .aggregation = series_mean{},
                      .update = update{.epochs = 1, .normalize = normalization::none}},
            support::echo{}, 2);
  }
}

TEST_CASE("run files: in memory, and into a run that is made otherwise") {
  eigen::backend backend;
  auto policy = small_policy(backend), other = small_policy(backend);
  auto run = run_of(backend, policy, ppo), again = run_of(backend, other, ppo);
  REQUIRE(run.step());
  auto const bytes = saved_bytes(backend, run);
  load(backend, again, bytes);
  CHECK(parameters_of(other) == parameters_of(policy));
  CHECK(saved_bytes(backend, again) == bytes);

  auto refused = [&](auto const& how) {
    auto third = small_policy(backend);
    auto const before = parameters_of(third);
    auto another = run_of(backend, third, how);
    auto const what = support::message_of([&] { load(backend, another, bytes); });
    CHECK((parameters_of(third) == before) == !what.empty());
    return what;
  };
  auto changed = [](auto change) {
    auto copy = ppo;
    change(copy);
    return copy;
  };
  CHECK(refused(changed([](auto& a) { a.rollout.count = 8; })) ==
        "load: run.rollout is \"lanes{count = 4, horizon = 16}\", expected \"lanes{count = 8, horizon = 16}\"");
  CHECK(refused(algorithm{
            .rollout = ppo.rollout, .advantage = v_trace{}, .objective = ppo.objective, .update = ppo.update}) ==
        "load: run.advantage is \"gae\", expected \"v_trace\"");
  CHECK(refused(algorithm{.rollout = ppo.rollout, .objective = dual_clip{} + value_loss{}, .update = ppo.update}) ==
        "load: run.objective is \"clipped_ratio + value_loss\", expected \"dual_clip + value_loss\"");
  CHECK(refused(algorithm{.rollout = ppo.rollout,
                          .objective = ppo.objective,
                          .update = update{.epochs = 2, .minibatch_size = 24, .optimizer = lion{}}}) ==
        "load: run.update is \"adam\", expected \"lion\"");
  CHECK(refused(changed([](auto& a) { a.update.epochs = 3; })).empty());  // numbers may change where no array does
}

TEST_CASE("run files: a policy's file is no run's, and a run's is a policy's too") {
  scratch const here;
  eigen::backend backend;
  auto policy = small_policy(backend), other = small_policy(backend);
  auto run = run_of(backend, policy, ppo), again = run_of(backend, other, ppo);
  REQUIRE(run.step());
  save(backend, policy, here.path / "policy.cohort"), save(backend, run, here.path / "run.cohort");
  CHECK_THROWS_WITH(load(backend, again, here.path / "policy.cohort"),
                    (here.path / "policy.cohort").string() + ": kind is \"policy\", expected \"run\"");
  auto loaded = load<actor_critic>(backend, classic_control::cart_pole{}, here.path / "run.cohort");
  CHECK(parameters_of(loaded) == parameters_of(policy));
}

TEST_CASE("checkpoints: the newest are kept, the newest sound one is gone on with, and the folder is one run's") {
  scratch const here;
  eigen::backend backend;
  auto policy = small_policy(backend), other = small_policy(backend);
  auto const folder = here.path / "run";
  {
    checkpoints kept{folder, {.every = 1, .keep = 2, .flush_every = 1000}};
    auto run = run_of(backend, policy, ppo);
    CHECK(!kept.load_newest(backend, run));
    while (run.step()) kept.on_run(run);
    CHECK_THROWS_WITH(checkpoints{folder}, folder.string() + " has the checkpoints of another process that runs");
    REQUIRE(kept.files().size() == 2);
    CHECK(kept.files().front().filename() == "update_000000000006.cohort");
  }
  files::put(folder / "update_000000000007.cohort", "torn");
  files::put(folder / "update_of_mine.cohort", "a user's");
  checkpoints kept{folder, {.every = 1, .keep = 2}};
  auto again = run_of(backend, other, ppo);
  REQUIRE(kept.load_newest(backend, again));
  REQUIRE(kept.complaints().size() == 1);
  CHECK_THAT(kept.complaints()[0], ContainsSubstring("update_000000000007.cohort: has 4 bytes"));
  CHECK(again.report().updates == 6);
  CHECK(parameters_of(other) == parameters_of(policy));
  again.limits.updates = 8;
  while (again.step()) kept.on_run(again);
  CHECK(kept.files().size() == 2);
  CHECK(files::get(folder / "update_of_mine.cohort") == "a user's");
}

TEST_CASE("checkpoints: killed at any system call, a run ends with the bits of one that was not") {
  scratch const here;
  auto const folder = here.path / "run";
  eigen::backend one({.threads = 1});
  auto whole = small_policy(one);
  auto uninterrupted = run_of(one, whole, ppo);
  uninterrupted.limits.updates = 2;
  while (uninterrupted.step()) {
  }
  auto const go_on = [&](auto& policy) {
    checkpoints kept{folder, {.every = 1, .keep = 1, .flush_every = 0}};
    auto run = run_of(one, policy, ppo);
    run.limits.updates = 2;
    kept.load_newest(one, run);
    while (run.step()) kept.on_run(run);
  };
  int checked = 0;
  int const stops = killed_anywhere([&] { std::filesystem::remove_all(folder); },
                                    [&] {
                                      auto policy = small_policy(one);
                                      go_on(policy);
                                    },
                                    [&] {
                                      auto policy = small_policy(one);
                                      go_on(policy);
                                      checked += parameters_of(policy) == parameters_of(whole);
                                    });
  CHECK(checked == stops);
}
