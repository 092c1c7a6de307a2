#pragma once
#include <cohort/network/layer_sequence.hpp>
#include <tuple>

namespace COHORT_NAMESPACE {

/// Layers one after the other, from the observation to what a policy puts its last, linear layer behind:
///
///     network{dense{64}, layer_norm{}, dense{64, activation::relu}}
///
/// A network within another stands for its layers. Layers of your own go in like these: docs/policies.md.
template <class... Layers>
struct network {
  using inside = std::tuple<Layers...>;
  inside layers;

  constexpr network(Layers... l) : layers(std::move(l)...) {}

  template <class F>
  void each(F f) const {
    std::apply([&](auto const&... l) { (f(l), ...); }, layers);
  }
};

namespace detail {

/// The layers for observations of so many numbers. Raises value_error for layers that do not fit.
template <backend B, class... Layers>
layer_sequence<B> layers_of(network<Layers...> const& n, int observations) {
  layer_sequence<B> all{observations};
  if constexpr (sizeof...(Layers) == 0)
    throw value_error("network: it has no layers; a policy without hidden ones is {.hidden = {}}");
  all.add(n);
  return all;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
