// What the bridge to Gymnasium costs: steps a second by it and by Gymnasium's own loop, in one Python, by turns, in
// time of the thread.
//
//     VIRTUAL_ENV=... bench_gymnasium CartPole-v1 20000
//
// The best of 9 rounds; and what copies take.
#include <pybind11/eval.h>

#include <algorithm>
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
  namespace py = pybind11;
  float seen = 0;
  double best[3] = {0, 0, 0};
  for (int round = 0; round < 9; ++round) {
    best[0] = std::max(best[0], by_the_bridge(e, steps, seen));
    cohort::gymnasium::detail::in_python([] { return "Gymnasium's loop"; },
                                         [&] {
                                           py::dict names;
                                           py::exec(loop, names);
                                           for (bool seeded : {false, true}) {
                                             auto const rate = names["loop"](e.name(), steps, seeded);
                                             best[1 + seeded] = std::max(best[1 + seeded], py::cast<double>(rate));
                                           }
                                         });
  }
  std::printf(
      "%s: by the bridge %.0f steps/s; Gymnasium's loop %.0f (x %.2f), with a seed for each episode %.0f (x %.2f)\n",
      e.name().c_str(), best[0], best[1], best[0] / best[1], best[2], best[0] / best[2]);
  if (!(seen == seen)) std::printf("NaN was seen\n");
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
  int const steps = count > 2 ? std::atoi(words[2]) : 20000;
  gymnasium::make(count > 1 ? words[1] : "CartPole-v1").visit([&](auto const& e) {
    using actions = std::remove_cvref_t<decltype(e.actions)>;
    if constexpr (std::is_same_v<actions, discrete>) compare_rates(e, steps);
    if constexpr (std::is_same_v<actions, discrete> || std::is_same_v<actions, box<dynamic>>) time_copies(e);
  });
}
