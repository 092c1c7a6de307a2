// expect: a policy needs `void backward(B&, view<T const> dlogp, view<T const> dentropy, view<T const> dvalue)`
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;
using cpu = eigen::backend;

/// It does nothing; only what it has matters here.
struct still {
  using T = float;
  using action = std::int32_t;
  static constexpr bool has_critic = false;
  struct evaluation {
    view<T const> logp, entropy, value;
  };
  struct distribution_type {
    int action_width() const { return 1; }
  };
  view<T> parameters() { return {}; }
  view<T> gradient() { return {}; }
  int observations() const { return 4; }
  distribution_type distribution() const { return {}; }
  void act(cpu&, view<T const>, stream_id, int, view<action>, view<T>) {}
  void log_probability(cpu&, view<T const>, view<T const>, view<action const>, int, view<T>) {}
  evaluation evaluate(cpu&, view<T const>, view<action const>, int) { return {}; }
#ifdef CONTROL
  void backward(cpu&, view<T const>, view<T const>, view<T const>) {}
#endif
};

int main() {
  cpu backend;
  classic_control::cart_pole environment;
  still policy;
  auto reinforce = algorithm{.rollout = groups{}, .advantage = group_relative{}, .objective = clipped_ratio{}};
  train(backend, reinforce, environment, policy, {.steps = 1000});
}
