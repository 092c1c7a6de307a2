#pragma once
#include <cohort/advantage/normalize.hpp>
#include <cohort/optimizer/parameter_layout.hpp>
#include <cohort/policy/policy.hpp>
#include <cohort/policy/policy_memory.hpp>
#include <limits>

// A policy seen as one of its parts, to passes over minibatches that are about that part alone.

namespace COHORT_NAMESPACE::detail {

/// What the views of both parts pass on.
template <class Policy>
struct part_of_policy {
  using T = typename Policy::T;
  using action = typename Policy::action;
  Policy& policy;

  int memory() const
    requires may_remember<Policy>
  {
    return policy.memory();
  }
  void remember(auto& backend, auto... rows) { policy.remember(backend, rows...); }

 protected:
  template <class B>
  auto evaluate_part(policy_part part, B& backend, view<T const> observation, view<action const> a, int G,
                     other_distributions<T> const& others, time_layout const* in_time) {
    if constexpr (learns_through_time<Policy, B>)
      return policy.evaluate(backend, observation, a, G, others, part, in_time);
    else return policy.evaluate(backend, observation, a, G, others, part);
  }
};

/// The actor: no values, and a gradient only where one is wanted.
template <class Policy>
struct actor_part : part_of_policy<Policy> {
  using typename part_of_policy<Policy>::T, typename part_of_policy<Policy>::action;
  static constexpr bool has_critic = false;
  bool with_gradient = true;

  int distribution_size() const { return this->policy.distribution_size(); }
  auto evaluate(auto& backend, view<T const> observation, view<action const> a, int G,
                other_distributions<T> const& others, policy_part = policy_part::actor,
                time_layout const* in_time = nullptr) {
    return this->evaluate_part(policy_part::actor, backend, observation, a, G, others, in_time);
  }
  void backward(auto& backend, view<T const> dlogp, view<T const> dentropy, view<T const> dvalue, view<T const> dkl,
                view<T const> dold_kl) {
    if (with_gradient) this->policy.backward(backend, dlogp, dentropy, dvalue, dkl, dold_kl);
  }
};

/// A critic's own parameters among a policy's.
template <class Policy>
struct critic_parameters : part_of_policy<Policy> {
  using typename part_of_policy<Policy>::T;
  using part_of_policy<Policy>::policy;
  static constexpr bool has_critic = true;

  view<T> parameters() const { return policy.critic_part(policy.parameters()); }
  view<T> gradient() const { return policy.critic_part(policy.gradient()); }
  parameter_layout layout() const {
    return layout_of(policy).part(parameters().data - policy.parameters().data, parameters().rows);
  }
};

/// The critic, with its own parameters alone.
template <class Policy>
struct critic_part : critic_parameters<Policy> {
  using typename part_of_policy<Policy>::T, typename part_of_policy<Policy>::action;
  /// Terms that read the value read nothing of the actor, for which the value stands here.
  auto evaluate(auto& backend, view<T const> observation, view<action const> a, int G,
                other_distributions<T> const& = {}, policy_part = policy_part::critic,
                time_layout const* in_time = nullptr) {
    auto now = this->evaluate_part(policy_part::critic, backend, observation, a, G, {}, in_time);
    now.logp = now.entropy = now.value;
    return now;
  }
  void backward(auto& backend, view<T const> dlogp, view<T const> dentropy, view<T const> dvalue) {
    this->policy.backward(backend, dlogp, dentropy, dvalue);
  }
};

/// A policy's critic to an update that trains it alone; a kind of policy with another one specializes it.
template <class Policy>
struct critic_alone {
  using type = critic_part<Policy>;
};

/// An update of the critic has no use for advantages, and no policy whose distance is to be watched or followed.
template <class Update>
Update of_critic(Update u) {
  u.normalize = normalization::none;
  u.target_kl = u.desired_kl = std::numeric_limits<double>::infinity();
  return u;
}

/// Refuses a policy of which actor and critic have layers in common.
template <class Policy>
void require_separate_critic(char const* who, Policy const& policy) {
  if constexpr (requires { policy.shares_trunk(); })
    if (policy.shares_trunk())
      throw value_error(
          std::string(who) +
          ": actor and critic share their trunk, so a step of one would move the other: use trunk::separate");
}

}  // namespace COHORT_NAMESPACE::detail
