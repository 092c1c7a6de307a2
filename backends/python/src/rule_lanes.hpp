#pragma once
#include <cohort/backend/eigen.hpp>
#include <cohort/environment/lane_formulas.hpp>
#include <cohort/environment/make.hpp>
#include <type_traits>

#include "arrays.hpp"
#include "environment_lanes.hpp"

namespace cohort::python {

namespace rules = cohort::detail;

/// One step of a lane, or of as many as the scalar is wide. Numbers of a box go as they are given, since Gymnasium's
/// environments have rules of their own for those out of bounds.
template <class E>
struct step_rule {
  E environment;

  template <class X, class A, class R, class M, class O, class... Draws>
  [[gnu::always_inline, gnu::flatten]] constexpr void operator()(X state, A action, R reward, M terminated, O seen,
                                                                 Draws&... draws) const {
    using S = typename X::scalar;
    auto s = rules::state_from<E, S>(state);
    typename rules::action_of<E, S>::type given{};
    if constexpr (rules::discrete_actions<E>) given = S(action[0]);
    else
      for (std::size_t d = 0; d < given.size(); ++d) given[d] = S(action[std::ptrdiff_t(d)]);
    auto const result = environment.step(s, given, draws...);
    rules::put_state<E, S>(s, state);
    reward.set(0, result.reward);
    terminated.set(0, select(result.terminated, S(1), S(0)));
    rules::put_seen<S>(environment, s, seen);
  }
};

/// The lanes of E. A scalar-generic one computes in T: float in packs, all lanes at once; double one by one, with the
/// standard library's sines, which are Gymnasium's. The same functions for one lane as for many, so that a lane has the
/// same bits in either.
template <class E, class T>
class rule_lanes final : public environment_lanes {
  static constexpr bool generic = rules::generic_state<E>;
  using S = real<T>;
  static auto state_type() {
    if constexpr (generic) return std::type_identity<typename E::template state<S>>();
    else return std::type_identity<typename E::state>();
  }
  using state_of = typename decltype(state_type())::type;
  static constexpr int F = generic ? int(sizeof(state_of) / sizeof(S)) : 1;  ///< numbers of a state

 public:
  rule_lanes(E const& e, options const& o)
      : environment_lanes(o, (rules::check_environment(e), rules::spaces_of(e)), episode_limit(e)), environment_(e) {
    auto const N = std::size_t(o.lanes);
    held_.resize(N * F);
    if constexpr (generic) reward_of_.resize(N);
  }
  std::unique_ptr<environment_lanes> clone() const override { return std::make_unique<rule_lanes>(*this); }
  int numbers_of_state() const override { return F; }
  double state(int lane, int k) const override {
    if constexpr (generic) return double(held_[std::size_t(k) * std::size_t(lanes()) + std::size_t(lane)]);
    else return held_[std::size_t(lane)].place;
  }

 private:
  /// Row `lane` of a view, in plain numbers.
  template <class U>
  static auto row(view<U> v, int lane) {
    return matrix_row<S, U>{v.data + lane * v.row_stride, v.column_stride};
  }
  view<T> states() { return {held_.data(), lanes(), F, 1, lanes()}; }
  view<float> shown() { return {seen_.data(), lanes(), std::ptrdiff_t(columns())}; }
  void look(int n) {
    if constexpr (generic) rules::put_seen<S>(environment_, rules::state_from<E, S>(row(states(), n)), row(shown(), n));
    else rules::put_observation(environment_, held_[std::size_t(n)], std::span(&shown()(n, 0), columns()));
  }

  void start(int n, random_stream& draws) override {
    if constexpr (generic) rules::put_state<E, S>(environment_.template reset<S>(draws), row(states(), n));
    else held_[std::size_t(n)] = environment_.reset(draws);
    look(n);
  }
  void put(int n, std::span<double const> numbers) override {
    if constexpr (generic) {
      for (int k = 0; k < F; ++k) states()(n, k) = T(numbers[std::size_t(k)]);
    } else {
      rules::require(numbers[0] >= 0 && numbers[0] < E::places && numbers[0] == std::floor(numbers[0]), "state",
                     "the place", numbers[0], ("an integer from 0 to " + std::to_string(E::places - 1)).c_str());
      held_[std::size_t(n)].place = int(numbers[0]);
    }
    look(n);
  }
  void advance() override {
    if constexpr (!generic) {
      for (int n = 0; n < lanes(); ++n) {
        auto noise = draws(n, draw_purpose::step);
        auto const result = rules::plain_step(environment_, held_[std::size_t(n)], choices_[std::size_t(n)], noise);
        reward_[std::size_t(n)] = result.reward, terminated_[std::size_t(n)] = result.terminated;
        look(n);
      }
    } else {
      constexpr bool may_draw = rules::steps_with_noise<E>, may_not = !may_draw || rules::steps_either_way<E>;
      bool noisy = may_draw;
      if constexpr (may_draw && may_not) noisy = environment_.draws_in_step();
      view<T> const reward(reward_of_.data(), lanes());
      view<std::uint8_t> const terminated(terminated_.data(), lanes());
      auto const action = given();
      step_rule<E> const f{environment_};
      auto one = [&](int n, auto&... noise) {
        f(row(states(), n), row(action, n), row(reward, n), row(terminated, n), row(shown(), n), noise...);
      };
      if constexpr (may_draw)
        for (int n = 0; noisy && n < lanes(); ++n) {
          auto noise = draws(n, draw_purpose::step);
          one(n, noise);
        }
      if constexpr (may_not && std::is_same_v<T, float>) {
        if (!noisy) backend<float>().map_rows(lanes(), f, states(), action, reward, terminated, shown());
      } else if constexpr (may_not) {
        for (int n = 0; !noisy && n < lanes(); ++n) one(n);
      }
      std::copy(reward_of_.begin(), reward_of_.end(), reward_.begin());
    }
  }
  auto given() const {
    if constexpr (rules::discrete_actions<E>) return view<std::int32_t const>(choices_.data(), lanes());
    else {
      static_assert(rules::is_box<rules::actions_of<E>>);
      return view<float const>(numbers_.data(), lanes(), rules::action_numbers<E>());
    }
  }

  E environment_;
  std::vector<std::conditional_t<generic, T, state_of>> held_;  ///< a column for each number of the state
  std::vector<T> reward_of_;
};

}  // namespace cohort::python
