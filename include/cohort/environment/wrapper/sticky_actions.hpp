#pragma once
#include <cohort/environment/wrapper/action_repeat.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

template <int A>
struct last_action {
  template <class E, class S>
  struct own {
    as_many<S, A == dynamic ? dynamic : A + 1> kept;  ///< the last action's numbers, and 1 where there was one
  };
};

}  // namespace detail

/// With this probability the last action is taken once more in the place of the one that is given, but for the first
/// of an episode. Drawn from the environment's stream, before E draws; so lanes are stepped one by one. As Gymnasium's
/// StickyAction. Source: Machado et al. 2018, arXiv:1709.06009, section 5.2.
template <class E>
struct sticky_actions : detail::with_own<E, detail::last_action<detail::action_numbers<E>()>::template own> {
  static_assert(!detail::always_masked<E>,
                "sticky_actions: the environment has an action mask, which may forbid the next step the action that is "
                "repeated");
  double probability;

  sticky_actions(E e, double p)
      : detail::with_own<E, detail::last_action<detail::action_numbers<E>()>::template own>(std::move(e)),
        probability(p) {
    if constexpr (detail::action_numbers<E>() == dynamic && !detail::generic_state<E>)
      this->kept_count = std::size_t(detail::size_of(this->base().actions)) + 1;
    check();
  }
  void check() const {
    detail::require(probability >= 0 && probability < 1, "sticky_actions", "probability", probability,
                    "a number in [0, 1)");
    detail::require_no_mask("sticky_actions", this->base());
    detail::wrapper<E>::check();
  }
  template <class State, class Action>
  constexpr auto step(State& s, Action const& action, random_stream& draws) const {
    using scalar = typename State::scalar;
    using S = detail::formula_scalar<scalar>;
    auto& kept = this->own(s).kept;
    std::size_t const A = kept.size() - 1;
    mask_t<S> stuck = (S(draws.uniform()) < S(probability)) & (S(kept[A]) > 0);
    auto taken = [&](std::size_t d) {
      S number = select(stuck, S(kept[d]), S(detail::number_of(action, d)));
      kept[d] = detail::given_back<scalar>(number);
      return number;
    };
    auto const repeated = detail::action_with<E, S>(this->base(), taken);
    kept[A] = 1;
    if constexpr (detail::steps_with_noise<E>) return E::step(s, repeated, draws);
    else return E::step(s, repeated);
  }
};

}  // namespace COHORT_NAMESPACE
