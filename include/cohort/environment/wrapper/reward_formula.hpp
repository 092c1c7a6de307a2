#pragma once
#include <cohort/environment/wrapper/wrapper.hpp>

namespace COHORT_NAMESPACE {

/// The reward changed by a formula, any `template <class S> constexpr S operator()(S reward) const`, which may have a
/// `check() const` of its parameters. As Gymnasium's TransformReward.
///
/// An algorithm has the like for what it learns from: `algorithm.reward`, and clipped_reward around an estimator. Here
/// it is the environment's reward itself, of which returns are reported.
template <class E, class Formula>
struct reward_formula : detail::wrapper<E> {
  Formula formula;

  reward_formula(E e, Formula f) : detail::wrapper<E>(std::move(e)), formula(std::move(f)) { check(); }
  void check() const {
    if constexpr (requires { formula.check(); }) formula.check();
    detail::wrapper<E>::check();
  }
  template <class State, class Action, class... Draws>
    requires(detail::takes_draws<E, sizeof...(Draws)>)
  constexpr auto step(State& s, Action const& action, Draws&... draws) const {
    return detail::with_reward(E::step(s, action, draws...), formula);
  }
};

namespace detail {

struct reward_times {
  double factor;
  template <class S>
  constexpr S operator()(S reward) const {
    return factor * reward;
  }
  void check() const { require(factor - factor == 0, "reward_scale", "factor", factor, "a finite number"); }
};
struct reward_between {
  double low, high;
  template <class S>
  constexpr S operator()(S reward) const {
    return clamp(reward, S(low), S(high));
  }
  void check() const { require(low <= high, "reward_clip", "low", low, "a number no higher than high"); }
};
struct reward_sign_of {
  template <class S>
  constexpr S operator()(S reward) const {
    return select(reward > 0, S(1), select(reward < 0, S(-1), reward));  // 0 stays 0, NaN stays NaN
  }
};

}  // namespace detail

/// The reward times a factor.
template <class E>
struct reward_scale : reward_formula<E, detail::reward_times> {
  reward_scale(E e, double factor) : reward_formula<E, detail::reward_times>(std::move(e), {factor}) {}
};

/// The reward no lower than `low` and no higher than `high` (infinite where there is no bound). As Gymnasium's
/// ClipReward.
template <class E>
struct reward_clip : reward_formula<E, detail::reward_between> {
  reward_clip(E e, double low, double high) : reward_formula<E, detail::reward_between>(std::move(e), {low, high}) {}
};

/// -1, 0 or 1: the reward's sign (Mnih et al. 2015).
template <class E>
struct reward_sign : reward_formula<E, detail::reward_sign_of> {
  explicit reward_sign(E e) : reward_formula<E, detail::reward_sign_of>(std::move(e), {}) {}
};

}  // namespace COHORT_NAMESPACE
