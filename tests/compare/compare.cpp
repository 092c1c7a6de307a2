#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/compare.hpp>

#include "../catch.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using support::refusal;

namespace {

struct corridor {  // the right end is worth 1, the left one nothing
  struct state {
    int position;
  };
  static constexpr auto actions = discrete{2};
  static constexpr auto observations = box<1>{{0}, {1}};
  int max_episode_steps = 40;
  state reset(random_stream&) const { return {4}; }
  outcome step(state& s, int action) const {
    s.position += action == 1 ? 1 : -1;
    return {.reward = s.position == 8 ? 1. : 0., .terminated = s.position == 8 || s.position == 0};
  }
  std::array<float, 1> observe(state const& s) const { return {float(s.position) / 8}; }
};

auto const ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 32},
                           .objective = clipped_ratio{} + value_loss{.weight = .5},
                           .update = update{.epochs = 2, .minibatch_size = 64, .optimizer = adam{.rate = 1e-2}}};
auto const make_one = [] { return eigen::backend({.threads = 1}); };
auto const small = [](auto& backend, auto const& environment, random_seed seed) {
  return actor_critic{backend, environment, {.hidden = {8}}, seed};
};

comparing::any_contender fake(std::string const& name, double last) {
  return {name, "rollout  " + name + "\n", [=](std::uint64_t seed) {
            comparing::run_result run;
            run.final_return = last + double(seed);
            return run;
          }};
}

}  // namespace

TEST_CASE("compare: on an environment of one's own a run is what train and evaluate give from its seed") {
  compare_options const how{.environment = "a corridor",
                            .seeds = 2,
                            .first_seed = 3,
                            .steps = 600,
                            .threshold = .9,
                            .every = 200,
                            .episodes = 5,
                            .final_episodes = 10};
  eigen::backend cpu({.threads = 1});
  auto const result = cohort::compare(cpu, {{"ppo", ppo}, {"small", ppo, small}}, corridor{}, how);
  REQUIRE(result.results.size() == 4);
  for (auto const& run : result.results) {
    corridor const environment;
    auto policy = run.algorithm == "small" ? small(cpu, environment, random_seed{run.seed})
                                           : actor_critic{cpu, environment, {}, random_seed{run.seed}};
    auto const report = train(cpu, ppo, environment, policy, {.steps = 600, .seed = run.seed});
    CHECK(run.final_return == evaluate(cpu, environment, policy, 10, 1'000'000 + run.seed).mean());
    CHECK(run.solved == (run.final_return >= .9));
    CHECK(run.steps == report.steps);
    CHECK(run.parameter_bytes == report.parameter_bytes);
    REQUIRE(run.curve.size() == 4);  // untrained, and three times
    CHECK(run.curve[1].steps == 256);
    CHECK(run.curve.back().mean_return == evaluate(cpu, environment, policy, 5, 600).mean());
  }
  CHECK(result.algorithms[0].hyperparameters == text(ppo));
  CHECK(result.stopped_by.empty());
  CHECK_THAT(table(result), ContainsSubstring("a corridor, 600 steps a run, 2 seeds, threshold 0.9"));

  auto more = how;
  more.threads = 3;
  auto const threaded = cohort::compare(make_one, {{"ppo", ppo}, {"small", ppo, small}}, corridor{}, more);
  for (std::size_t i = 0; i < 4; ++i) CHECK(threaded.results[i].final_return == result.results[i].final_return);

  CHECK(refusal<cohort_error>([&] { cohort::compare(cpu, {{"ppo", ppo}}, corridor{}, more); }) ==
        "compare: threads is 3 and a backend serves one run at a time, expected a function that makes one for each: [] "
        "{ return eigen::backend({.threads = 1}); }");
  CHECK_THAT(refusal<cohort_error>([&] { cohort::compare(cpu, {{"ppo", ppo}}, corridor{.max_episode_steps = 0}); }),
             ContainsSubstring("the environment has no max_episode_steps"));
  more.stop = [] { return true; };
  CHECK(refusal<cohort_error>([&] { cohort::compare(make_one, {{"ppo", ppo}}, corridor{}, more); }) ==
        "compare: no run is complete: stopped on demand");
}

