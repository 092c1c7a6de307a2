#pragma once
#include <cohort/advantage/normalize.hpp>
#include <cohort/aggregation/means.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/differentiate.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/value_loss.hpp>
#include <cohort/optimizer/adam.hpp>
#include <cohort/optimizer/gradient_norm.hpp>

#include "reference.hpp"

namespace cohort::conformance {

/// Loss and its derivatives with respect to logp, entropy and value, a column each; invalid steps hold NaNs.
template <class B>
grid<double> loss_and_gradient(B& backend, bool some_invalid) {
  using T = value_t<B>;
  constexpr std::ptrdiff_t M = 1003;
  auto valid_numbers = flags(M, 1, 1);
  auto column = [&](std::uint32_t which, double low, double high) {
    auto g = inputs<T>(M, 1, which, low, high);
    for (std::ptrdiff_t i = 0; some_invalid && i < M; ++i)
      if (!valid_numbers(i)) g(i) = std::numeric_limits<T>::quiet_NaN();
    return placed<B, T>(backend, g);
  };
  auto old_logp = column(2, -3, 0), logp = column(3, -3, 0), ref_logp = column(4, -3, 0), advantage = column(5, -2, 2),
       entropy = column(6, 0, 2), value = column(7, -2, 2), target = column(8, -2, 2);
  placed<B, T> weight(backend, inputs<T>(M, 1, 9, 0, 1)), value_weight(backend, inputs<T>(1, 1, 10, 0, 1)),
      out(backend, M, 4);
  placed<B, std::uint8_t> valid(backend, valid_numbers);
  auto objective = clipped_ratio{.epsilon = .2, .epsilon_high = .28} + kl_penalty<>{} +
                   aggregate(step_mean{}, value_loss{}) + .5 * entropy_bonus{};
  step_views<T> steps{.old_logp = old_logp.in(),
                      .logp = logp.in(),
                      .ref_logp = ref_logp.in(),
                      .advantage = advantage.in(),
                      .entropy = entropy.in(),
                      .value = value.in(),
                      .target = target.in()};
  if (some_invalid) steps.valid = valid.in();
  auto results = [&](int k) { return out.out().column(k); };
  differentiate(backend, objective, steps, {weight.in(), broadcast(value_weight.in(), M)},
                {results(0), results(1), results(2), results(3)});
  return as<double>(out.now());
}

/// Loss and derivatives of a term that reads nothing else, with room for all of them and with room for its own only.
template <class B>
void only_what_is_read(B& backend) {
  using T = value_t<B>;
  constexpr std::ptrdiff_t M = 203;
  placed<B, T> old_logp(backend, inputs<T>(M, 1, 2, -3, 0)), logp(backend, inputs<T>(M, 1, 3, -3, 0)),
      advantage(backend, inputs<T>(M, 1, 5, -2, 2)), value(backend, inputs<T>(M, 1, 7, -2, 2)),
      target(backend, inputs<T>(M, 1, 8, -2, 2)), weight(backend, inputs<T>(M, 1, 9, 0, 1));
  placed<B, std::uint8_t> valid(backend, flags(M, 1, 1));
  auto check = [&](auto const& term, int slope, step_views<T> steps) {
    for (bool some_invalid : {false, true}) {
      if (some_invalid) steps.valid = valid.in();
      placed<B, T> all(backend, M, 6, order::transposed), own(backend, M, 2, order::transposed);
      auto room = [&](int k) { return all.out().column(k); };
      differentiate(backend, term, steps, {weight.in()}, {room(0), room(1), room(2), room(3), room(4), room(5)});
      differentiate(backend, term, steps, {weight.in()}, detail::make_partials<T>([&](int k) {
                      return k == 0 ? own.out().column(0) : k == slope ? own.out().column(1) : view<T>{};
                    }));
      auto with = all.now(), without = own.now();
      CAPTURE(slope, some_invalid);
      for (std::ptrdiff_t i = 0; i < M; ++i)
        for (int k = 0; k < 2; ++k) REQUIRE(without(i, k) == with(i, k == 0 ? 0 : slope));
    }
  };
  check(clipped_ratio{}, 1, {.old_logp = old_logp.in(), .logp = logp.in(), .advantage = advantage.in()});
  check(value_loss{}, 3, {.value = value.in(), .target = target.in()});
}

/// Standardized numbers far from 0 in the first column, the same with some left out in the second.
template <class B>
grid<double> standardized_numbers(B& backend) {
  using T = value_t<B>;
  constexpr std::ptrdiff_t n = 5001;
  placed<B, T> x(backend, inputs<T>(n, 2, 1, 2, 4));
  placed<B, std::uint8_t> valid(backend, flags(n, 1, 2));
  standardize{}(backend, x.out().column(0));
  standardize{.epsilon = 1e-3, .ddof = 0}(backend, x.out().column(1), valid.in());
  return as<double>(x.now());
}

/// The weights of a step mean, a step mean of valid steps, a series mean and a series mean of valid steps, a column
/// each.
template <class B>
grid<double> weights_of_steps(B& backend) {
  using T = value_t<B>;
  constexpr std::ptrdiff_t M = 301, N = 17;
  placed<B, std::uint8_t> valid(backend, flags(M, 1, 1));
  placed<B, std::int32_t> series_of(backend, integers<std::int32_t>(M, 1, 2, 0, N - 2));
  placed<B, T> out(backend, M, 4);
  for (int k = 0; k < 4; ++k) {
    aggregated_steps<T> steps{M, N, series_of.in(), k % 2 ? valid.in() : view<std::uint8_t const>{}};
    k < 2 ? step_mean{}(backend, steps, out.out().column(k)) : series_mean{}(backend, steps, out.out().column(k));
  }
  return as<double>(out.now());
}

/// Parameters after some updates by Adam with clipped gradients.
template <class B>
grid<double> parameters_after_adam(B& backend) {
  using T = value_t<B>;
  constexpr std::ptrdiff_t n = 4099;
  placed<B, T> parameters(backend, inputs<T>(n, 1, 1)), norm(backend, 2, 1);
  adam optimizer{.rate = linear{1e-2, 0}};
  auto state = optimizer.start(backend, n);
  for (int k = 0; k < 5; ++k) {
    placed<B, T> gradient(backend, inputs<T>(n, 1, std::uint32_t(2 + k)));
    gradient_norm_scale(backend, 5., gradient.in(), norm.out().part(0, 1), norm.out().part(1, 1));
    optimizer.update(backend, state, k / 5., parameters.out(), gradient.in(), view<T const>(norm.out().part(1, 1)));
  }
  return as<double>(parameters.now());
}

template <class B>
void objectives(B& backend, tolerances const& tolerance) {
  archetype<double> reference;
  SECTION("differentiate: loss and gradient of four terms are those of double") {
    for (bool some_invalid : {false, true}) {
      auto got = loss_and_gradient(backend, some_invalid), want = loss_and_gradient(reference, some_invalid);
      REQUIRE(mismatch<B>(got, want, tolerance) == "");
    }
  }
  SECTION("differentiate: loss and derivative are the same where nothing has room for what the objective leaves out") {
    only_what_is_read(backend);
  }
  SECTION("standardize: the numbers are those of double") {
    REQUIRE(mismatch<B>(standardized_numbers(backend), standardized_numbers(reference), tolerance) == "");
  }
  SECTION("step_mean and series_mean: the weights are those of double") {
    REQUIRE(mismatch<B>(weights_of_steps(backend), weights_of_steps(reference), tolerance) == "");
  }
  SECTION("adam and gradient_norm_scale: the parameters after five updates are those of double") {
    REQUIRE(mismatch<B>(parameters_after_adam(backend), parameters_after_adam(reference), tolerance) == "");
  }
}

}  // namespace cohort::conformance
