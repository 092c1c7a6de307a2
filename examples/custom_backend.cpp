// Your own backend: an array, two copies and a loop (here one that hands pieces to threads); every primitive has
// a generic form on these. It then replaces what it does better. docs/backends.md goes on from here.
#include <cohort/backend/host_array.hpp>
#include <cohort/cohort.hpp>
#include <cstdio>
#include <thread>

namespace mine {

class threads : public cohort::fallback<threads, float, cohort::host_array> {
  using base = cohort::fallback<threads, float, cohort::host_array>;

 public:
  template <class F>
  void for_each(std::ptrdiff_t n, F f) {
    auto part = [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t i = first; i < last; ++i) f(i);
    };
    if (n < 4096) return part(0, n);
    std::jthread other([&] { part(n / 2, n); });
    part(0, n / 2);
  }
  template <class U>
  void upload(cohort::view<U> to, std::span<U const> from) {
    for (std::ptrdiff_t i = 0; i < to.size(); ++i) to(i / to.columns, i % to.columns) = from[std::size_t(i)];
  }
  template <class U>
  void download(std::span<std::remove_const_t<U>> to, cohort::view<U> from) {
    for (std::ptrdiff_t i = 0; i < from.size(); ++i) to[std::size_t(i)] = from(i / from.columns, i % from.columns);
  }

  /// The generic product has one sum after another; with k outside, a row of c grows at once, which a compiler turns
  /// into vectors.
  void matmul(cohort::view<float> c, cohort::view<float const> a, cohort::view<float const> b,
              bool accumulate = false) {
    base::check_product(c, a, b);
    for (std::ptrdiff_t m = 0; m < c.rows; ++m) {
      for (std::ptrdiff_t n = 0; n < c.columns && !accumulate; ++n) c(m, n) = 0;
      for (std::ptrdiff_t k = 0; k < a.columns; ++k)
        for (std::ptrdiff_t n = 0; n < c.columns; ++n) c(m, n) += a(m, k) * b(k, n);
    }
  }
};
static_assert(cohort::backend<threads>);

}  // namespace mine

int main() {
  using namespace cohort;
  mine::threads backend;
  classic_control::cart_pole environment;
  actor_critic policy{backend, environment, {.hidden = {32, 32}}, random_seed{1}};
  auto ppo = algorithm{
      .rollout = lanes{.count = 8, .horizon = 32},
      .advantage = gae{.gamma = .98, .lambda = .8},
      .objective = clipped_ratio{.epsilon = .2} + value_loss{.weight = .5},
      .update = update{.epochs = 10, .minibatch_size = 256, .optimizer = adam{.rate = 1e-3}, .max_gradient_norm = .5},
  };
  auto report = train(backend, ppo, environment, policy, {.steps = 20'000, .seed = 1});
  std::printf("%lld steps in %.1f s; the last 100 episodes returned %.0f of 500\n", (long long)report.steps,
              report.seconds, report.mean_return);
}
