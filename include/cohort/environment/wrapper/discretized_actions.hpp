#pragma once
#include <cohort/environment/wrapper/action_box.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

template <class E, int D = action_numbers<E>()>
struct on_a_grid : wrapper<E> {
  multi_discrete<D> actions{};
  on_a_grid(E e, int bins) : wrapper<E>(std::move(e)) {
    if constexpr (D == dynamic) actions.n.resize(std::size_t(size_of(E::actions)));
    for (int& n : actions.n) n = bins;
  }
  constexpr int bins(std::size_t d) const { return actions.n[d]; }
};
template <class E>
struct on_a_grid<E, 1> : wrapper<E> {
  discrete actions;
  static constexpr std::array<char const*, 0> action_names{};
  on_a_grid(E e, int bins) : wrapper<E>(std::move(e)), actions{bins} {}
  constexpr int bins(std::size_t) const { return actions.n; }
};

}  // namespace detail

/// Each number of a box of actions becomes a choice of the middles of `bins` equal parts of its range: discrete{bins}
/// where the compiler knows that it is one number, multi_discrete otherwise. In single precision and the order of
/// Gymnasium's DiscretizeAction(e, bins, multidiscrete=True), choices out of range too, which are the nearest one. Bins
/// that differ are set in `actions.n`.
template <class E>
struct discretized_actions : detail::on_a_grid<E> {
  static_assert(detail::is_box<detail::actions_of<E>>,
                "discretized_actions: the environment's actions are choices already, expected the numbers of a box");
  static_assert(detail::bounded_actions<E>(),
                "discretized_actions: the environment's actions are without a bound, expected a box of finite low and "
                "high");
  static constexpr std::array<char const*, 0> action_units{};

  discretized_actions(E e, int bins) : detail::on_a_grid<E>(std::move(e), bins) { check(); }
  void check() const {
    for (int n : detail::choices_of(this->actions))
      detail::require(n > 0, "discretized_actions", "bins", n, "a positive number");
    detail::require_bounded_actions("discretized_actions", this->base());
    detail::wrapper<E>::check();
  }
  template <class State, class Action, class... Draws>
    requires(detail::takes_draws<E, sizeof...(Draws)>)
  constexpr auto step(State& s, Action const& action, Draws&... draws) const {
    auto middle = [&]<class S>(S given, double least, double most, std::size_t d) {
      float const low = float(least), high = float(most);
      int const bins = this->bins(d);
      float const range = high - low, width = range / float(bins);
      auto edge = [&](S k) { return select(k >= bins, S(high), round_to_float(round_to_float(k * width) + low)); };
      S k = clamp(given, S(0), S(bins - 1));
      return round_to_float(.5 * round_to_float(edge(k) + edge(k + 1)));
    };
    return detail::step_within(this->base(), s, action, middle, draws...);
  }
};

}  // namespace COHORT_NAMESPACE
