#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/network/chain.hpp>
#include <cohort/policy/divergence.hpp>
#include <cohort/sampler/action_mask.hpp>

namespace COHORT_NAMESPACE::detail {

/// A network and the distribution of actions that it describes, R observations at a time. Observations are R x
/// observations(), the network's inputs and then, where actions are masked, the mask. The distribution reads R rows of
/// description's P = parameters() numbers, which are the network's first outputs, once those of forbidden actions are
/// masked, and behind them, for a distribution that asks for latents() of them, what comes out of the last hidden
/// layer.
template <backend B, class Distribution>
class actor_network {
 public:
  using T = value_t<B>;
  static constexpr bool reads_latents = requires(Distribution const& d) { d.latents(); };

  struct trace {
    layer_trace<B> network;
    typename B::template array<T> rows, slopes, tangents;
    std::ptrdiff_t passed = 0;  ///< rows
  };

  actor_network(Distribution distribution, chain<B> network, bool masked)
      : distribution_(distribution),
        network_(std::move(network)),
        masks_(mask_columns_of<B>("policy", distribution, masked)) {}

  Distribution const& distribution() const { return distribution_; }
  chain<B> const& network() const { return network_; }
  int observations() const { return network_.inputs() + masks_; }
  /// Numbers in a row that the distribution reads.
  int columns() const { return distribution_.parameters() + latents(); }

  /// The columns of an observation that the network reads.
  view<T const> inputs(view<T const> observation) const { return observation.columns_part(0, network_.inputs()); }

  /// All outputs of the network, the distribution's first. Of forbidden actions they are -inf.
  view<T> forward(B& backend, view<T const> parameters, view<T const> observation, trace& t) const {
    view<T> out = network_.forward(backend, parameters, inputs(observation), t.network);
    t.passed = out.rows;
    if constexpr (maskable<Distribution, B>)
      if (masks_ > 0)
        mask_actions(backend, distribution_, observation.columns_part(network_.inputs(), masks_),
                     out.columns_part(0, distribution_.parameters()));
    if constexpr (reads_latents) {
      backend.resize(t.rows, out.rows * columns());
      backend.map_rows(out.rows, joined{distribution_.parameters(), latents()}, view<T const>(out),
                       network_.latent(inputs(observation), t.network), t.rows.matrix(out.rows, columns()));
    }
    return out;
  }
  /// What the distribution reads of the last pass.
  view<T const> rows(trace& t) const {
    if constexpr (reads_latents) return t.rows.matrix(t.passed, columns());
    else return network_.output(t.passed, t.network).columns_part(0, columns());
  }

  /// Where the derivatives with respect to rows() go: into those of the network's outputs, if these are all.
  view<T> slopes(B& backend, trace& t, view<T> dout) const {
    if constexpr (reads_latents) {
      backend.resize(t.slopes, dout.rows * columns());
      return t.slopes.matrix(dout.rows, columns());
    } else {
      return dout.columns_part(0, columns());
    }
  }
  /// The gradient of the network's parameters, after slopes() and the rest of dout were written.
  void backward(B& backend, view<T const> parameters, view<T const> observation, trace& t, view<T> dout,
                view<T> gradient) const {
    if constexpr (reads_latents) {
      view<T const> slopes = t.slopes.matrix(dout.rows, columns());
      backend.map_rows(dout.rows, copy_columns{distribution_.parameters()}, slopes, dout);
      backward(backend, parameters, observation, t, view<T const>(dout), slopes, gradient);
    } else {
      network_.backward(backend, parameters, inputs(observation), t.network, view<T const>(dout), gradient);
    }
  }
  /// The same from derivatives with respect to rows() alone, of a network that has no other outputs.
  void backward_of_rows(B& backend, view<T const> parameters, view<T const> observation, trace& t, view<T const> drows,
                        view<T> gradient) const {
    backward(backend, parameters, observation, t, drows.columns_part(0, distribution_.parameters()), drows, gradient);
  }
  /// How rows() change when the parameters move along v.
  view<T const> tangent(B& backend, view<T const> parameters, view<T const> v, view<T const> observation,
                        trace& t) const {
    auto const [dout, dhidden] = network_.tangent(backend, parameters, v, inputs(observation), t.network);
    if constexpr (reads_latents) {
      backend.resize(t.tangents, dout.rows * columns());
      view<T> all = t.tangents.matrix(dout.rows, columns());
      int P = distribution_.parameters(), L = latents();
      view<T> dlatent = all.columns_part(P, L);
      backend.map_rows(dout.rows, copy_columns{P}, dout, all);
      if (dhidden && distribution_.learns_features()) copy_to(backend, dlatent, dhidden);
      else fill_with(backend, dlatent, 0);
      return all;
    } else {
      return dout.columns_part(0, columns());
    }
  }

 private:
  void backward(B& backend, view<T const> parameters, view<T const> observation, trace& t, view<T const> dout,
                view<T const> drows, view<T> gradient) const {
    view<T const> dlatent{};
    if constexpr (reads_latents)
      if (distribution_.learns_features()) dlatent = drows.columns_part(distribution_.parameters(), latents());
    network_.backward(backend, parameters, inputs(observation), t.network, dout, gradient, dlatent);
  }
  int latents() const {
    if constexpr (reads_latents) return distribution_.latents();
    else return 0;
  }

  Distribution distribution_;
  chain<B> network_;
  int masks_;
};

}  // namespace COHORT_NAMESPACE::detail
