// expect: a selection needs `static constexpr unsigned reads` and `template <backend B, class T = value_t<B>> void operator()(B&, step_views<T> const&, stream_id, view<T> weight) const`
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;

struct every_second {
  int first = 0;
};

int main() {
  eigen::backend cpu;
  classic_control::cart_pole environment;
  auto policy = actor_critic{cpu, environment};
#ifdef CONTROL
  auto selection = top_entropy{};
#else
  auto selection = every_second{};
#endif
  auto ppo = algorithm{.objective = weighted(selection, clipped_ratio{}) + value_loss{}};
  train(cpu, ppo, environment, policy, {.steps = 1000});
}
