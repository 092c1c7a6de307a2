#pragma once
#include <cohort/describe/needs.hpp>
#include <cohort/scalar/dependency.hpp>

namespace cohort {

/// What an objective of one step may read. Only logp, entropy, value, kl and old_kl depend on the parameters; the
/// others are constants to it.
template <class S>
struct step_terms {
  constant_t<S> sampler_logp{};  ///< log-probability under what drew the action, filters and precision included
  constant_t<S> old_logp{};      ///< under the policy before this update
  S logp{};                      ///< under the policy now
  constant_t<S> ref_logp{};      ///< under the frozen reference
  constant_t<S> advantage{};
  S entropy{};                ///< of the policy's distribution at this step, in nats
  S value{};                  ///< the critic's estimate now
  constant_t<S> old_value{};  ///< and before this update
  constant_t<S> target{};     ///< what the value should be
  S kl{};                     ///< KL(pi || ref) of the whole distributions at this step, exactly, in nats
  S old_kl{};                 ///< KL(old || pi), the old one that of the policy before this update
};

namespace detail {

/// Each term as the input that it is.
constexpr step_terms<dependency> all_terms() {
  using d = dependency;
  step_terms<d> terms;
  terms.sampler_logp = d::on(needs::sampler_logp);
  terms.old_logp = d::on(needs::old_logp);
  terms.logp = d::on(needs::logp);
  terms.ref_logp = d::on(needs::ref_logp);
  terms.advantage = d::on(needs::advantage);
  terms.entropy = d::on(needs::entropy);
  terms.value = d::on(needs::value);
  terms.old_value = d::on(needs::old_value);
  terms.target = d::on(needs::target);
  terms.kl = d::on(needs::kl);
  terms.old_kl = d::on(needs::old_kl);
  return terms;
}

}  // namespace detail

/// A callable that gives the loss of one step, over any scalar.
template <class O>
concept step_objective = requires(O const& o, step_terms<dependency> const& terms) {
  { o(terms) } -> std::same_as<dependency>;
};

}  // namespace cohort
