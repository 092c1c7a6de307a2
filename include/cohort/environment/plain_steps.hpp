#pragma once
#include <cohort/environment/action_mask.hpp>
#include <cohort/random/stream.hpp>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// One environment in plain numbers, whatever its own are: what an environment_run and an environment without its type
// are made of.

namespace COHORT_NAMESPACE::detail {

template <class X>
double plain(X const& x) {
  if constexpr (requires { x.value; }) return double(x.value);
  else return double(x);
}

/// Whether an environment has cut the episode by a rule of its own.
template <class Outcome>
bool truncates(Outcome const& result) {
  if constexpr (requires { result.truncated; }) return plain(result.truncated) != 0;
  else return false;
}

template <class E>
typename state_of<E>::type fresh_state(E const& e, random_stream& draws) {
  if constexpr (generic_state<E>) return e.template reset<real<double>>(draws);
  else return e.reset(draws);
}

template <class E>
outcome plain_step(E const& e, typename state_of<E>::type& s, step_action<E> const& action, random_stream& draws) {
  auto const result = [&] {
    if constexpr (steps_with_noise<E>) return e.step(s, action, draws);
    else return e.step(s, action);
  }();
  return {plain(result.reward), plain(result.terminated) != 0, truncates(result)};
}

/// The observation, into as many numbers.
template <class E, class T>
void put_observation(E const& e, typename state_of<E>::type const& s, std::span<T> to) {
  auto const& seen = e.observe(s);
  if constexpr (observation_size<E> == dynamic) require_count("observe", seen.size(), observation_count(e));
  for (std::size_t d = 0; d < to.size(); ++d) to[d] = T(plain(seen[d]));
}

template <class E>
std::vector<std::pair<std::string, double>> plain_info(E const& e, typename state_of<E>::type const& s) {
  std::vector<std::pair<std::string, double>> all;
  if constexpr (requires { e.info(s); })
    for (auto const& [name, value] : e.info(s)) all.emplace_back(name, plain(value));
  return all;
}

/// The numbers of an action as plain ones: floats of a box, ints of the rest.
template <class Actions>
using plain_number_of = std::conditional_t<is_box<Actions>, float, int>;
template <class E>
using plain_number = plain_number_of<actions_of<E>>;

/// The action that a step takes, of as many plain numbers as it has.
template <class E>
step_action<E> action_of_numbers(std::span<plain_number<E> const> numbers) {
  if constexpr (discrete_actions<E>) return step_action<E>(numbers[0]);
  else if constexpr (action_numbers<E>() == dynamic) return numbers;
  else {
    step_action<E> a{};
    for (std::size_t d = 0; d < a.size(); ++d) a[d] = typename step_action<E>::value_type(numbers[d]);
    return a;
  }
}

}  // namespace COHORT_NAMESPACE::detail
