// What the bridge to Gymnasium costs: steps a second by it and by Gymnasium's own loop, in one Python, by turns, in
// time of the thread.
//
//     VIRTUAL_ENV=... bench_gymnasium CartPole-v1 20000
//
// The best of 9 rounds; and what copies take. With a number of processes as a third word: steps a second of as many
// lanes in as many processes, and of Gymnasium's AsyncVectorEnv, by turns, in wall time.
//
//     VIRTUAL_ENV=... bench_gymnasium LunarLander-v3 4000 8
#include <pybind11/eval.h>

#include <algorithm>
#include <chrono>
#include <cohort/backend/eigen.hpp>
#include <cohort/environment/vector_environment.hpp>
#include <cohort/gymnasium/make.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <type_traits>
#include <vector>

namespace {

double seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return double(now.tv_sec) + 1e-9 * double(now.tv_nsec);
}

char const* const loop = R"py(
import gymnasium, random, time

def loop(name, steps, seeded):
    env, draws = gymnasium.make(name), random.Random(1)
    n = int(env.action_space.n)
    env.reset(seed=1)
    start = time.thread_time()
    for _ in range(steps):
        _, _, terminated, truncated, _ = env.step(int(n * draws.random()))
        if terminated or truncated:
            env.reset(seed=draws.getrandbits(31)) if seeded else env.reset()
    return steps / (time.thread_time() - start)
)py";

/// What a function of some source returns, a rate.
template <class... Arguments>
double by_python(char const* source, char const* function, Arguments const&... arguments) {
  return cohort::gymnasium::detail::in_python([&] { return function; },
                                              [&] {
                                                pybind11::dict names;
                                                pybind11::exec(source, names);
                                                return pybind11::cast<double>(names[function](arguments...));
                                              });
}

template <class E>
double by_the_bridge(E const& e, int steps, float& seen) {
  cohort::random_stream draws(cohort::stream_id{1, cohort::draw_purpose::user, 0});
  auto s = e.reset(draws);
  int in_episode = 0;
  double const start = seconds();
  for (int k = 0; k < steps; ++k) {
    auto const result = e.step(s, int(draws.integer(std::uint32_t(e.actions.n))));
    seen += e.observe(s)[0];
    if (result.terminated || result.truncated || ++in_episode == e.max_episode_steps)
      s = e.reset(draws), in_episode = 0;
  }
  return steps / (seconds() - start);
}

void compare_rates(cohort::gymnasium::environment<cohort::discrete> const& e, int steps) {
  float seen = 0;
  double best[3] = {0, 0, 0};
  for (int round = 0; round < 9; ++round) {
    best[0] = std::max(best[0], by_the_bridge(e, steps, seen));
    for (bool seeded : {false, true})
      best[1 + seeded] = std::max(best[1 + seeded], by_python(loop, "loop", e.name(), steps, seeded));
  }
  std::printf(
      "%s: by the bridge %.0f steps/s; Gymnasium's loop %.0f (x %.2f), with a seed for each episode %.0f (x %.2f)\n",
      e.name().c_str(), best[0], best[1], best[0] / best[1], best[2], best[0] / best[2]);
  if (!(seen == seen)) std::printf("NaN was seen\n");
}

char const* const asynchronous = R"py(
import gymnasium, numpy, time

def asynchronous(name, lanes, steps):
    envs = gymnasium.make_vec(name, lanes, vectorization_mode="async")
    draws = numpy.random.default_rng(1)
    n = envs.single_action_space.n
    envs.reset(seed=1)
    start = time.perf_counter()
    for _ in range(steps):
        envs.step(draws.integers(n, size=lanes))
    rate = lanes * steps / (time.perf_counter() - start)
    envs.close()
    return rate
)py";

double in_processes(cohort::gymnasium::environment<cohort::discrete> const& e, int lanes, int steps) {
  using namespace cohort;
  eigen::backend cpu({.threads = 1});
  vector_environment<eigen::backend, gymnasium::environment<discrete>> all(cpu, e, lanes, 1);
  auto const N = std::size_t(lanes), D = e.observations.low.size();
  std::vector<std::int32_t> actions(N);
  std::vector<float> reward(N), seen(N * D), last(N * D);
  std::vector<std::uint8_t> terminated(N), truncated(N);
  auto row = [&](auto& of) { return view(of.data(), lanes, 1); };
  auto matrix = [&](auto& of) { return view(of.data(), lanes, std::ptrdiff_t(D)); };
  random_stream draws(stream_id{1, draw_purpose::user, 0});
  all.reset(cpu);
  auto const start = std::chrono::steady_clock::now();
  for (int t = 0; t < steps; ++t) {
    for (auto& a : actions) a = std::int32_t(draws.integer(std::uint32_t(e.actions.n)));
    all.step(cpu, view<std::int32_t const>(row(actions)), row(reward), row(terminated), row(truncated), matrix(seen));
    all.restart(cpu, view<std::uint8_t const>(row(terminated)), view<std::uint8_t const>(row(truncated)), matrix(seen),
                matrix(last));
  }
  return lanes * steps / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void compare_processes(cohort::gymnasium::environment<cohort::discrete> const& e, int lanes, int steps) {
  double best[2] = {0, 0};
  for (int round = 0; round < 5; ++round) {
    best[0] = std::max(best[0], in_processes(e, lanes, steps));
    best[1] = std::max(best[1], by_python(asynchronous, "asynchronous", e.name(), lanes, steps));
  }
  std::printf("%s: in %d processes %.0f steps/s; Gymnasium's AsyncVectorEnv %.0f (x %.2f)\n", e.name().c_str(), lanes,
              best[0], best[1], best[0] / best[1]);
}

/// The time of a copy's first step, which makes the copy, along 100 steps.
template <class E>
void time_copies(E const& e) {
  std::string const way = e.copies();
  cohort::random_stream draws(cohort::stream_id{2, cohort::draw_purpose::user, 0});
  auto const action = [&] {
    if constexpr (std::is_same_v<decltype(e.actions), cohort::discrete>)
      return int(draws.integer(std::uint32_t(e.actions.n)));
    else return std::vector<float>(e.actions.low.size(), float(draws.uniform(-1, 1)));
  };
  double total = 0;
  auto s = e.reset(draws);
  for (int k = 0; k < 100; ++k) {
    auto copy = s;
    double const start = seconds();
    e.step(copy, action());
    total += seconds() - start;
    copy = {};  // and s is its instance's only one
    if (e.step(s, action()).terminated) s = e.reset(draws);
  }
  std::printf("%s: copies by %s; a copy takes %.0f us (with its first step)\n", e.name().c_str(), way.c_str(),
              total * 1e4);
}

}  // namespace

int main(int count, char** words) {
  using namespace cohort;
  int const steps = count > 2 ? std::atoi(words[2]) : 20000, processes = count > 3 ? std::atoi(words[3]) : 0;
  gymnasium::make(count > 1 ? words[1] : "CartPole-v1", {.processes = processes}).visit([&](auto const& e) {
    using actions = std::remove_cvref_t<decltype(e.actions)>;
    if constexpr (std::is_same_v<actions, discrete>)
      if (processes > 0) return compare_processes(e, processes, steps / processes);
    if constexpr (std::is_same_v<actions, discrete>) compare_rates(e, steps);
    if constexpr (std::is_same_v<actions, discrete> || std::is_same_v<actions, box<dynamic>>) time_copies(e);
  });
}
