#include "../../examples/compare/jobs.hpp"

#include <chrono>

#include "../catch.hpp"

namespace {

struct counter {
  std::atomic<int> begun = 0, done = 0;
  void started(compare::job const&) { ++begun; }
  void finished(compare::job const&) { ++done; }
};

std::vector<compare::job> jobs(int seeds) {
  compare::settings asked;
  asked.algorithms = {"a", "b"};
  asked.seeds = seeds;
  asked.first_seed = 5;
  return compare::jobs_of(asked);
}

compare::run_result train(compare::job const& one) {
  // Earlier jobs take longer, so that with threads they end in another order than they began.
  std::this_thread::sleep_for(std::chrono::microseconds{500 - 10 * std::min<long>(50, static_cast<long>(one.seed))});
  compare::run_result result;
  result.algorithm = one.algorithm;
  result.seed = one.seed;
  return result;
}

}  // namespace

TEST_CASE("jobs_of: every algorithm from every seed, seed by seed") {
  auto const all = jobs(2);
  REQUIRE(all.size() == 4);
  CHECK(all[0].algorithm == "a");
  CHECK(all[1].algorithm == "b");
  CHECK(all[1].seed == 5);
  CHECK(all[3].seed == 6);
}

TEST_CASE("run_jobs: results stand in the order of the jobs for any number of threads") {
  auto const all = jobs(20);
  for (int const threads : {1, 2, 7, 1000}) {
    counter watch;
    auto const results = compare::run_jobs(all, threads, train, watch).results;
    REQUIRE(results.size() == all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK(results[i].algorithm == all[i].algorithm);
      CHECK(results[i].seed == all[i].seed);
    }
    CHECK(watch.begun == 40);
    CHECK(watch.done == 40);
  }
}

TEST_CASE(
    "run_jobs: a failure is one line with the algorithm and the seed, the earliest one's whatever the timing, and "
    "what was done before is kept") {
  auto const failing = [](compare::job const& one) {
    if (one.algorithm == "b" && one.seed == 7) {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
      throw std::runtime_error{"the reward\nis NaN"};
    }
    if (one.seed > 7) throw std::runtime_error{"later"};
    return train(one);
  };
  for (int const threads : {1, 4}) {
    counter watch;
    auto const found = compare::run_jobs(jobs(20), threads, failing, watch);
    CHECK(found.failure == "b, seed 7: the reward is NaN");
    // What was done before is kept: seeds 5 and 6, and a of seed 7.
    REQUIRE(found.results.size() == 5);
    CHECK(found.results.back().algorithm == "a");
    CHECK(found.results.back().seed == 7);
    CHECK(watch.begun < 20);
  }
}

TEST_CASE("run_jobs: what is thrown need not be a standard exception") {
  counter watch;
  auto const odd = [](compare::job const&) -> compare::run_result { throw 1; };
  CHECK(compare::run_jobs(jobs(1), 1, odd, watch).failure == "a, seed 5: an exception of an unknown type");
  auto const greedy = [](compare::job const&) -> compare::run_result { throw std::bad_alloc(); };
  CHECK(compare::run_jobs(jobs(1), 1, greedy, watch).failure == "a, seed 5: there is not enough memory");
}
