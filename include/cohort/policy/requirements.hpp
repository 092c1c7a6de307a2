#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/random/stream.hpp>
#include <concepts>

namespace COHORT_NAMESPACE {

/// What of a controller's policy is there, member by member: `train` says the first that is missing
/// (policy/requirements.inc).
template <class P, class B>
struct policy_parts {
  using T = value_t<B>;

  static constexpr bool action = requires { typename P::action; };
  static constexpr bool has_critic = requires { bool(P::has_critic); };
  static constexpr bool parameters = requires(P& p) {
    { p.parameters() } -> std::same_as<view<T>>;
    { p.gradient() } -> std::convertible_to<view<T>>;
  };
  static constexpr bool shape = requires(P const& p) {
    { p.observations() } -> std::convertible_to<int>;
    { p.distribution().action_width() } -> std::convertible_to<int>;
  };
  static constexpr bool act = requires(P& p, B& b, view<T const> in, view<T> logp, view<typename P::action> a) {
    p.act(b, in, stream_id{}, 1, a, logp);
  };
  static constexpr bool value = [] {
    if constexpr (!has_critic) return false;
    else if constexpr (!P::has_critic) return true;
    else return requires(P& p, B& b, view<T const> in, view<T> out) { p.value(b, in, out); };
  }();
  static constexpr bool log_probability =
      requires(P& p, B& b, view<T const> in, view<T> logp, view<typename P::action const> a) {
        p.log_probability(b, in, in, a, 1, logp);
      };
  static constexpr bool evaluate = requires(P& p, B& b, view<T const> in, view<typename P::action const> a) {
    { p.evaluate(b, in, a, 1).logp } -> std::convertible_to<view<T const>>;
    { p.evaluate(b, in, a, 1).entropy } -> std::convertible_to<view<T const>>;
    { p.evaluate(b, in, a, 1).value } -> std::convertible_to<view<T const>>;
  };
  static constexpr bool backward = requires(P& p, B& b, view<T const> in) { p.backward(b, in, in, in); };

  /// The number of the first that is missing, 0 if none is.
  static constexpr int missing = [] {
    int k = 1;
    for (bool there : {action, has_critic, parameters, shape, act, value, log_probability, evaluate, backward}) {
      if (!there) return k;
      ++k;
    }
    return 0;
  }();
  template <int k>
  static constexpr bool has = missing != k;
};

}  // namespace COHORT_NAMESPACE
