#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <cohort/deploy/actor_layers.hpp>
#include <cohort/describe/enumerators.hpp>
#include <cohort/describe/type_name.hpp>
#include <cohort/environment/spaces.hpp>
#include <cohort/policy/network_options.hpp>
#include <cohort/policy/policy_memory.hpp>
#include <cstddef>
#include <limits>
#include <string_view>

// What every export has in common: the actor of a policy in plain numbers, and what cannot be exported.

namespace COHORT_NAMESPACE::detail {

/// How the most probable action is made of y, what the last layer gives.
enum class best_action {
  choices,      ///< each choice the first of its largest logits
  bits,         ///< 1 where y > 0
  numbers,      ///< y, the first of them
  tanh_bounds,  ///< low + (high - low) sigmoid(2 y)
  beta_bounds   ///< low + (high - low) a / (a + b), a and b softplus of y's halves, the middle where both are 0
};

/// What observations are normalized by: clamp((x - mean) scale, +-clip); of no numbers where they are not.
struct exported_normalization {
  std::vector<float> mean, scale;
  float clip = std::numeric_limits<float>::infinity();
};

struct exported_actor {
  std::vector<actor_layer> layers;
  std::vector<float> free;  ///< what no observation changes: log_std
  environment_spaces spaces;
  std::string distribution;
  best_action best;
  int masks = 0;  ///< numbers of the action mask that stands behind an observation
  exported_normalization normalization{};
};

/// The model that makes a distribution of a policy's numbers, where one does.
template <class Distribution>
struct model_in {
  using type = void;
};
template <class Model, class T, int D>
struct model_in<independent<Model, T, D>> {
  using type = Model;
};
template <class Gsde, class T, int D>
struct model_in<gsde_gaussian<Gsde, T, D>> {
  using type = Gsde;
};

/// A distribution without the type of its numbers and their number: "tanh_gaussian".
template <class Distribution>
std::string distribution_name() {
  using model = typename model_in<Distribution>::type;
  if constexpr (!std::is_void_v<model>) return type_name<model>();
  else {
    std::string const name = type_name<Distribution>();
    return name.substr(0, name.find('<'));
  }
}

/// Raises value_error for a distribution whose most probable action no export knows. `what` is written.
template <class Distribution>
best_action best_action_of(std::string const& where, std::string const& what) {
  using model = typename model_in<Distribution>::type;
  constexpr bool has_choices = std::is_same_v<Distribution, categorical> ||
                               requires(Distribution const& d) { []<int K>(multi_categorical<K> const&) {}(d); };
  constexpr bool is_plain = std::is_same_v<model, state_dependent_gaussian> || std::is_same_v<model, gsde> ||
                            requires(Distribution const& d) { []<class T>(diagonal_gaussian<T> const&) {}(d); };
  if constexpr (has_choices) return best_action::choices;
  else if constexpr (std::is_same_v<model, bernoulli>) return best_action::bits;
  else if constexpr (std::is_same_v<model, tanh_gaussian>) return best_action::tanh_bounds;
  else if constexpr (std::is_same_v<model, beta_distribution>) return best_action::beta_bounds;
  else if constexpr (is_plain) return best_action::numbers;
  else
    throw value_error(where + ": " + what + " has no formula for the most probable action of " +
                      distribution_name<Distribution>() +
                      "; it has those of categorical, multi_categorical, bernoulli, diagonal_gaussian, gsde, "
                      "state_dependent_gaussian, tanh_gaussian and beta_distribution");
}

inline bool is_name(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}
/// Names and units are as many as there are things, and names are names.
inline void require_names(std::string const& where, std::string const& of, space_values const& space) {
  std::size_t const count = space.kind == "discrete" ? std::size_t(space.n[0]) : space.size();
  auto counted = [&](char const* what, std::vector<std::string> const& all, std::size_t expected) {
    if (!all.empty() && all.size() != expected)
      throw value_error(where + ": the environment has " + std::to_string(all.size()) + " " + of + what +
                        ", expected " + std::to_string(expected));
  };
  counted("_names", space.names, count), counted("_units", space.units, space.size());
  for (auto name = space.names.begin(); name != space.names.end(); ++name)
    if (!is_name(*name) || std::find(space.names.begin(), name, *name) != name)
      throw value_error(where + ": '" + *name + "' is one of the environment's " + of +
                        "_names, expected a C++ name that is no other's: letters, digits and _");
}

inline void require_finite(std::string const& number, std::string const& of, std::vector<float> const& numbers) {
  auto const found = std::find_if(numbers.begin(), numbers.end(), [](float x) { return !std::isfinite(x); });
  if (found != numbers.end())
    throw not_finite_error(number + std::to_string(found - numbers.begin()) + of + " is " + text(double(*found)) +
                           ", expected a finite float");
}

/// The actor of a policy. Raises value_error for one that cannot be exported: made without an environment, of layers
/// that it does not know (recurrent ones where it does not remember), or of a distribution that is not known;
/// not_finite_error for parameters that are not finite.
template <backend B, class Policy>
exported_actor exported(B& backend, Policy& policy, std::string const& where, std::string const& what,
                        bool remembers = false) {
  using T = value_t<B>;
  using distribution = typename Policy::distribution_type;
  auto const& spaces = policy.spaces();
  if (spaces.actions.kind.empty())
    throw value_error(where + ": the policy was made without an environment, whose spaces " + what + " needs");
  require_names(where, "observation", spaces.observations), require_names(where, "action", spaces.actions);
  exported_actor actor{{},
                       {},
                       spaces,
                       distribution_name<distribution>(),
                       best_action_of<distribution>(where, what),
                       policy.observations() - memory_of(policy) - int(spaces.observations.size())};
  std::vector<T> all(std::size_t(policy.numbers().rows));
  backend.download(std::span<T>(all), view<T const>(policy.numbers()));
  actor_layers layers(where, what, int(spaces.observations.size()), remembers);
  policy.for_each_array([&](std::string const& name, std::ptrdiff_t offset, int rows, int columns) {
    std::vector<float> numbers(all.begin() + offset, all.begin() + offset + std::ptrdiff_t(rows) * columns);
    bool const is_free = name == "free";
    if (!is_free && !name.starts_with("actor.")) return;
    require_finite(where + ": number ", " of the policy's " + name, numbers);
    (is_free ? actor.free : layers.arrays[name]) = std::move(numbers);
  });
  auto const hidden = policy.actor_layers();
  int const last = layers.add(hidden, "actor.", 0);
  layers.add_dense("actor." + std::to_string(hidden.size()) + ".", last, activation::linear);
  actor.layers = std::move(layers.all);
  if (auto const& by = policy.options().normalize_observations) {
    auto const mean = all.begin() + policy.parameters().rows, scale = mean + (all.end() - mean) / 2;
    auto const D = std::ptrdiff_t(actor.spaces.observations.size());
    actor.normalization = {{mean, mean + D}, {scale, scale + D}, float(by->clip)};
    require_finite(where + ": number ", " of the observations' mean", actor.normalization.mean);
    require_finite(where + ": number ", " of the observations' scale", actor.normalization.scale);
  }
  actor.layers.back().keep_columns(policy.distribution().parameters());  // a shared trunk has the value behind them
  return actor;
}

}  // namespace COHORT_NAMESPACE::detail
