#include <algorithm>
#include <atomic>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <stdexcept>
#include <vector>

#include "../catch.hpp"

// An executor that is none of the library's: all pieces by this thread, the last first.

using namespace cohort;

namespace {

struct counted {
  int loops = 0, most_workers = 0;
};
void run_backwards(void* pool, int threads, std::ptrdiff_t n, std::ptrdiff_t grain, eigen::loop_body body) {
  auto workers = int(std::clamp<std::ptrdiff_t>(n / grain, 1, threads));
  auto& seen = *static_cast<counted*>(pool);
  ++seen.loops, seen.most_workers = std::max(seen.most_workers, workers);
  for (int w = workers; w-- > 0;) body.call(body.object, w, n * w / workers, n * (w + 1) / workers);
}

template <class B>
std::vector<float> trained(B& backend) {
  classic_control::pendulum environment;
  auto policy = actor_critic{backend, environment, {.hidden = {96, 64}}, random_seed{1}};
  auto ppo = algorithm{.rollout = lanes{.count = 64, .horizon = 32}, .objective = clipped_ratio{} + value_loss{}};
  train(backend, ppo, environment, policy, {.steps = 4096, .seed = 2});
  auto numbers = policy.parameters();
  return {numbers.data, numbers.data + numbers.rows};
}

}  // namespace

TEST_CASE("executor: a run on one of your own has the bits of a run on OpenMP's threads") {
  eigen::backend by_library(eigen::options{.threads = 2});
  counted seen;
  eigen::host_backend<float> by_hand(eigen::executor(3, &run_backwards, &seen));
  CHECK(trained(by_library) == trained(by_hand));
  CHECK(seen.loops > 0);
  CHECK(seen.most_workers == 3);
}

TEST_CASE("executor: controllers with two layers of 64 are trained by one thread, however many there are") {
  classic_control::pendulum environment;
  counted seen;
  eigen::host_backend<float> backend(eigen::executor(8, &run_backwards, &seen));
  auto policy = actor_critic{backend, environment, {.hidden = {64, 64}}, random_seed{1}};
  train(backend, algorithm{.objective = clipped_ratio{} + value_loss{}}, environment, policy, {.steps = 2048});
  CHECK(seen.loops > 0);
  CHECK(seen.most_workers == 1);
}

TEST_CASE("executor: what a piece throws comes out of the loop, and the next one runs") {
  for (auto const& two : {eigen::executor(2, &eigen::run_on_openmp), eigen::on_own_threads(2)}) {
    auto fails = [](std::ptrdiff_t first, std::ptrdiff_t) {
      if (first >= 0) throw std::runtime_error("a piece");
    };
    CHECK_THROWS_WITH(two(1000, 1, fails), "a piece");
    std::atomic<std::ptrdiff_t> items = 0;
    two(1000, 1, [&](std::ptrdiff_t first, std::ptrdiff_t last) { items += last - first; });
    CHECK(items == 1000);
  }
}
