#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/exact_kl_penalty.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/objective/value_loss.hpp>
#include "../catch.hpp"
#include "recorded_batch.hpp"

// TorchRL's losses, tests/golden/torchrl_objectives.py. It records gradients by a distribution's parameters: ours, by
// logp, entropy and divergence, are taken there by the distribution's own derivatives, written out.

namespace {

/// A distribution's parameters in the file, P of them a step, and at each step logp, entropy, KL(old || new) and their
/// derivatives by all of them.
struct torchrl_steps {
  golden::table rows;
  std::vector<std::string> parameters;
  std::size_t M, P;
  numbers logp, entropy, old_kl, by_logp, by_entropy, by_old_kl;  ///< derivatives: M x all parameters

  numbers const& row(std::string const& name) const { return golden::row(rows, name); }

  torchrl_steps(std::string const& file, std::vector<std::string> names, std::size_t P)
      : rows(golden::read(file)),
        parameters(std::move(names)),
        M(row("old_logp").size()),
        P(P),
        logp(M),
        entropy(M),
        old_kl(M) {
    for (auto* x : {&by_logp, &by_entropy, &by_old_kl}) x->resize(M * P * parameters.size());
  }
  double& slope(numbers& of, std::size_t i, std::size_t parameter, std::size_t k) {
    return of[(i * parameters.size() + parameter) * P + k];
  }

  /// Loss and gradient of an objective's mean over the steps.
  template <class O>
  std::pair<double, numbers> operator()(O const& o, numbers const& advantage) const {
    cpu backend;
    double const weight = 1 / double(M);
    numbers loss(M), d_logp(M), d_entropy(M), d_old_kl(M), gradient(by_logp.size(), 0);
    step_views<double> in{.old_logp = all(row("old_logp")),
                          .logp = all(logp),
                          .advantage = all(advantage),
                          .entropy = all(entropy),
                          .old_kl = all(old_kl)};
    differentiate(backend, o, in, {broadcast(view<double const>(&weight, 1), std::ptrdiff_t(M))},
                  {.loss = all(loss), .logp = all(d_logp), .entropy = all(d_entropy), .old_kl = all(d_old_kl)});
    double total = 0;
    std::size_t each = P * parameters.size();
    for (double x : loss) total += x;
    for (std::size_t k = 0; k < gradient.size(); ++k)
      gradient[k] =
          d_logp[k / each] * by_logp[k] + d_entropy[k / each] * by_entropy[k] + d_old_kl[k / each] * by_old_kl[k];
    return {total, gradient};
  }
  void require_gradient(numbers const& found, std::string const& name) const {
    for (std::size_t j = 0; j < parameters.size(); ++j) {
      auto const& expected = row(name + "/" + parameters[j]);
      REQUIRE(expected.size() == M * P);
      for (std::size_t k = 0; k < M * P; ++k) {
        CAPTURE(name, parameters[j], k);
        REQUIRE(close(found[(k / P * parameters.size() + j) * P + k % P], expected[k], 1e-10, 1e-14));
      }
    }
  }
  template <class O>
  void same(O const& o, std::string const& name) const {
    auto [loss, gradient] = (*this)(o, row("advantage"));
    CHECK(close(loss, row(name)[0], 1e-10));
    require_gradient(gradient, name);
  }
};

numbers log_softmax(double const* logits, std::size_t n) {
  numbers x(logits, logits + n);
  double total = 0;
  for (double l : x) total += std::exp(l);
  for (double& l : x) l -= std::log(total);
  return x;
}

torchrl_steps categorical() {
  torchrl_steps s("objective/torchrl_categorical.txt", {"logits"}, 4);
  for (std::size_t i = 0; i < s.M; ++i) {
    numbers now = log_softmax(&s.row("logits")[4 * i], 4), old = log_softmax(&s.row("old_logits")[4 * i], 4);
    auto action = std::size_t(s.row("action")[i]);
    s.logp[i] = now[action];
    for (std::size_t k = 0; k < 4; ++k)
      s.entropy[i] -= std::exp(now[k]) * now[k], s.old_kl[i] += std::exp(old[k]) * (old[k] - now[k]);
    for (std::size_t k = 0; k < 4; ++k) {
      s.slope(s.by_logp, i, 0, k) = (k == action) - std::exp(now[k]);
      s.slope(s.by_entropy, i, 0, k) = -std::exp(now[k]) * (now[k] + s.entropy[i]);
      s.slope(s.by_old_kl, i, 0, k) = std::exp(now[k]) - std::exp(old[k]);
    }
  }
  return s;
}

torchrl_steps gaussian() {
  torchrl_steps s("objective/torchrl_gaussian.txt", {"loc", "scale"}, 2);
  double log_2pi = std::log(2 * std::acos(-1.));
  for (std::size_t i = 0; i < s.M; ++i)
    for (std::size_t k = 0; k < 2; ++k) {
      double m = s.row("loc")[2 * i + k], d = s.row("scale")[2 * i + k], n = s.row("old_loc")[2 * i + k],
             t = s.row("old_scale")[2 * i + k];
      double a = s.row("action")[2 * i + k], square = t * t + (n - m) * (n - m);
      s.logp[i] -= (a - m) * (a - m) / (2 * d * d) + std::log(d) + .5 * log_2pi;
      s.entropy[i] += std::log(d) + .5 * (1 + log_2pi);
      s.old_kl[i] += std::log(d / t) + square / (2 * d * d) - .5;
      s.slope(s.by_logp, i, 0, k) = (a - m) / (d * d),
                               s.slope(s.by_logp, i, 1, k) = (a - m) * (a - m) / (d * d * d) - 1 / d;
      s.slope(s.by_entropy, i, 1, k) = 1 / d;
      s.slope(s.by_old_kl, i, 0, k) = (m - n) / (d * d), s.slope(s.by_old_kl, i, 1, k) = 1 / d - square / (d * d * d);
    }
  return s;
}

/// -clip(r) A with the gradient through the clip, TorchRL's CISPOLoss: none where it clips, so not CISPO.
struct clipped_surrogate {
  template <class S>
  constexpr S operator()(step_terms<S> const& s) const {
    return -clamp(exp(s.logp - s.old_logp), .8, 1.28) * s.advantage;
  }
};

}  // namespace

