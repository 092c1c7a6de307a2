#pragma once
#include <cohort/network/all.hpp>
#include <cohort/policy/policy.hpp>

#include "memory.hpp"
#include "reference.hpp"

namespace cohort::conformance {

inline constexpr std::ptrdiff_t R = 203;  ///< rows that are sampled for
inline constexpr int G = 3;               ///< samples of each

/// Logits of which some forbid an action.
template <class T>
grid<T> logits_of(int actions) {
  auto g = inputs<T>(R, actions, 1, -4, 4);
  for (std::ptrdiff_t r = 0; r < R; r += 3) g(r, r % actions) = -std::numeric_limits<T>::infinity();
  return g;
}

/// Of given actions: logp and entropy of every sample, then the gradient of the logits.
template <class B>
grid<double> categorical_results(B& backend, int A) {
  using T = value_t<B>;
  placed<B, T> logits(backend, logits_of<T>(A)), dlogp(backend, inputs<T>(R, G, 2)),
      dentropy(backend, inputs<T>(R, G, 3)), out(backend, R, 2 * G + A);
  auto actions = integers<std::int32_t>(R, G, 4, 0, A - 1);
  for (std::ptrdiff_t r = 0; r < R; ++r)
    for (int g = 0; g < G; ++g)
      if (std::isinf(logits(r, actions(r, g)))) actions(r, g) = (actions(r, g) + 1) % A;
  placed<B, std::int32_t> action(backend, actions);
  auto columns = [&](std::ptrdiff_t first, std::ptrdiff_t count) { return out.out().columns_part(first, count); };
  categorical distribution{A};
  distribution.evaluate(backend, logits.in(), {}, action.in(), G, columns(0, G), columns(G, G));
  distribution.backward(backend, logits.in(), {}, action.in(), G, dlogp.in(), dentropy.in(), columns(2 * G, A), {});
  return as<double>(out.now());
}

template <class B>
void categorical_samples(B& backend, int A, tolerances const& tolerance) {
  using T = value_t<B>;
  placed<B, T> logits(backend, logits_of<T>(A)), logp(backend, R, G);
  placed<B, std::int32_t> action(backend, R, G), mode(backend, R, 1);
  stream_id s{11, draw_purpose::action, 3};
  categorical{A}.sample(backend, s, logits.in(), {}, G, action.out(), logp.out());
  categorical{A}.mode(backend, logits.in(), {}, mode.out());
  auto actions = action.now(), modes = mode.now();
  grid<double> want(R, G);
  double slack = tolerance.component * epsilon<T> * 10;  // of logits up to 4 and Gumbel noise up to 20
  for (std::ptrdiff_t r = 0; r < R; ++r) {
    double total = 0, largest = -INFINITY;
    for (int a = 0; a < A; ++a)
      total += std::exp(double(logits(r, a))), largest = std::max(largest, double(logits(r, a)));
    REQUIRE(double(logits(r, modes(r))) == largest);
    for (int g = 0; g < G; ++g) {
      auto perturbed = [&](int a) {
        return double(logits(r, a)) -
               std::log(-std::log(double(expected_uniform<T>(s, std::uint32_t(r), std::uint32_t(g * A + a)))));
      };
      bool in_range = actions(r, g) >= 0 && actions(r, g) < A;
      REQUIRE(in_range);
      for (int a = 0; a < A; ++a) REQUIRE(perturbed(actions(r, g)) >= perturbed(a) - slack);
      want(r, g) = double(logits(r, actions(r, g))) - std::log(total);
    }
  }
  REQUIRE(mismatch<B>(as<double>(logp.now()), want, tolerance) == "");
}

/// Of given actions: logp and entropy of every sample, the gradients of the means, and in the last row those of the
/// log-deviations for each row.
template <class B>
grid<double> gaussian_results(B& backend, int D) {
  using T = value_t<B>;
  placed<B, T> mean(backend, inputs<T>(R, D, 1)), log_std(backend, inputs<T>(D, 1, 2)),
      action(backend, inputs<T>(R, G * D, 3)), dlogp(backend, inputs<T>(R, G, 4)),
      dentropy(backend, inputs<T>(R, G, 5)), out(backend, R, 2 * G + D), dlog_std(backend, D, 1);
  auto columns = [&](std::ptrdiff_t first, std::ptrdiff_t count) { return out.out().columns_part(first, count); };
  diagonal_gaussian<T> distribution{D};
  distribution.evaluate(backend, mean.in(), log_std.in(), action.in(), G, columns(0, G), columns(G, G));
  distribution.backward(backend, mean.in(), log_std.in(), action.in(), G, dlogp.in(), dentropy.in(), columns(2 * G, D),
                        dlog_std.out());
  auto rows = as<double>(out.now()), sums = as<double>(dlog_std.now());
  grid<double> all(R + 1, 2 * G + D);
  std::copy(rows.values.begin(), rows.values.end(), all.values.begin());
  for (int d = 0; d < D; ++d) all(R, d) = sums(d) / R;
  return all;
}

template <class B>
void gaussian_samples(B& backend, int D, tolerances const& tolerance) {
  using T = value_t<B>;
  placed<B, T> mean(backend, inputs<T>(R, D, 1)), log_std(backend, inputs<T>(D, 1, 2)), action(backend, R, G * D),
      logp(backend, R, G), mode(backend, R, D);
  stream_id s{12, draw_purpose::action, 4};
  diagonal_gaussian<T>{D}.sample(backend, s, mean.in(), log_std.in(), G, action.out(), logp.out());
  diagonal_gaussian<T>{D}.mode(backend, mean.in(), log_std.in(), mode.out());
  grid<double> want(R, G * D), want_logp(R, G);
  for (std::ptrdiff_t r = 0; r < R; ++r)
    for (int i = 0; i < G * D; ++i) {
      auto u = [&](int k) { return double(expected_uniform<T>(s, std::uint32_t(r), std::uint32_t(2 * i + k))); };
      double z = std::sqrt(-2 * std::log(u(0))) * std::cos(2 * std::numbers::pi * u(1)),
             spread = double(log_std(i % D));
      want(r, i) = double(mean(r, i % D)) + std::exp(spread) * z;
      want_logp(r, i / D) += -z * z / 2 - spread - .5 * std::log(2 * std::numbers::pi);
    }
  REQUIRE(mismatch<B>(as<double>(action.now()), want, tolerance) == "");
  REQUIRE(mismatch<B>(as<double>(logp.now()), want_logp, tolerance) == "");
  REQUIRE(difference(mode.now(), mean.host) == "");
}

/// Of given actions: logp and entropy of every sample, then the gradient of what the network gives, then KL both ways,
/// their slopes and the curvature along a vector.
template <class B, class Distribution>
grid<double> distribution_results(B& backend, Distribution const& d) {
  using T = value_t<B>;
  using action = typename Distribution::action;
  int P = d.parameters(), W = d.action_width();
  auto actions = as<action>(inputs<T>(R, G * W, 4));
  if constexpr (std::is_integral_v<action>) actions = integers<std::int32_t>(R, G * W, 4, 0, 1);
  placed<B, T> p(backend, inputs<T>(R, P, 1)), dlogp(backend, inputs<T>(R, G, 2)),
      dentropy(backend, inputs<T>(R, G, 3)), other(backend, inputs<T>(R, P, 5)), v(backend, inputs<T>(R, P, 6)),
      out(backend, R, 2 * G + 3 * P + 2);
  placed<B, action> action_rows(backend, actions);
  auto columns = [&](std::ptrdiff_t first, std::ptrdiff_t count) { return out.out().columns_part(first, count); };
  d.evaluate(backend, p.in(), {}, action_rows.in(), G, columns(0, G), columns(G, G));
  d.backward(backend, p.in(), {}, action_rows.in(), G, dlogp.in(), dentropy.in(), columns(2 * G, P), {});
  kl_to(backend, d, p.in(), {}, other.in(), divergence_over::pi, columns(2 * G + P, 1), columns(2 * G + P + 2, P));
  kl_to(backend, d, p.in(), {}, other.in(), divergence_over::other, columns(2 * G + P + 1, 1),
        columns(2 * G + 2 * P + 2, P));
  curvature(backend, d, p.in(), {}, .5, v.out());
  auto all = as<double>(out.now()), product = as<double>(v.now());
  all.values.insert(all.values.end(), product.values.begin(), product.values.end());
  all.rows = std::ptrdiff_t(all.values.size()), all.columns = 1;
  return all;
}

/// Of given actions under a mask: logp and entropy of every sample, then the gradient of the logits.
template <class B, class Distribution>
grid<double> masked_results(B& backend, Distribution const& d) {
  using T = value_t<B>;
  int P = d.parameters(), W = d.action_width(), K = mask_size(d);
  auto allowed = integers<std::int32_t>(R, K, 7, 0, 1);
  for (std::ptrdiff_t r = 0; r < R; ++r)
    for (int k = 0; k < K; k += 2) allowed(r, k) = 1;
  placed<B, T> mask(backend, as<T>(allowed)), logits(backend, inputs<T>(R, P, 1)), dlogp(backend, inputs<T>(R, G, 2)),
      dentropy(backend, inputs<T>(R, G, 3)), out(backend, R, 2 * G + P);
  placed<B, std::int32_t> action(backend, R, G * W);
  auto columns = [&](std::ptrdiff_t first, std::ptrdiff_t count) { return out.out().columns_part(first, count); };
  mask_actions(backend, d, mask.in(), logits.out());
  d.evaluate(backend, logits.in(), {}, action.in(), G, columns(0, G), columns(G, G));
  d.backward(backend, logits.in(), {}, action.in(), G, dlogp.in(), dentropy.in(), columns(2 * G, P), {});
  return as<double>(out.now());
}

/// Of given actions of gsde: logp and entropy, the gradients of means, features and (for each row) free parameters, KL
/// both ways with slopes, curvature.
template <class B>
grid<double> gsde_results(B& backend, gsde const& model) {
  using T = value_t<B>;
  constexpr int D = 2, L = 3, P = D + L, F = D * L;
  auto d = model.distribution<T, D>(L);
  placed<B, T> x(backend, inputs<T>(R, P, 1)), log_s(backend, inputs<T>(F, 1, 2)),
      action(backend, inputs<T>(R, G * D, 3)), dlogp(backend, inputs<T>(R, G, 4)),
      dentropy(backend, inputs<T>(R, G, 5)), other(backend, inputs<T>(R, P + F, 6)), v(backend, inputs<T>(R, P + F, 7)),
      sum(backend, F, 1), out(backend, R, 2 * G + P + 2 * (1 + P + F));
  auto columns = [&](std::ptrdiff_t first, std::ptrdiff_t count) { return out.out().columns_part(first, count); };
  d.evaluate(backend, x.in(), log_s.in(), action.in(), G, columns(0, G), columns(G, G));
  d.backward(backend, x.in(), log_s.in(), action.in(), G, dlogp.in(), dentropy.in(), columns(2 * G, P), sum.out());
  constexpr int kl = 2 * G + P, kl_from = kl + 1 + P + F;
  kl_to(backend, d, x.in(), log_s.in(), other.in(), divergence_over::pi, columns(kl, 1), columns(kl + 1, P + F));
  kl_to(backend, d, x.in(), log_s.in(), other.in(), divergence_over::other, columns(kl_from, 1),
        columns(kl_from + 1, P + F));
  curvature(backend, d, x.in(), log_s.in(), .5, v.out());
  auto all = as<double>(out.now());
  for (auto const& more : {as<double>(v.now()), as<double>(sum.now())})
    for (double number : more.values) all.values.push_back(more.rows == F ? number / R : number);
  all.rows = std::ptrdiff_t(all.values.size()), all.columns = 1;
  return all;
}

template <class B>
void gsde_samples(B& backend, tolerances const& tolerance) {
  using T = value_t<B>;
  constexpr int D = 2, L = 3, draws = G * D * L;
  auto d = gsde{.sample_every = 4}.distribution<T, D>(L);
  placed<B, T> x(backend, inputs<T>(R, D + L, 1)), log_s(backend, inputs<T>(L * D, 1, 2)), action(backend, R, G * D),
      logp(backend, R, G), again(backend, R, G), entropy(backend, R, G);
  d.sample(backend, stream_id{13, draw_purpose::action, 6}, x.in(), log_s.in(), G, action.out(), logp.out());
  d.evaluate(backend, x.in(), log_s.in(), action.in(), G, again.out(), entropy.out());
  REQUIRE(mismatch<B>(as<double>(again.now()), as<double>(logp.now()), tolerance) == "");
  grid<double> want(R, G * D);
  for (std::ptrdiff_t r = 0; r < R; ++r)
    for (int i = 0; i < G * D; ++i) {
      want(r, i) = double(x(r, i % D));
      for (int l = 0; l < L; ++l) {
        auto u = [&](int k) {
          return double(
              expected_uniform<T>(stream_id{13, draw_purpose::action, 4}, std::uint32_t(r), std::uint32_t(k)));
        };
        double z = std::sqrt(-2 * std::log(u(i * L + l))) * std::cos(2 * std::numbers::pi * u(draws + i * L + l));
        want(r, i) += double(x(r, D + l)) * std::exp(double(log_s(l * D + i % D))) * z;
      }
    }
  REQUIRE(mismatch<B>(as<double>(action.now()), want, tolerance) == "");
}

/// Samples, of which evaluate says what sample said. Numbers that lie on the whole line, those behind a bounded action
/// too.
template <class B, class Distribution>
grid<double> distribution_samples(B& backend, Distribution const& d, tolerances const& tolerance) {
  using T = value_t<B>;
  int P = d.parameters(), W = d.action_width();
  placed<B, T> p(backend, inputs<T>(R, P, 1)), logp(backend, R, G), again(backend, R, G), entropy(backend, R, G);
  placed<B, typename Distribution::action> action(backend, R, G * W);
  d.sample(backend, stream_id{13, draw_purpose::action, 5}, p.in(), {}, G, action.out(), logp.out());
  d.evaluate(backend, p.in(), {}, action.in(), G, again.out(), entropy.out());
  REQUIRE(mismatch<B>(as<double>(again.now()), as<double>(logp.now()), tolerance) == "");
  return as<double>(action.now());
}

/// The draws of Box and Muller and of coins, from Philox, for D numbers of a sample.
template <class Model, int D, class B>
void independent_samples(B& backend, independent<Model, value_t<B>, D> const& d, tolerances const& tolerance) {
  using T = value_t<B>;
  auto found = distribution_samples(backend, d, tolerance);
  auto p = as<double>(inputs<T>(R, d.parameters(), 1));
  grid<double> want(R, found.columns);
  stream_id s{13, draw_purpose::action, 5};
  for (std::ptrdiff_t r = 0; r < R; ++r)
    for (int i = 0; i < G * D; ++i) {
      auto u = [&](int k) {
        return double(expected_uniform<T>(s, std::uint32_t(r), std::uint32_t(Model::uniforms * i + k)));
      };
      int at = Model::bounded ? i / D * 2 * D + D + i % D : i;
      if constexpr (Model::uniforms == 1) {
        want(r, at) = u(0) < 1 / (1 + std::exp(-p(r, i % D)));
      } else {
        want(r, at) = p(r, i % D) + std::exp(p(r, D + i % D)) * std::sqrt(-2 * std::log(u(0))) *
                                        std::cos(2 * std::numbers::pi * u(1));
        if (Model::bounded)
          want(r, at - D) = d.low[std::size_t(i % D)] +
                            (d.high[std::size_t(i % D)] - d.low[std::size_t(i % D)]) * (1 + std::tanh(want(r, at))) / 2;
      }
    }
  REQUIRE(mismatch<B>(found, want, tolerance) == "");
}

/// The outputs of a network, the gradient of its parameters for a given gradient of the outputs, the outputs' tangent
/// along given parameters, and what is remembered after each row, one after the other. Recurrent layers take the rows
/// for series of different lengths, in some of which an episode begins.
template <class B, class N>
grid<double> network_results(B& backend, N const& layers, int observations, int width, double low) {
  using T = value_t<B>;
  std::ptrdiff_t const rows = 37;
  detail::chain<B> network(detail::plan_of<B>(layers, observations).actor, width, 5);
  placed<B, T> parameters(backend, inputs<T>(network.end(), 1, 1, -.5, .5)),
      gradient(backend, inputs<T>(network.end(), 1, 2)), x(backend, inputs<T>(rows, observations, 3, low, 1)),
      dy(backend, inputs<T>(rows, network.outputs(), 4)), out(backend, rows, network.outputs());
  layer_trace<B> trace;
  int const M = network.memory();
  placed<B, T> before(backend, inputs<T>(10, std::max(M, 1), 6)), states(backend, rows, M);
  auto begins = inputs<T>(rows, 1, 7);
  for (auto& flag : begins.values) flag = T(flag > -.5);
  placed<B, T> goes_on(backend, begins);
  time_layout layout;
  for (int n : {10, 10, 8, 5, 3, 1}) layout.add(n);
  trace.time = {&layout, goes_on.in(), before.in()};
  backend.map(outputs{out.out()}, detail::same{},
              view<T const>(network.forward(backend, parameters.in(), x.in(), trace)));
  network.backward(backend, parameters.in(), x.in(), trace, dy.in(), gradient.out());
  network.states(backend, x.in(), trace, states.out());
  auto y = as<double>(out.now()), g = as<double>(gradient.now());
  placed<B, T> v(backend, inputs<T>(network.end(), 1, 5, -.1, .1));
  backend.map(outputs{out.out()}, detail::same{}, network.tangent(backend, parameters.in(), v.in(), x.in(), trace).y);
  auto dy_along = as<double>(out.now()), remembered = as<double>(states.now());
  for (auto const* more : {&g, &dy_along, &remembered})
    y.values.insert(y.values.end(), more->values.begin(), more->values.end());
  y.rows = std::ptrdiff_t(y.values.size()), y.columns = 1;
  return y;
}

/// A Fisher-vector product of a policy, and what describes its distributions when it is known how they change.
template <class Distribution, class B>
grid<double> fisher_results(B& backend, Distribution const& distribution, activation hidden) {
  using T = value_t<B>;
  basic_policy<B, Distribution, true> policy(backend, distribution, 5, {.hidden = {16, 16}, .activation = hidden},
                                             random_seed{3});
  placed<B, T> parameters(backend, inputs<T>(policy.parameters().rows, 1, 1, -.5, .5)),
      v(backend, inputs<T>(policy.parameters().rows, 1, 2)), x(backend, inputs<T>(R, 5, 3)),
      out(backend, policy.parameters().rows, 1), tangent(backend, R, policy.distribution_size());
  placed<B, typename Distribution::action> action(backend, R, distribution.action_width());
  backend.map(outputs{policy.parameters()}, detail::same{}, parameters.in());
  policy.evaluate(backend, x.in(), action.in(), 1);
  policy.tangent(backend, v.in(), tangent.out());
  policy.fisher_product(backend, v.in(), out.out());
  auto product = as<double>(out.now()), moved = as<double>(tangent.now());
  product.values.insert(product.values.end(), moved.values.begin(), moved.values.end());
  product.rows = std::ptrdiff_t(product.values.size());
  return product;
}

template <class B>
void policies(B& backend, tolerances const& tolerance) {
  archetype<double> reference;
  SECTION("categorical: log-probability, entropy and gradient are those of double") {
    for (int A : {2, 3, 11})
      REQUIRE(mismatch<B>(categorical_results(backend, A), categorical_results(reference, A), tolerance) == "");
  }
  SECTION("categorical: a sample is the action with the largest logit plus Gumbel noise from Philox") {
    for (int A : {2, 3, 11}) categorical_samples(backend, A, tolerance);
  }
  SECTION("diagonal_gaussian: log-probability, entropy and gradient are those of double") {
    for (int D : {1, 2, 9})
      REQUIRE(mismatch<B>(gaussian_results(backend, D), gaussian_results(reference, D), tolerance) == "");
  }
  SECTION("diagonal_gaussian: samples are Box and Muller's, from Philox") {
    for (int D : {1, 2, 9}) gaussian_samples(backend, D, tolerance);
  }
  SECTION(
      "multi_categorical, bernoulli, state_dependent_gaussian, tanh_gaussian, beta_distribution: everything that is "
      "computed of given actions is that of double") {
    using T = value_t<B>;
    auto check = [&](auto const& d, auto const& exact) {
      REQUIRE(mismatch<B>(distribution_results(backend, d), distribution_results(reference, exact), tolerance) == "");
    };
    check(multi_categorical<3>{{2, 3, 4}}, multi_categorical<3>{{2, 3, 4}});
    check(independent<bernoulli, T, 3>{}, independent<bernoulli, double, 3>{});
    check(independent<state_dependent_gaussian, T, 2>{{.low = -.5, .high = .5}},
          independent<state_dependent_gaussian, double, 2>{{.low = -.5, .high = .5}});
    check(independent<tanh_gaussian, T, 2>{{}, {-2, 0}, {2, 1}},
          independent<tanh_gaussian, double, 2>{{}, {-2, 0}, {2, 1}});
    check(independent<beta_distribution, T, 2>{{}, {-2, 0}, {2, 1}},
          independent<beta_distribution, double, 2>{{}, {-2, 0}, {2, 1}});
  }
  SECTION(
      "multi_categorical, bernoulli, state_dependent_gaussian, tanh_gaussian, beta_distribution: samples are those "
      "that Philox's words make") {
    using T = value_t<B>;
    distribution_samples(backend, multi_categorical<3>{{2, 3, 4}}, tolerance);
    independent_samples(backend, independent<bernoulli, T, 3>{}, tolerance);
    independent_samples(backend, independent<state_dependent_gaussian, T, 2>{}, tolerance);
    independent_samples(backend, independent<tanh_gaussian, T, 2>{{}, {-2, 0}, {2, 1}}, tolerance);
    auto found = distribution_samples(backend, independent<beta_distribution, T, 2>{{}, {-2, 0}, {2, 1}}, tolerance),
         want =
             distribution_samples(reference, independent<beta_distribution, double, 2>{{}, {-2, 0}, {2, 1}}, tolerance);
    REQUIRE(mismatch<B>(found, want, tolerance) == "");
  }
  SECTION("action masks: log-probability, entropy and gradient are those of double") {
    auto check = [&](auto const& d, auto const& exact) {
      REQUIRE(mismatch<B>(masked_results(backend, d), masked_results(reference, exact), tolerance) == "");
    };
    check(categorical{5}, categorical{5});
    check(multi_categorical<2>{{3, 2}}, multi_categorical<2>{{3, 2}});
    check(independent<bernoulli, value_t<B>, 3>{}, independent<bernoulli, double, 3>{});
  }
  SECTION(
      "gsde: everything that is computed of given actions is that of double, and samples are those that Philox's words "
      "make") {
    for (bool learn : {false, true}) {
      gsde model{.learn_features = learn, .expln = learn};
      REQUIRE(mismatch<B>(gsde_results(backend, model), gsde_results(reference, model), tolerance) == "");
    }
    gsde_samples(backend, tolerance);
  }
  SECTION("policy: tangents and Fisher-vector products are those of double") {
    for (auto hidden : {activation::tanh, activation::relu}) {
      REQUIRE(mismatch<B>(fisher_results(backend, categorical{4}, hidden),
                          fisher_results(reference, categorical{4}, hidden), tolerance) == "");
      REQUIRE(mismatch<B>(fisher_results(backend, diagonal_gaussian<value_t<B>>{3}, hidden),
                          fisher_results(reference, diagonal_gaussian<double>{3}, hidden), tolerance) == "");
    }
  }
  SECTION("networks: outputs, parameter gradients and tangents are those of double") {
    auto check = [&](auto const& layers, int observations, int width, double low = -1) {
      REQUIRE(mismatch<B>(network_results(backend, layers, observations, width, low),
                          network_results(reference, layers, observations, width, low), tolerance) == "");
    };
    for (auto hidden : {activation::tanh, activation::relu}) {
      check(network_options{.hidden = {64, 64}, .activation = hidden}, 4, 2);
      check(network_options{.hidden = {7}, .activation = hidden}, 3, 1);
      check(network_options{.hidden = {400, 400}, .activation = hidden}, 17, 3);
    }
    check(network_options{.hidden = {}}, 5, 2);
    check(network{side_by_side{network{columns{0, 18}, image{3, 3, 2}, convolution{3, 2, 1, activation::tanh, 1}},
                               network{columns{18, 2}, embedding{2, 3}}},
                  layer_norm{.epsilon = .1}, dense{20, activation::linear}, residual{dense{20}}},
          20, 3, 0);
    check(network{dense{20}, residual{gru{20}}, side_by_side{lstm{9}, network{min_gru{70}, dense{3}}}}, 4, 2);
  }
}

}  // namespace cohort::conformance
