#pragma once
#include <cohort/environment/wrapper/wrapper.hpp>

namespace COHORT_NAMESPACE {

/// A scalar-generic environment as a plain one, in doubles: stepped one by one on the host, it may have what lanes
/// cannot, such as extents that are known when the program runs.
template <class E>
struct on_host : detail::wrapper<E> {
  static_assert(detail::generic_state<E>, "on_host: the environment is stepped on the host as it is");
  using state = typename detail::state_of<E>::type;

  on_host(E e) : detail::wrapper<E>(std::move(e)) {}
  state reset(random_stream& draws) const { return detail::fresh_state(this->base(), draws); }
  template <class Action, class... Draws>
    requires(detail::takes_draws<E, sizeof...(Draws)>)
  outcome step(state& s, Action const& action, Draws&... draws) const {
    using S = real<double>;
    auto const given =
        detail::action_with<E, S>(this->base(), [&](std::size_t d) { return S(detail::number_of(action, d)); });
    auto const result = E::step(s, given, draws...);
    return {detail::plain(result.reward), detail::plain(result.terminated) != 0, detail::truncates(result)};
  }
  auto observe(state const& s) const { return plain_numbers<double>(E::observe(s)); }
  auto action_mask(state const& s) const
    requires detail::has_action_mask<E>
  {
    return plain_numbers<bool>(E::action_mask(s));
  }

 private:
  template <class To, class From, std::size_t N>
  static std::array<To, N> plain_numbers(std::array<From, N> const& from) {
    std::array<To, N> to;
    for (std::size_t i = 0; i < N; ++i) to[i] = To(detail::plain(from[i]));
    return to;
  }
};

}  // namespace COHORT_NAMESPACE
