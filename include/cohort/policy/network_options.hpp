#pragma once
#include <cohort/environment/concept.hpp>
#include <cohort/network/mlp.hpp>
#include <cohort/sampler/bernoulli.hpp>
#include <cohort/sampler/beta_distribution.hpp>
#include <cohort/sampler/categorical.hpp>
#include <cohort/sampler/diagonal_gaussian.hpp>
#include <cohort/sampler/gsde.hpp>
#include <cohort/sampler/multi_categorical.hpp>
#include <cohort/sampler/state_dependent_gaussian.hpp>

namespace cohort {

enum class trunk { separate, shared };

/// The network of a policy. Defaults are those with which PPO is usually tuned (Huang et al. 2022, "The 37
/// implementation details of PPO", 2 and 13).
struct network_options {
  std::vector<int> hidden = {64, 64};
  cohort::activation activation = cohort::activation::tanh;
  cohort::trunk trunk = cohort::trunk::separate;  ///< whether actor and critic have hidden layers of their own
  double policy_gain = .01;  ///< of the actor's last layer: small, so that the first policy is near uniform
  double value_gain = 1;     ///< of the critic's
  double log_std = 0;        ///< initial, for box actions
};

/// What makes a distribution of means and of the last hidden layer, as `gsde` does: m.distribution<T, D>(L) for D
/// numbers and L units of that layer. The distribution has latents() and learns_features() beside what others have, and
/// overloads of distribution_rows, kl_to and curvature.
template <class M>
concept latent_model = requires(M const& m) { m.template distribution<float, 1>(1); };

/// What a policy for a box of actions can be given.
template <class M>
concept action_model = number_model<M> || latent_model<M>;

namespace detail {

/// What may stand where a distribution is chosen; whether it is one is said in a sentence.
template <class M>
concept given_as_model = std::is_class_v<M> && !std::is_same_v<M, network_options> && !std::is_same_v<M, random_seed>;

template <class Model, class E>
constexpr bool fits_box() {
  if constexpr (!environment<E> || !action_model<Model>) return false;
  else if constexpr (!is_box<actions_of<E>>) return false;
  else if constexpr (number_model<Model>) return std::is_same_v<typename Model::template action<double>, double>;
  else return true;
}

/// What an environment's actions are drawn from, of numbers of type T, unless a model is chosen for its box. (Of a type
/// that is no environment, and of a model that does not fit, the one sentence that says so is error enough: what is
/// returned then doesn't matter.)
template <class T, class E>
auto distribution_of(E const&) {
  if constexpr (!environment<E>) return diagonal_gaussian<T>{1};
  else if constexpr (discrete_actions<E>) return categorical{E::actions.n};
  else if constexpr (is_multi_discrete<actions_of<E>>)
    return multi_categorical<actions_of<E>::dimensions>{E::actions.n};
  else if constexpr (is_binary<actions_of<E>>) return independent<bernoulli, T, actions_of<E>::dimensions>{};
  else return diagonal_gaussian<T>{actions_of<E>::dimensions};
}
template <class T, class E, class Model>
auto distribution_of(E const& e, Model const& model, int latents = 1) {
  if constexpr (!fits_box<Model, E>()) return distribution_of<T>(e);
  else if constexpr (latent_model<Model>) return model.template distribution<T, actions_of<E>::dimensions>(latents);
  else return independent<Model, T, actions_of<E>::dimensions>(model, E::actions.low, E::actions.high);
}
template <class B, class E, class... Model>
using distribution_for =
    decltype(distribution_of<value_t<B>>(std::declval<E const&>(), std::declval<Model const&>()...));

template <class E>
constexpr int observation_count() {
  if constexpr (environment<E>) return observation_size<E>;
  else return 1;
}
template <class E>
int latent_count(network_options const& o) {
  return o.hidden.empty() ? observation_count<E>() : o.hidden.back();
}

template <class E>
constexpr bool is_masked() {
  if constexpr (environment<E>) return has_action_mask<E>;
  else return false;
}

}  // namespace detail
}  // namespace cohort
