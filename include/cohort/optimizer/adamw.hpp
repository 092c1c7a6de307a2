#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/optimizer/adam.hpp>
#include <cohort/optimizer/parameter_layout.hpp>
#include <span>

namespace COHORT_NAMESPACE {

/// Which parameters decay: weight matrices (embeddings, too) but neither biases nor norms nor log_std, or all.
enum class decayed { matrices, all };

namespace detail {

/// Adam's step from a parameter that has decayed, everywhere or where the mask says so.
struct decayed_adam_step {
  adam_step adam;
  double keep;
  template <class S>
  constexpr several<S, 3> operator()(S g, S p, S m, S v) const {
    return adam(g, keep * p, m, v);
  }
  template <class S, class M>
  constexpr several<S, 3> operator()(S g, S p, S m, S v, M decays) const {
    return adam(g, select(decays, keep * p, p), m, v);
  }
};

}  // namespace detail

/// AdamW: Adam with weight decay that the gradient's moments do not see,
///
///     p <- p (1 - rate decay) - rate m^ / (sqrt(v^) + epsilon),
///
/// m^, v^, scale and limit as adam has it. By default matrices alone decay, as language models are trained
/// (transformers' Trainer, nanoGPT); torch.optim.AdamW is decayed::all. The policy tells which parameters are matrices
/// (see parameter_layout): raises value_error where one does not. Two numbers for each parameter are kept, and a byte
/// for the choice.
///
/// Source: Loshchilov and Hutter 2017, arXiv:1711.05101, algorithm 2, its decay times the rate as in torch, whose
/// defaults these are but for `decays`.
struct adamw {
  optimizer_rate rate = 1e-3;       ///< > 0; per update, so its unit is that of a parameter
  double beta1 = .9, beta2 = .999;  ///< in [0, 1)
  double epsilon = 1e-8;            ///< >= 0; in the unit of the gradient
  double decay = .01;               ///< >= 0; over the rate's unit
  decayed decays = decayed::matrices;

  static constexpr about notes{"adamw", "p <- p (1 - rate decay) - rate m^ / (sqrt(v^) + epsilon)",
                               "Loshchilov and Hutter 2017, arXiv:1711.05101", "torch"};
  constexpr void parameters(auto f) const {
    rate.parameters(f);
    f("beta1", beta1, beta1 != .9 || beta2 != .999), f("beta2", beta2, beta1 != .9 || beta2 != .999);
    f("epsilon", epsilon), f("decay", decay);
    f("decays", decays, decays != decayed::matrices);
  }
  void check() const {
    detail::check_adam("adamw", *this);
    detail::require(decay >= 0, "adamw", "decay", decay, "0 or more");
  }

  template <backend B>
  struct state : detail::adam_moments<B> {
    typename B::template array<std::uint8_t> decays;

    std::size_t bytes() const { return detail::adam_moments<B>::bytes() + std::size_t(decays.size()); }
  };

  template <backend B>
  state<B> start(B& backend, parameter_layout const& layout) const {
    check();
    state<B> s;
    s.start(backend, layout.size);
    if (decays == decayed::all || decay == 0) return s;
    if (!layout.known)
      throw value_error(
          "adamw: the policy does not tell which of its parameters are matrices, expected a member layout(), or decays "
          "= decayed::all");
    std::vector<std::uint8_t> mask(std::size_t(layout.size), 0);
    for (auto const& m : layout.matrices) std::fill_n(mask.begin() + m.first, m.size(), std::uint8_t(1));
    backend.assign(s.decays, std::span<std::uint8_t const>(mask));
    return s;
  }

  template <backend B>
  void update(B& backend, state<B>& s, double progress, out_view<B> parameters, in_view<B> gradient, in_view<B> scale,
              double limit = detail::no_limit) const {
    double now = rate(progress);
    detail::decayed_adam_step step{detail::next_adam_step(*this, ++s.updates, now), 1 - now * decay};
    outputs all{parameters, s.m.all(), s.v.all()};
    in_view<B> p = parameters, m = s.m.all(), v = s.v.all();
    if (s.decays.size() > 0)
      detail::optimizer_pass(backend, gradient, scale, limit, step, all, p, m, v,
                             view<std::uint8_t const>(s.decays.all()));
    else detail::optimizer_pass(backend, gradient, scale, limit, step, all, p, m, v);
  }
};

}  // namespace COHORT_NAMESPACE
