// What is written where something else belongs.
// case: schedule_for_a_number -DSCHEDULE
// expect: write scheduled{linear{.2, 0}, [](double e) { return clipped_ratio{e}; }}
// case: schedule_for_a_discount -DDISCOUNT
// expect: write scheduled{linear{.2, 0}, [](double e) { return clipped_ratio{e}; }}
// case: number_for_a_seed -DNUMBER
// expect: the seed of a policy is written random_seed{1}
// case: number_for_a_seed_with_a_distribution -DNUMBER_BEHIND
// expect: the seed of a policy is written random_seed{1}
// case: seed_before_options -DSEED_FIRST
// expect: a policy takes a backend, an environment, a distribution if you choose one, network_options and random_seed
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

using namespace cohort;

int main() {
  eigen::backend cpu;
  classic_control::pendulum environment;
#ifdef CONTROL
  auto policy = actor_critic{cpu, environment, {}, random_seed{1}};
#elif defined(SCHEDULE)
  auto objective = clipped_ratio{.epsilon = linear{.2, 0}} + value_loss{};
#elif defined(DISCOUNT)
  auto advantage = gae{.gamma = warm_up{.share = .5, .then = piecewise{{{0, .9}, {1, .99}}}}};
#elif defined(NUMBER)
  auto policy = actor_critic{cpu, environment, {}, 1};
#elif defined(NUMBER_BEHIND)
  auto policy = actor_critic{cpu, environment, beta_distribution{}, {}, 1};
#else
  auto policy = actor{cpu, environment, random_seed{1}};
#endif
}
