#pragma once
#include <cohort/environment/action_mask.hpp>
#include <cohort/environment/check.hpp>
#include <cohort/network/activation.hpp>
#include <cohort/policy/running_normalization.hpp>
#include <cohort/sampler/bernoulli.hpp>
#include <cohort/sampler/beta_distribution.hpp>
#include <cohort/sampler/categorical.hpp>
#include <cohort/sampler/diagonal_gaussian.hpp>
#include <cohort/sampler/gsde.hpp>
#include <cohort/sampler/multi_categorical.hpp>
#include <cohort/sampler/state_dependent_gaussian.hpp>
#include <concepts>
#include <optional>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

enum class trunk { separate, shared };

/// `orthogonal` of a gain, biases 0; or weights and biases `uniform` between +-1 / sqrt(inputs of the layer), as a
/// linear layer of torch begins (Stable-Baselines3's ortho_init=False).
enum class initial_weights { orthogonal, uniform };

/// Units of each hidden layer: {64, 64}, {} for none; a single number is one layer.
struct hidden_layers : std::vector<int> {
  using std::vector<int>::vector;
  template <std::integral Units>
  hidden_layers(Units units) : hidden_layers({int(units)}) {}
  hidden_layers(std::vector<int> layers) : std::vector<int>(std::move(layers)) {}
};

/// The network of a policy. Defaults are those with which PPO is usually tuned (Huang et al. 2022, "The 37
/// implementation details of PPO", 2 and 13).
struct network_options {
  hidden_layers hidden = {64, 64};
  cohort::activation activation = cohort::activation::tanh;
  cohort::trunk trunk = cohort::trunk::separate;  ///< whether actor and critic have hidden layers of their own
  double policy_gain = .01;  ///< of the actor's last layer: small, so that the first policy is near uniform
  double value_gain = 1;     ///< of the critic's; neither is of uniform weights
  double log_std = 0;        ///< initial, for box actions
  std::optional<running_normalization> normalize_observations{};  ///< running_normalization{}, or none
  initial_weights weights = initial_weights::orthogonal;
};

/// What makes a distribution of means and of the last hidden layer, as `gsde` does: m.distribution<T, D>(L) for D
/// numbers and L units of that layer, m.distribution<T, dynamic>(L, n) for n numbers. The distribution has latents()
/// and learns_features() beside what others have, and overloads of distribution_rows, kl_to and curvature.
template <class M>
concept latent_model = requires(M const& m) { m.template distribution<float, 1>(1); };

/// What a policy can be given for its actions: a formula for one number, or one that reads the last hidden layer.
template <class M>
concept action_model = number_model<M> || latent_model<M>;

namespace detail {

template <class M>
inline constexpr bool given_as_seed = std::is_arithmetic_v<M> || std::is_same_v<M, random_seed>;
template <class Seed>
random_seed seed_of(Seed const& s) {
  constexpr bool is_seed = std::is_same_v<Seed, random_seed>;
  static_assert(is_seed, "the seed of a policy is written random_seed{1}, so that no other number is taken for it");
  if constexpr (is_seed) return s;
  else return {};
}

/// Of a policy whose environment was refused, so that what it is given to next says nothing.
struct distribution_of_nothing : categorical {
  static constexpr bool no_environment = true;
};
template <class P>
inline constexpr bool was_refused = requires { P::distribution_type::no_environment; };

template <class Model, class E>
constexpr bool fits_actions() {
  if constexpr (!environment<E> || !action_model<Model>) return false;
  else if constexpr (!number_model<Model>) return is_box<actions_of<E>>;
  else return is_box<actions_of<E>> == std::is_same_v<typename Model::template action<double>, double>;
}

/// What an environment's actions are drawn from, of numbers of type T, unless a model is chosen. (Of a type that is no
/// environment, and of a model that does not fit, the one sentence that says so is error enough: what is returned then
/// doesn't matter.)
template <class T, class E>
auto distribution_of(E const& e) {
  if constexpr (!environment<E>) return distribution_of_nothing{{1}};
  else {
    require_spaces(e);
    constexpr int D = action_numbers<E>();
    if constexpr (discrete_actions<E>) return categorical{e.actions.n};
    else if constexpr (is_multi_discrete<actions_of<E>>) return multi_categorical<D>{e.actions.n};
    else if constexpr (is_binary<actions_of<E>>) return independent<bernoulli, T, D>({}, {}, {}, size_of(e.actions));
    else return diagonal_gaussian<T>{size_of(e.actions)};
  }
}
template <class T, class E, class Model>
auto distribution_of(E const& e, Model const& model, int latents = 1) {
  if constexpr (!fits_actions<Model, E>()) return distribution_of<T>(e);
  else {
    require_spaces(e);
    constexpr int D = action_numbers<E>();
    if constexpr (latent_model<Model> && D == dynamic)
      return model.template distribution<T, D>(latents, size_of(e.actions));
    else if constexpr (latent_model<Model>) return model.template distribution<T, D>(latents);
    else if constexpr (is_box<actions_of<E>>) return independent<Model, T, D>(model, e.actions.low, e.actions.high);
    else return independent<Model, T, D>(model, {}, {}, size_of(e.actions));
  }
}
template <class B, class E, class... Model>
using distribution_for =
    decltype(distribution_of<value_t<B>>(std::declval<E const&>(), std::declval<Model const&>()...));

template <class E>
constexpr int observations_in(E const& e) {
  if constexpr (environment<E>) return observation_count(e);
  else return 1;
}

template <class E>
constexpr bool masked_in(E const& e) {
  if constexpr (environment<E>) return is_masked(e);
  else return false;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
