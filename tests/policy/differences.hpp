#pragma once
#include "../catch.hpp"
#include "policies.hpp"

// The gradient of a policy's parameters beside five-point differences.
namespace policies {

/// A loss of every log-probability, entropy, value and divergence, nonlinear so that their partials differ from step to
/// step.
struct loss {
  numbers value_of, logp, entropy, value, kl, old_kl;  // the partials

  template <class E>
  loss(E const& e, bool critic)
      : value_of(1, 0),
        logp(e.logp.rows),
        entropy(e.logp.rows),
        value(e.logp.rows),
        kl(e.kl.rows),
        old_kl(e.old_kl.rows) {
    for (std::ptrdiff_t i = 0; i < e.logp.rows; ++i) {
      double a = .3 + .1 * double(i), v = critic ? e.value[i] : 0, error = v - std::sin(double(i));
      value_of[0] += a * e.logp[i] * e.logp[i] + std::sin(e.entropy[i] * a) + .5 * error * error;
      logp[i] = 2 * a * e.logp[i];
      entropy[i] = a * std::cos(e.entropy[i] * a);
      value[i] = error;
      if (e.kl) value_of[0] += a * e.kl[i] * e.kl[i], kl[i] = 2 * a * e.kl[i];
      if (e.old_kl) value_of[0] -= a * e.old_kl[i], old_kl[i] = -a;
    }
  }
};

/// Of a policy and another with the same parameters, from which it diverges once they are moved; x: a row for each of
/// some states; action: R x G. `in_time`: the layout of the rows, if they go on from each other.
template <class Policy, class Action>
void require_gradient_of_differences(Policy policy, Policy other, numbers const& x, std::vector<Action> const& action,
                                     int G, bool with_divergences, auto const*... in_time) {
  cpu backend;
  std::ptrdiff_t R = std::ptrdiff_t(x.size()) / policy.observations();
  other_distributions<double> others;
  numbers reference, old;
  if (with_divergences) {
    for (auto* rows : {&reference, &old}) {
      for (std::ptrdiff_t k = 0; k < other.parameters().rows; ++k)
        other.parameters()[k] += .3 * std::sin(double(k) + (rows == &old));
      rows->resize(std::size_t(R * other.distribution_size()));
      other.distribution_rows(backend, view<double const>(other.parameters()), matrix(x, R), matrix(*rows, R),
                              in_time...);
    }
    others = {matrix(std::as_const(reference), R), matrix(std::as_const(old), R)};
  }
  auto evaluate = [&] {
    return loss(policy.evaluate(backend, matrix(x, R), matrix(action, R), G, others, policy_part::all, in_time...),
                Policy::has_critic);
  };
  loss at = evaluate();
  auto given = [](numbers const& v) { return v.empty() ? view<double const>{} : all(v); };
  policy.backward(backend, all(std::as_const(at.logp)), all(std::as_const(at.entropy)),
                  Policy::has_critic ? all(std::as_const(at.value)) : view<double const>{}, given(at.kl),
                  given(at.old_kl));
  numbers gradient(policy.gradient().data, policy.gradient().data + policy.gradient().rows);
  REQUIRE(std::ptrdiff_t(gradient.size()) == policy.parameters().rows);
  double largest = 0;
  for (std::size_t k = 0; k < gradient.size(); ++k) {
    double& p = policy.parameters()[std::ptrdiff_t(k)];
    double before = p;
    double expected = slope([&](double y) { return p = y, evaluate().value_of[0]; }, before, 2e-4);
    p = before;
    largest = std::max(largest, std::abs(expected));
    REQUIRE(
        close(gradient[k], expected, 1e-8, 1e-8));  // a loss of some 100, a rounding of which is 1e-14, over the step
  }
  REQUIRE(largest > .1);
}

}  // namespace policies
