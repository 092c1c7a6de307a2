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

template <class S>
inline constexpr bool is_pack = false;
template <class S>
  requires requires { S::width; }
inline constexpr bool is_pack<S> = S::width > 1;

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
/// E's formulas take their parameters as plain numbers, the same for a whole pack: so each lane of a pack is computed
/// by itself. The state stays in the backend's memory. Source: Tobin et al. 2017, arXiv:1703.06907.
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
    std::array<S, std::size_t(P)> const parameters = draw<S>(draws);
    return {with(parameters, 0).template reset<S>(draws), {parameters}};
  }
  auto reset(random_stream& draws) const
    requires(!detail::generic_state<E>)
  {
    auto const parameters = draw<double>(draws);
    return typename base_class::state{with(parameters, 0).reset(draws), {parameters}};
  }
  template <class State, class Action, class... Draws>
    requires(sizeof...(Draws) == detail::draws_in_step<E>)
  constexpr auto step(State& s, Action const& action, Draws&... draws) const {
    if constexpr (!detail::is_pack<typename State::scalar>) {
      return with(this->own(s).parameters, 0).step(s, action, draws...);
    } else {
      using S = typename State::scalar;
      auto const numbers = lane_by_lane<2>(s, [&](E const& e, auto& one, int lane) {
        using R = one_of<S>;
        auto const taken =
            detail::action_with<E, R>(e, [&](std::size_t d) { return R(detail::number_of(action, d)[lane]); });
        auto const result = e.step(one, taken);
        return std::array{result.reward, select(result.terminated, R(1), R(0))};
      });
      return outcome_of<S>{numbers[0], numbers[1] > 0};
    }
  }
  template <class State>
  constexpr auto observe(State const& s) const {
    if constexpr (!detail::is_pack<typename State::scalar>) {
      return detail::observed<E>(with(this->own(s).parameters, 0), s);
    } else {
      return lane_by_lane<std::size_t(observation_size<E>)>(
          s, [&](E const& e, auto const& one, int) { return e.observe(one); });
    }
  }
  template <class State>
    requires detail::has_action_mask<E>
  constexpr auto action_mask(State const& s) const {
    if constexpr (!detail::is_pack<typename State::scalar>) {
      return with(this->own(s).parameters, 0).action_mask(s);
    } else {
      using S = typename State::scalar;
      constexpr std::size_t n = std::size_t(detail::mask_size_of<E>());
      auto const numbers = lane_by_lane<n>(s, [&](E const& e, auto const& one, int) {
        using R = one_of<S>;
        std::array<R, n> allowed{};
        auto const mask = e.action_mask(one);
        for (std::size_t k = 0; k < n; ++k) allowed[k] = select(mask[k], R(1), R(0));
        return allowed;
      });
      std::array<mask_t<S>, n> mask{};
      for (std::size_t k = 0; k < n; ++k) mask[k] = numbers[k] > 0;
      return mask;
    }
  }

 private:
  template <class S>
  using one_of = real<typename S::value_type>;
  template <class S>
  constexpr auto draw(random_stream& draws) const {
    std::array<S, std::size_t(P)> parameters{};
    for (std::size_t p = 0; p < drawn.size(); ++p) parameters[p] = S(draws.uniform(drawn[p].low, drawn[p].high));
    return parameters;
  }
  /// E with the parameters of one lane.
  template <class S>
  constexpr E with(std::array<S, std::size_t(P)> const& parameters, int lane) const {
    E e = this->base();
    for (std::size_t p = 0; p < drawn.size(); ++p) {
      if constexpr (detail::is_pack<S>) e.*drawn[p].member = double(parameters[p][lane]);
      else e.*drawn[p].member = detail::plain(parameters[p]);
    }
    return e;
  }
  /// f(E, state, lane) of each lane of a pack by itself: M numbers of it, as packs again.
  template <std::size_t M, class State, class F>
  constexpr auto lane_by_lane(State& s, F const& f) const {
    using S = typename State::scalar;
    using R = one_of<S>;
    std::array<S, M> all{};
    auto& packed = this->inner(s);
    typename E::template state<R> one{};
    constexpr std::size_t fields = sizeof(one) / sizeof(R);
    for (int lane = 0; lane < S::width; ++lane) {
      for (std::size_t i = 0; i < fields; ++i)
        reinterpret_cast<R*>(&one)[i] = reinterpret_cast<S const*>(&packed)[i][lane];
      auto const numbers = f(with(this->own(s).parameters, lane), one, lane);
      for (std::size_t m = 0; m < M; ++m) all[m].set(lane, numbers[m].value);
      if constexpr (!std::is_const_v<State>)
        for (std::size_t i = 0; i < fields; ++i)
          reinterpret_cast<S*>(&packed)[i].set(lane, reinterpret_cast<R const*>(&one)[i].value);
    }
    return all;
  }
};
template <class E, class... C>
domain_randomization(E, uniform_parameter<C>...) -> domain_randomization<E, int(sizeof...(C))>;

}  // namespace COHORT_NAMESPACE
