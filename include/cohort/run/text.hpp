#pragma once
#include <cohort/objective/text.hpp>
#include <cohort/run/algorithm.hpp>

// A composed algorithm as text.

namespace COHORT_NAMESPACE {

namespace detail {

/// f(what it is, the component) for each part; of rewards and the reference only where something is done to them.
template <class A, class F>
void each_part(A const& a, F f) {
  f("rollout", a.rollout);
  if constexpr (!std::is_same_v<std::remove_cvref_t<decltype(a.reward)>, raw_reward>) f("reward", a.reward);
  f("advantage", a.advantage);
  f("objective", a.objective);
  f("aggregation", a.aggregation);
  f("update", a.update);
  if (a.reference.every > 0) f("reference", a.reference);
}
template <class X>
std::string part_text(X const& x) {
  if constexpr (requires { cohort::text(x); }) return cohort::text(x);
  else return component_text(x);
}

}  // namespace detail

/// An algorithm as it was composed, one part a line:
///
///     rollout      completions{prompts = 16, group = 64, max_tokens = 1024}
///     advantage    group_relative{ddof = 1, epsilon = 1e-06}
///     objective    clipped_ratio{epsilon = 0.2, epsilon_high = 0.2} + kl_penalty{k3, weight = 0.04}
///     aggregation  series_mean{}
///     update       update{epochs = 1, normalize = none, adam{rate = 1e-06, epsilon = 1e-08}, max_gradient_norm = 1}
///
/// Your own part shows its parameters as the library's do (cohort/describe/about.hpp), or just its type's name.
template <class... Parts>
std::string text(algorithm<Parts...> const& a) {
  std::string all;
  detail::each_part(a, [&](std::string what, auto const& part) {
    what.resize(13, ' ');
    all += what + detail::part_text(part) + "\n";
  });
  return all;
}

/// The same, with the formula and source of each component but the update's below the line that it stands in.
template <class... Parts>
std::string explained(algorithm<Parts...> const& a) {
  std::string all;
  detail::each_part(a, [&]<class Part>(std::string what, Part const& part) {
    bool update = what == "update";  // everybody knows its formula
    what.resize(13, ' ');
    if constexpr (requires { cohort::explained(part); }) {
      all += what + cohort::explained(part);
    } else {
      all += what + detail::part_text(part) + "\n";
      if (!update) detail::explain(all, part, false, "  ");
    }
  });
  return all;
}

}  // namespace COHORT_NAMESPACE
