#pragma once
#include <array>
#include <cohort/environment/wrapper/own_state.hpp>

namespace COHORT_NAMESPACE {

/// A parameter of an environment that is drawn for each episode, evenly between two numbers.
template <class C>
struct uniform_parameter {
  double C::* member;
  double low, high;
};
template <class C>
uniform_parameter(double C::*, double, double) -> uniform_parameter<C>;

namespace detail {

template <int P>
struct drawn_parameters {
  template <class E, class S>
  struct own {
    std::array<S, std::size_t(P)> parameters;
  };
};

}  // namespace detail

/// At each reset the named parameters of E are drawn, from the stream of the reset and before E draws; they are a part
/// of the state, so copies have the same ones.
///
///     domain_randomization{cart_pole{}, uniform_parameter{&cart_pole::pole_mass, .05, .2}}
///
/// E's formulas take parameters as plain numbers, the same ones for all lanes of a pack: so lanes are stepped one by
/// one, in the backend's memory still. Source: Tobin et al. 2017, arXiv:1703.06907.
template <class E, int P>
class domain_randomization : public detail::with_own<E, detail::drawn_parameters<P>::template own> {
  using base_class = detail::with_own<E, detail::drawn_parameters<P>::template own>;

 public:
  std::array<uniform_parameter<E>, std::size_t(P)> drawn;

  template <class... C>
  explicit domain_randomization(E e, uniform_parameter<C>... all)
      : base_class(std::move(e)), drawn{uniform_parameter<E>{all.member, all.low, all.high}...} {
    static_assert(sizeof...(C) > 0, "domain_randomization: no parameter is drawn, expected one or more");
    check();
  }
  /// E's own check sees the lowest and the highest.
  void check() const {
    E lowest = this->base(), highest = this->base();
    for (auto const& p : drawn) {
      detail::require(p.low <= p.high && p.high - p.low < std::numeric_limits<double>::infinity(),
                      "domain_randomization", "low", p.low, "a finite number no higher than high");
      lowest.*p.member = p.low, highest.*p.member = p.high;
    }
    for (auto const* e : {&lowest, &highest})
      if constexpr (requires { e->check(); }) e->check();
  }

  template <class S>
    requires detail::generic_state<E>
  constexpr typename base_class::template state<S> reset(random_stream& draws) const {
    auto const parameters = draw<S>(draws);
    return {with(parameters).template reset<S>(draws), {parameters}};
  }
  auto reset(random_stream& draws) const
    requires(!detail::generic_state<E>)
  {
    auto const parameters = draw<double>(draws);
    return typename base_class::state{with(parameters).reset(draws), {parameters}};
  }
  template <class State, class Action>
  constexpr auto step(State& s, Action const& action, random_stream& draws) const {
    E const e = with(this->own(s).parameters);
    if constexpr (detail::steps_with_noise<E>) return e.step(s, action, draws);
    else return e.step(s, action);
  }
  template <class State>
  constexpr auto observe(State const& s) const {
    return detail::observed<E>(with(this->own(s).parameters), s);
  }
  template <class State>
    requires detail::has_action_mask<E>
  constexpr auto action_mask(State const& s) const {
    return with(this->own(s).parameters).action_mask(s);
  }

 private:
  template <class S>
  constexpr auto draw(random_stream& draws) const {
    std::array<S, std::size_t(P)> parameters{};
    for (std::size_t p = 0; p < drawn.size(); ++p) parameters[p] = S(draws.uniform(drawn[p].low, drawn[p].high));
    return parameters;
  }
  /// E with the parameters of an episode.
  template <class S>
  constexpr E with(std::array<S, std::size_t(P)> const& parameters) const {
    E e = this->base();
    for (std::size_t p = 0; p < drawn.size(); ++p) e.*drawn[p].member = detail::plain(parameters[p]);
    return e;
  }
};
template <class E, class... C>
domain_randomization(E, uniform_parameter<C>...) -> domain_randomization<E, int(sizeof...(C))>;

}  // namespace COHORT_NAMESPACE
