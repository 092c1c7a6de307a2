// In a penalty, and in the reward.
// case: kl_estimator_that_is_none -DIN_PENALTY
// expect: a KL estimator needs `template <class S, class R> constexpr S operator()(S logp, R ref_logp) const`
// case: kl_estimator_in_reward -DIN_REWARD
// expect: a KL estimator needs `template <class S, class R> constexpr S operator()(S logp, R ref_logp) const`
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

struct half_square {
#ifdef CONTROL
  template <class S, class R>
  constexpr S operator()(S logp, R ref_logp) const {
    return .5 * (logp - ref_logp) * (logp - ref_logp);
  }
#else
  template <class S>
  S divergence(S logp, S ref_logp) const {
    return .5 * (logp - ref_logp) * (logp - ref_logp);
  }
#endif
};

int main() {
  cohort::eigen::backend cpu;
  cohort::classic_control::cart_pole environment;
  auto policy = cohort::actor_critic{cpu, environment};
#if defined(CONTROL) || defined(IN_PENALTY)
  cohort::train(
      cpu, cohort::algorithm{.objective = cohort::clipped_ratio{} + cohort::kl_penalty{.estimator = half_square{}}},
      environment, policy, {.steps = 1000});
#endif
#if defined(CONTROL) || defined(IN_REWARD)
  cohort::train(cpu,
                cohort::algorithm{.advantage = cohort::kl_in_reward{.estimator = cohort::gae{}, .kl = half_square{}}},
                environment, policy, {.steps = 1000});
#endif
}
