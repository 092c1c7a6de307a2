#pragma once
#include <cohort/network/layer_text.hpp>
#include <cohort/policy/networks.hpp>

namespace COHORT_NAMESPACE {

/// A network whose layers are chosen when the program runs, by the text that C++ has for them; what is not given is
/// what the layer has by itself:
///
///     actor_critic{cpu, environment, network_text{"gru{64}, dense{64, relu}"}, random_seed{1}}
///     networks{.actor = network_text{"dense{64}"}, .critic = network_text{"dense{256}, layer_norm, dense{256}"}}
///
/// Of the library's own layers (docs/policies.md). A text without layers is a network without hidden ones. Making a
/// policy with it raises value_error for what is no layer, with its place in the text and the nearest names.
struct network_text {
  static constexpr bool describes_networks = true;
  std::string layers;

  template <backend B>
  detail::layer_sequence<B> sequence(int observations) const {
    detail::layer_sequence<B> all{observations};
    detail::add_described(all, detail::layer_reader(layers).all());
    return all;
  }
  template <backend B>
  detail::network_plan<B> plan(int observations) const {
    auto const all = sequence<B>(observations);
    return {all, all, {}};
  }
};

}  // namespace COHORT_NAMESPACE
