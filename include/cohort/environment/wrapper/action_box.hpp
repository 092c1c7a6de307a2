#pragma once
#include <array>
#include <cohort/environment/wrapper/wrapper.hpp>
#include <limits>

namespace COHORT_NAMESPACE {

namespace detail {

/// E with another box of actions, of as many numbers, all in [-1, 1] or all without bounds; known to the compiler where
/// the extent is.
template <class E, bool Bounded, int D = action_numbers<E>()>
class with_action_box : public wrapper<E> {
  static constexpr box<D> same_bounds() {
    box<D> b;
    double const bound = Bounded ? 1 : std::numeric_limits<double>::infinity();
    b.low.fill(-bound), b.high.fill(bound);
    return b;
  }

 public:
  using wrapper<E>::wrapper;
  static constexpr box<D> actions = same_bounds();
};
template <class E, bool Bounded>
class with_action_box<E, Bounded, dynamic> : public wrapper<E> {
  static std::vector<double> all(E const& e, double bound) {
    return std::vector<double>(std::size_t(size_of(e.actions)), bound);
  }
  static constexpr double limit = Bounded ? 1 : std::numeric_limits<double>::infinity();

 public:
  explicit with_action_box(E e) : wrapper<E>(std::move(e)), actions{all(*this, -limit), all(*this, limit)} {}
  box<dynamic> actions;
};

/// E's box of actions, from where a device may read it: a static member is in the host's memory alone.
template <class E>
constexpr decltype(auto) action_bounds(E const& environment) {
  if constexpr (knows_actions<E>) {
    constexpr auto known = E::actions;
    return known;
  } else {
    return (environment.actions);
  }
}
/// E's step with an action of which number d is f(given number d, its low, its high, d), by E's bounds.
template <class E, class State, class Action, class F, class... Draws>
constexpr auto step_within(E const& e, State& s, Action const& action, F const& f, Draws&... draws) {
  using S = action_scalar<Action>;
  auto const& bounds = action_bounds(e);
  auto number = [&](std::size_t d) { return f(S(number_of(action, d)), bounds.low[d], bounds.high[d], d); };
  return e.step(s, action_with<E, S>(e, number), draws...);
}
/// Whether all numbers of a box have bounds.
template <class Box>
constexpr bool is_bounded(Box const& b) {
  if constexpr (requires { b.low[0]; })
    for (std::size_t d = 0; d < b.low.size(); ++d)
      if (!(b.high[d] - b.low[d] <= std::numeric_limits<double>::max())) return false;
  return true;
}
template <class E>
constexpr bool bounded_actions() {
  if constexpr (knows_actions<E>) return is_bounded(E::actions);
  else return true;  // which require_bounded_actions looks at when the program runs
}
template <class E>
void require_bounded_actions(char const* where, E const& environment) {
  if (!is_bounded(environment.actions))
    throw value_error(std::string(where) +
                      ": the environment's actions are without a bound, expected a box of finite `low` and `high`");
}

}  // namespace detail

/// Actions may be any numbers, and are clipped to E's bounds. As Gymnasium's ClipAction. Rollouts clip to the bounds of
/// what they are given as it is; this is for steps by hand, and for policies that are not to know the bounds.
template <class E>
struct action_clip : detail::with_action_box<E, false> {
  static_assert(detail::is_box<detail::actions_of<E>>,
                "action_clip: the environment's actions are choices, expected the numbers of a box");

  explicit action_clip(E e) : detail::with_action_box<E, false>(std::move(e)) {}
  template <class State, class Action, class... Draws>
    requires(detail::takes_draws<E, sizeof...(Draws)>)
  constexpr auto step(State& s, Action const& action, Draws&... draws) const {
    auto clipped = []<class S>(S given, double low, double high, std::size_t) { return clamp(given, S(low), S(high)); };
    return detail::step_within(this->base(), s, action, clipped, draws...);
  }
};

/// Actions are numbers in [-1, 1], which stand for E's from low to high:
///
///     (a - intercept) / gradient,    gradient = 2 / (high - low),    intercept = -gradient low - 1
///
/// in single precision and this order, as Gymnasium's RescaleAction(e, -1, 1). E's units are not theirs.
template <class E>
struct action_rescale : detail::with_action_box<E, true> {
  static_assert(detail::is_box<detail::actions_of<E>>,
                "action_rescale: the environment's actions are choices, expected the numbers of a box");
  static_assert(detail::bounded_actions<E>(),
                "action_rescale: the environment's actions are without a bound, expected a box of finite low and high");
  static constexpr std::array<char const*, 0> action_units{};

  explicit action_rescale(E e) : detail::with_action_box<E, true>(std::move(e)) { check(); }
  void check() const {
    detail::require_bounded_actions("action_rescale", this->base());
    for (std::size_t d = 0; d < std::size_t(detail::size_of(this->base().actions)); ++d)
      detail::require(this->base().actions.low[d] < this->base().actions.high[d], "action_rescale", "low",
                      this->base().actions.low[d], "a number lower than high");
    detail::wrapper<E>::check();
  }
  template <class State, class Action, class... Draws>
    requires(detail::takes_draws<E, sizeof...(Draws)>)
  constexpr auto step(State& s, Action const& action, Draws&... draws) const {
    auto rescaled = []<class S>(S given, double least, double most, std::size_t) {
      float const low = float(least), high = float(most);
      float const gradient = float(2 / (double(high) - double(low))), product = gradient * -low;
      float const intercept = float(double(product) - 1);
      return round_to_float(round_to_float(given - intercept) / gradient);
    };
    return detail::step_within(this->base(), s, action, rescaled, draws...);
  }
};

}  // namespace COHORT_NAMESPACE
