#include <sys/wait.h>
#include <unistd.h>
#include <cohort/eigen/parallel.hpp>
#include <utility>
#include <vector>
#include "../catch.hpp"

using namespace cohort::eigen;

TEST_CASE("shared_loop: every item is done once, however many of the planned workers come and in whatever order") {
  for (std::ptrdiff_t n : {0, 1, 2, 7, 100, 1001})
    for (std::ptrdiff_t grain : {1, 5, 400})
      for (std::vector<int> const& come : {std::vector{0}, {0, 1, 2}, {2, 0}, {1}}) {
        std::vector<int> times(std::size_t(n), 0);
        auto f = [&](int worker, std::ptrdiff_t first, std::ptrdiff_t last) {
          REQUIRE((worker >= 0 && worker < 3 && first < last));
          for (auto i = first; i < last; ++i) ++times[std::size_t(i)];
        };
        shared_loop loop(n, grain, 3, loop_body(f));
        for (int w : come) loop.work(w);
        REQUIRE(times == std::vector<int>(std::size_t(n), 1));
      }
}

TEST_CASE(
    "shared_loop: a worker begins with its own share, and pieces are not smaller than a quarter of the grain but at a "
    "share's end") {
  std::vector<std::pair<std::ptrdiff_t, std::ptrdiff_t>> pieces;
  auto f = [&](std::ptrdiff_t first, std::ptrdiff_t last) { pieces.emplace_back(first, last); };
  shared_loop loop(800, 40, 2, loop_body(f));
  loop.work(1);
  REQUIRE(pieces.front() == std::pair<std::ptrdiff_t, std::ptrdiff_t>(400, 533));
  for (auto [first, last] : pieces) REQUIRE((last - first >= 25 || last == 400 || last == 800));
}

TEST_CASE("shared_loop: more workers than it plans for are as many as it can") {
  int items = 0;
  auto f = [&](std::ptrdiff_t first, std::ptrdiff_t last) { items += int(last - first); };
  shared_loop loop(10'000, 1, 10'000, loop_body(f));
  REQUIRE(loop.workers() == shared_loop::most_workers);
  loop.work(7);
  REQUIRE(items == 10'000);
}

namespace {

/// The sum of what `loops` loops count, each over n items.
std::ptrdiff_t counted(executor const& run, int loops, std::ptrdiff_t n) {
  std::atomic<std::ptrdiff_t> items = 0;
  for (int k = 0; k < loops; ++k) run(n, 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) { items += last - first; });
  return items;
}

}  // namespace

TEST_CASE("thread_pool: every item of many loops is done once, by no two workers of one number") {
  auto run = on_own_threads(4);
  std::vector<std::atomic<int>> inside(4), times(1001);
  for (int k = 0; k < 200; ++k)
    run(1001, 1, [&](int worker, std::ptrdiff_t first, std::ptrdiff_t last) {
      if (++inside[std::size_t(worker)] != 1) times[0] = -1000;
      for (auto i = first; i < last; ++i) ++times[std::size_t(i)];
      --inside[std::size_t(worker)];
    });
  for (auto& t : times) REQUIRE(t == 200);
}

TEST_CASE("thread_pool: a loop inside a loop is one thread's") {
  auto run = on_own_threads(3);
  std::atomic<std::ptrdiff_t> items = 0;
  run(100, 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
    for (auto i = first; i < last; ++i) items += counted(run, 1, 10);
  });
  REQUIRE(items == 1000);
}

TEST_CASE("thread_pool: a child of fork has threads of its own") {
  auto run = on_own_threads(2);
  REQUIRE(counted(run, 10, 1000) == 10'000);
  pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(counted(run, 10, 1000) == 10'000 ? 0 : 1);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  REQUIRE(counted(run, 10, 1000) == 10'000);
}