TEST_CASE(
    "torchrl: PPO without and with a clip, A2C, Reinforce, the entropy bonus, of categorical and of Gaussian policies",
    "[golden]") {
  for (auto const& s : {categorical(), gaussian()}) {
    s.same(importance_ratio{}, "ppo");
    s.same(clipped_ratio{.epsilon = .2}, "clip");
    s.same(clipped_ratio{.epsilon = .2, .epsilon_high = .28}, "clip_high");
    s.same(policy_gradient{}, "a2c");
    s.same(policy_gradient{}, "reinforce");
    s.same(entropy_bonus{.weight = .01}, "entropy");
    numbers a = s.row("advantage");
    double mean = 0, squares = 0;
    for (double x : a) mean += x / double(s.M);
    for (double x : a) squares += (x - mean) * (x - mean);
    for (double& x : a) x = (x - mean) / std::sqrt(squares / double(s.M - 1));
    auto [loss, gradient] = s(clipped_ratio{.epsilon = .2}, a);
    CHECK(close(loss, s.row("clip_normalized")[0], 1e-10));
    s.require_gradient(gradient, "clip_normalized");
  }
}

TEST_CASE(
    "torchrl: PPO with a KL penalty, its loss with the weight before its controller moves and its gradient with the "
    "one after",
    "[golden]") {
  for (auto const& s : {categorical(), gaussian()})
    for (std::string name : {"kl", "kl_large", "kl_right"}) {
      double kl = 0;
      for (double x : s.old_kl) kl += x / double(s.M);
      CHECK(close(kl, s.row(name + "/kl")[0], 1e-10));
      doubling_kl beta{.weight = 1, .target = name == "kl" ? .01 : name == "kl_large" ? 10 : s.row("kl/kl")[0]};
      auto before = importance_ratio{} + old_kl_penalty<doubling_kl>{.weight = beta};
      CHECK(close(s(before, s.row("advantage")).first, s.row(name)[0], 1e-10));
      beta.update(kl);
      CHECK(beta.weight == s.row(name + "/beta_after")[0]);
      s.require_gradient(s(importance_ratio{} + old_kl_penalty<doubling_kl>{.weight = beta}, s.row("advantage")).second,
                         name);
    }
}

TEST_CASE("torchrl: the critic's losses, l2, l1 and smooth_l1, each with and without a clip", "[golden]") {
  for (char const* file : {"objective/torchrl_categorical.txt", "objective/torchrl_gaussian.txt"}) {
    auto rows = golden::read(file);
    auto same = [&](auto const& o, std::string const& name) {
      cpu backend;
      std::size_t M = golden::row(rows, "value").size();
      double const weight = 1 / double(M);
      numbers loss(M), slope(M);
      step_views<double> in{.value = all(golden::row(rows, "value")),
                            .old_value = all(golden::row(rows, "old_value")),
                            .target = all(golden::row(rows, "target"))};
      differentiate(backend, o, in, {broadcast(view<double const>(&weight, 1), std::ptrdiff_t(M))},
                    {.loss = all(loss), .value = all(slope)});
      double total = 0;
      for (double x : loss) total += x;
      CAPTURE(name);
      CHECK(close(total, golden::row(rows, name)[0], 1e-10));
      for (std::size_t i = 0; i < M; ++i) CHECK(close(slope[i], golden::row(rows, name + "/value")[i], 1e-10, 1e-15));
    };
    auto with_and_without_clip = [&](auto const& distance, std::string const& name) {
      same(value_loss{.weight = 1, .distance = distance}, name);
      same(clipped_value_loss{.weight = 1, .clip = .5, .distance = distance}, name + "_clipped");
    };
    with_and_without_clip(squared_error{}, "critic_l2");
    with_and_without_clip(absolute_error{}, "critic_l1");
    with_and_without_clip(huber_error{.delta = 1}, "critic_smooth_l1");
  }
}

TEST_CASE("torchrl: GRPO on completions and its KL; its CISPO is a clipped surrogate without CISPO's gradient",
          "[golden]") {
  recorded_batch b("objective/torchrl_language.txt");
  clipped_ratio high{.epsilon = .2, .epsilon_high = .28};
  CHECK(b.distance(clipped_ratio{.epsilon = .2}, step_mean{}, "grpo") < 1e-10);
  CHECK(b.distance(high, step_mean{}, "grpo_high") < 1e-10);
  CHECK(b.distance(clipped_ratio{.epsilon = .2}, series_mean{}, "grpo_prompt") < 1e-10);
  CHECK(b.distance(kl_penalty{.weight = .04}, series_sum_mean{.length = 40}, "kl_to_ref") <
        1e-10);  // a mean over the padding too, to 40 steps
  CHECK(b.distance(clipped_surrogate{}, step_mean{}, "cispo") < 1e-10);
  CHECK(b.distance(clipped_surrogate{}, series_mean{}, "cispo_prompt") < 1e-10);
}
