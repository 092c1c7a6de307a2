#include <chrono>
#include <cohort/compare/jobs.hpp>

#include "../catch.hpp"

using namespace cohort;

namespace {

struct counter {
  std::atomic<int> begun = 0, done = 0;
  int stop_after = 1'000'000;
  void started(comparing::job const&) { ++begun; }
  void finished(comparing::job const&) { ++done; }
  bool stop() const { return done >= stop_after; }
};

std::vector<comparing::job> jobs(int seeds) {
  comparing::plan asked;
  asked.algorithms = {"a", "b"};
  asked.seeds = seeds;
  asked.first_seed = 5;
  return comparing::jobs_of(asked);
}

comparing::run_result train(comparing::job const& one) {
  // Earlier jobs take longer, so that with threads they end in another order than they began.
  std::this_thread::sleep_for(std::chrono::microseconds{500 - 10 * std::min<long>(50, static_cast<long>(one.seed))});
  comparing::run_result result;
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
    auto const results = comparing::run_jobs(all, threads, train, watch).results;
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
  auto const failing = [](comparing::job const& one) {
    if (one.algorithm == "b" && one.seed == 7) {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
      throw std::runtime_error{"the reward\nis NaN"};
    }
    if (one.seed > 7) throw std::runtime_error{"later"};
    return train(one);
  };
  for (int const threads : {1, 4}) {
    counter watch;
    auto const found = comparing::run_jobs(jobs(20), threads, failing, watch);
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
  auto const odd = [](comparing::job const&) -> comparing::run_result { throw 1; };
  CHECK(comparing::run_jobs(jobs(1), 1, odd, watch).failure == "a, seed 5: an exception of an unknown type");
  auto const greedy = [](comparing::job const&) -> comparing::run_result { throw std::bad_alloc(); };
  CHECK(comparing::run_jobs(jobs(1), 1, greedy, watch).failure == "a, seed 5: there is not enough memory");
}

TEST_CASE("run_jobs: once it is to stop, nothing is begun") {
  for (int const threads : {1, 3}) {
    counter watch;
    watch.stop_after = 4;
    auto const found = comparing::run_jobs(jobs(20), threads, train, watch);
    CHECK(found.failure.empty());
    CHECK(found.results.size() >= 4);
    CHECK(found.results.size() < 4 + std::size_t(threads));
  }
}
