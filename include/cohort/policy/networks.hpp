#pragma once
#include <cohort/network/dense.hpp>
#include <cohort/network/network.hpp>
#include <cohort/policy/network_options.hpp>
#include <optional>
#include <tuple>
#include <type_traits>

namespace COHORT_NAMESPACE {

struct same_as_actor {};

/// A policy's networks, where they are composed of layers, with what else network_options has:
///
///     networks{.actor = network{dense{64}}, .critic = network{dense{256}, dense{256}}, .policy_gain = 1}
///
/// A critic that is not given has layers like the actor's; with trunk::shared it has the actor's own.
template <class Actor = network<>, class Critic = same_as_actor>
struct networks {
  using inside = std::tuple<Actor, Critic>;
  Actor actor{};
  Critic critic{};
  cohort::trunk trunk = cohort::trunk::separate;
  double policy_gain = .01, value_gain = 1, log_std = 0;
  std::optional<running_normalization> normalize_observations{};
  initial_weights weights = initial_weights::orthogonal;
};

namespace detail {

/// The layers of a policy for its observations.
template <backend B>
struct network_plan {
  layer_sequence<B> actor, critic;
  network_options options;  ///< `hidden` and `activation` are those of plain layers
  bool is_plain = true;     ///< actor and critic have the same dense layers, with one activation

  network_plan(network_options const& o, int observations) : actor(observations), critic(observations), options(o) {
    for (int const n : o.hidden) actor.add(dense{n, o.activation});
    critic = actor;
  }
  network_plan(layer_sequence<B> of_actor, layer_sequence<B> of_critic, network_options const& o)
      : actor(std::move(of_actor)), critic(std::move(of_critic)), options(o) {
    options.hidden.clear();
    auto const all = actor.description();
    is_plain = all == critic.description();
    for (auto const& l : all)
      if (is_plain = is_plain && l.kind == "dense" && l.numbers.at(1) == all[0].numbers.at(1); is_plain)
        options.hidden.push_back(int(std::get<double>(l.numbers.at(0).second)));
    if (!is_plain) options.hidden.clear();
    else if (!all.empty())
      options.activation = *enumerator_named<activation>(std::get<std::string>(all[0].numbers[1].second));
  }
};

template <class N>
inline constexpr bool is_network = false;
template <class... L>
inline constexpr bool is_network<network<L...>> = true;
template <class N>
inline constexpr bool is_networks = false;
template <class A, class C>
inline constexpr bool is_networks<networks<A, C>> = true;

/// What a policy can be given for its networks.
template <class N>
concept given_as_networks =
    std::is_same_v<N, network_options> || is_network<N> || is_networks<N> || requires { N::describes_networks; };

/// The first layer in what a policy is given that lacks a part; where none does, one that does not.
template <class B, class L, class... More>
constexpr auto first_lacking() {
  auto const here = [] {
    if constexpr (requires { typename L::inside; })
      return []<class... Inside>(std::type_identity<std::tuple<Inside...>>) {
        return first_lacking<B, Inside..., dense>();
      }(std::type_identity<typename L::inside>());
    else return std::type_identity<L>();
  }();
  using found = typename decltype(here)::type;
  constexpr bool is_no_layer = std::is_same_v<found, same_as_actor> || given_as_networks<found>;
  if constexpr (sizeof...(More) == 0 || (!is_no_layer && layer_parts<found, B>::missing != 0)) return here;
  else return first_lacking<B, More...>();
}

/// What may stand where a distribution is chosen; whether it is one is said in a sentence.
template <class M>
concept given_as_model = !given_as_networks<M>;

template <backend B, given_as_networks N>
network_plan<B> plan_of(N const& n, int observations) {
  if constexpr (std::is_same_v<N, network_options>) return {n, observations};
  else if constexpr (is_network<N>) return plan_of<B>(networks<N>{n}, observations);
  else if constexpr (!is_networks<N>) return n.template plan<B>(observations);
  else {
    auto named = [&](char const* which, auto const& layers) {
      try {
        if constexpr (requires { layers.template sequence<B>(observations); })
          return layers.template sequence<B>(observations);
        else return layers_of<B>(layers, observations);
      } catch (value_error const& e) {
        throw value_error(std::string(which) + ": " + e.what());
      }
    };
    network_options const o{{},       {}, n.trunk, n.policy_gain, n.value_gain, n.log_std, n.normalize_observations,
                            n.weights};
    auto actor = named("the actor's network", n.actor);
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(n.critic)>, same_as_actor>) return {actor, actor, o};
    else {
      if (n.trunk == trunk::shared)
        throw value_error("networks: .critic has layers of its own, and .trunk is shared, expected one of both");
      return {std::move(actor), named("the critic's network", n.critic), o};
    }
  }
}

/// What comes out of the actor's last layer but one.
template <backend B, class E, class N>
int latent_count(E const& e, N const& n) {
  return plan_of<B>(n, observations_in(e)).actor.out().size;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