TEST_CASE("compare: the last evaluation's starts are none of those on the way, however many steps there are") {
  CHECK(comparing::detail::final_seed({.steps = 100'000}, 3) == 1'000'003);
  CHECK(comparing::detail::final_seed({.steps = 5'000'000}, 1) > 5'000'000);
}

TEST_CASE("compare: contenders by name and a function; without a threshold nothing is said of one") {
  auto const result =
      comparing::compare_contenders({fake("good", .5), fake("bad", .25)}, {{.environment = "x", .seeds = 2}, {}}, {});
  CHECK(result.algorithms[0].iqm == 2);
  CHECK(result.pairs[0].found.probability == Approx(.75));
  CHECK(table(result) ==
        "x, 0 steps a run, 2 seeds\n\n"
        "                 final return           parameter  optimizer\n"
        "algorithm  IQM [95% interval]  steps/s        KiB        KiB\n"
        "------------------------------------------------------------\n"
        "good        2.00 [1.50, 2.50]        0        0.0        0.0\n"
        "bad         1.75 [1.25, 2.25]        0        0.0        0.0\n");
  auto const page = report(result);
  CHECK(page.substr(page.find("</style>")).find("hreshold") == page.npos);
  CHECK_THAT(page, ContainsSubstring("<td data-label=\"Final return, IQM [95%]\"><span>2.00 <small>[1.50, 2.50]"));
}

TEST_CASE("compare: a run that throws ends it, what is done is kept, and the result says what failed") {
  auto bad = fake("bad", 0);
  bad.train = [](std::uint64_t seed) {
    if (seed == 2) throw std::runtime_error("the reward is NaN");
    return comparing::run_result{};
  };
  auto const result = comparing::compare_contenders({fake("good", 1), bad}, {{.seeds = 3}, {}}, {});
  CHECK(result.stopped_by == "bad, seed 2: the reward is NaN");
  CHECK(result.complete == 3);
  CHECK(result.failed);
  CHECK_THAT(report(result), ContainsSubstring("3 of 6 runs are complete: bad, seed 2: the reward is NaN"));
}

TEST_CASE("compare: what cannot be compared is refused") {
  auto const of = [](compare_options const& how, std::vector<std::string> const& names = {"a", "b"}) {
    std::vector<comparing::any_contender> contenders;
    for (auto const& name : names) contenders.push_back(fake(name, 0));
    return refusal<cohort_error>([&] { comparing::compare_contenders(contenders, {how, {}}, {}); });
  };
  CHECK(of({.seeds = 0}) == "compare: seeds is 0, expected a positive number");
  CHECK(of({.steps = -1}) == "compare: steps is -1, expected a positive number");
  CHECK(of({.threads = 0}) == "compare: threads is 0, expected a positive number");
  CHECK(of({.every = 0}) == "compare: every is 0, expected a positive number");
  CHECK(of({.episodes = 0}) == "compare: episodes is 0, expected a positive number");
  CHECK(of({.final_episodes = 0}) == "compare: final_episodes is 0, expected a positive number");
  CHECK(of({.threshold = NAN}) == "compare: threshold is nan, expected a finite number");
  CHECK_THAT(of({.seeds = 2, .first_seed = ~0ull}), ContainsSubstring("the last seed fits into 64 bits"));
  CHECK(of({}, {}) == "compare: there are no algorithms, expected one or more");
  CHECK(of({}, {"a", "b", "a"}) == "compare: two algorithms are named a, expected a name of its own for each");
  CHECK_THAT(of({}, {"a,b"}), ContainsSubstring("named 'a,b', expected a name without commas"));
  CHECK_THAT(of({}, {""}), ContainsSubstring("named ''"));
}
