#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/preset/as_in/rules.hpp>
#include <cohort/update/update.hpp>

namespace COHORT_NAMESPACE::detail {

struct one_at_end {
  template <class S, class M>
  constexpr S operator()(S, M terminated, M truncated) const {
    return select(terminated | truncated, S(1), S(0));
  }
};

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::preset::as_in {

/// A truncation taken for a termination, as programs do that know `done` alone.
template <class Estimator>
struct truncation_ends {
  Estimator estimator{};

  constexpr void parameters(auto f) const { f("", estimator); }
  static constexpr about notes{"truncation_ends", "a truncation is a termination", "CleanRL"};

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> batch, estimates<T> const& out) const {
    auto ends = backend.template temporary<std::uint8_t>(batch.series.steps());
    backend.map(outputs{ends.all()}, detail::one_at_end{}, batch.reward, batch.terminated, batch.truncated);
    batch.terminated = ends.all();
    estimator(backend, batch, out);
  }
};

/// CleanRL's ppo.py with its defaults, at fe8d8a0.
struct cleanrl {
  static constexpr rules_in_words rules{
      "cleanrl",
      "CleanRL fe8d8a0, ppo.py",
      "GAE, gamma 0.99, lambda 0.95; a truncation is an end",
      "(A - mean) / (std + 1e-8), ddof 1, of each minibatch",
      "exp(logp - old), clipped to [0.8, 1.2]",
      "none",
      "over the steps of a minibatch",
      "its own code: a whole update (tests/golden/cleanrl.py)",
  };
  static auto advantage() { return truncation_ends{gae{.gamma = .99, .lambda = .95}}; }
  static std::optional<standardize> normalize() { return standardize{}; }
  static auto ratio() { return clipped_ratio{.epsilon = .2}; }
  static constexpr kl_place kl_at = kl_place::none;
  static auto mean() { return step_mean{}; }
  static auto loss() { return ratio(); }
  static auto objective() {
    return loss() + clipped_value_loss{.weight = .25, .clip = .2} + entropy_bonus{.weight = .01};
  }
  static auto update() {
    return cohort::update{.epochs = 4,
                          .minibatches = 4,
                          .normalize = normalization::minibatch,
                          .optimizer = adam{.rate = linear{2.5e-4, 0}, .epsilon = 1e-5},
                          .max_gradient_norm = .5};
  }
};

}  // namespace COHORT_NAMESPACE::preset::as_in
