#pragma once
#include <cohort/language/model/token_head.hpp>
#include <cohort/update/part_views.hpp>

namespace COHORT_NAMESPACE::detail {

/// The value head of a language model, with its own parameters alone.
template <class Policy>
struct value_head_part : critic_parameters<Policy> {
  using T = typename Policy::T;

  auto const& options() const { return this->policy.options(); }
  auto const& settings() const { return this->policy.settings(); }
  template <class B>
  void zero_gradient(B& backend) {
    this->policy.zero_gradient(backend);
  }
  template <class B, class Packing>
  void evaluate(B& backend, view<T const>, Packing const& packing, double temperature, head_results<T> const& out) {
    this->policy.evaluate(backend, view<T const>(this->policy.parameters()), packing, temperature, out);
  }
  template <class B, class Packing, class F>
  void accumulate_gradient(B& backend, Packing const& packing, double temperature, F partials) {
    this->policy.accumulate_gradient(backend, packing, temperature, partials, policy_part::critic);
  }
};

template <class Policy>
  requires requires(Policy const& p) { p.settings().rows_per_pass; }
struct critic_alone<Policy> {
  using type = value_head_part<Policy>;
};

}  // namespace COHORT_NAMESPACE::detail
