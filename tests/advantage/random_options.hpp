#pragma once
#include <initializer_list>
#include "by_hand_critic.hpp"
#include "by_hand_groups.hpp"

// Every estimator with options drawn at random.
namespace references {

struct option_draws : random_stream {
  explicit option_draws(std::uint32_t seed) : random_stream(stream_id{12, draw_purpose::user, seed}) {}
  bool coin() { return integer(2) == 1; }
  int below(int n) { return int(integer(std::uint32_t(n))); }
  double share() { return coin() ? uniform() : double(integer(2)); }  // the ends of [0, 1] too
  template <class U>
  U one_of(std::initializer_list<U> choices) {
    return choices.begin()[integer(std::uint32_t(choices.size()))];
  }

  double epsilon() { return one_of({1e-6, 1e-4, .1}); }
  double dyadic() {
    return one_of({1., .5, 0.});
  }  // of discounts where a float's rounding must not tell apart what is equal
  group_of_one single() { return one_of({group_of_one::zero, group_of_one::raw}); }
  invalid_steps invalid() { return one_of({invalid_steps::skip, invalid_steps::decay}); }
  group_statistics statistics() {
    return {one_of({group_baseline::mean, group_baseline::leave_one_out, group_baseline::none}),
            one_of({group_scale::group_std, group_scale::batch_std, group_scale::none}),
            single(),
            below(2),
            epsilon(),
            one_of({epsilon_rule::added, epsilon_rule::floor})};
  }
  group_relative relative(std::initializer_list<credit> by) {
    auto s = statistics();
    auto finished = one_of({finished_episodes::leave, finished_episodes::count_as_zero});
    return {one_of(by), dyadic(), s.baseline, s.scale, finished, s.single, s.ddof, s.epsilon, s.rule};
  }
  std::vector<double> weights(int rewards) {
    std::vector<double> w;
    for (int k = 0; k < rewards; ++k) w.push_back(one_of({0., .25, 1., -2.}));
    return coin() ? w : std::vector<double>{};
  }
};

/// f(estimator), of those without a critic.
template <class F>
void each_of_groups(option_draws& d, batch const& b, F f) {
  if (b.valid.empty()) f(d.relative({credit::episode, credit::return_to_go, credit::process, credit::step}));
  else f(d.relative({credit::episode, credit::process, credit::step}));
  f(opo{d.single()});
  f(gpg{d.one_of({1., 4., .5}), d.single()});
  f(max_rl{});
  f(best_of_group{d.coin(), d.epsilon()});
  f(pass_at_k{1 + d.below(7), d.one_of({.5, 0., -1.})});
  f(optimal_token_baseline{d.coin(), d.epsilon()});
  f(gigpo{d.uniform(0, 3), d.dyadic(), d.relative({credit::episode}), d.statistics()});
  f(weighted_rewards{d.weights(b.rewards), d.statistics()});
  f(gdpo{d.weights(b.rewards),
         d.statistics(),
         {d.epsilon(), d.below(2)},
         d.one_of({averaged_over::steps, averaged_over::series})});
  f(remax{d.share()});
}
/// Those with one, and monte_carlo.
template <class F>
void each_with_critic(option_draws& d, batch const& b, F f) {
  f(gae{d.share(), d.share(), d.invalid()});
  f(monte_carlo{d.share(), d.coin(), d.invalid()});
  f(length_adaptive_gae{d.share(), d.one_of({.05, .2, 1., 7.}), d.invalid()});
  f(decoupled{length_adaptive_gae{d.share(), d.one_of({.05, .3}), d.invalid()},
              monte_carlo{d.share(), d.coin(), d.invalid()}});
  f(decoupled{gae{d.share(), d.share(), d.invalid()}, gae{d.share(), d.share(), d.invalid()}});
  f(group_and_value{d.share(), d.share()});
  if (!b.valid.empty()) return;
  f(n_step{1 + d.below(20), d.share()});
  f(v_trace{d.share(), d.share(), d.uniform(.1, 3), d.uniform(.1, 3), d.uniform(.1, 3)});
}

}  // namespace references
