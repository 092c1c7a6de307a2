#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/optimizer/adamw.hpp>
#include <cohort/optimizer/orthogonalize.hpp>

namespace COHORT_NAMESPACE {

/// What Muon's rate is multiplied by for a matrix, of its outputs and inputs: sqrt(max(1, outputs / inputs))
/// (Jordan's), 0.2 sqrt(max(outputs, inputs)), with which AdamW's rate and decay fit (Moonshot's), or sqrt(outputs /
/// inputs) (Bernstein's).
enum class muon_scale { original, match_rms, spectral };

namespace detail {

/// The momentum, and what of it and the gradient is made orthogonal.
struct muon_momentum_step {
  double momentum;
  bool nesterov;
  template <class S>
  constexpr several<S, 2> operator()(S g, S b) const {
    S next_b = momentum * b + (1 - momentum) * g;
    return {{next_b, nesterov ? momentum * next_b + (1 - momentum) * g : next_b}};
  }
};

}  // namespace detail

/// Muon for the hidden matrices of a network, and another optimizer for all other parameters:
///
///     B <- momentum B + (1 - momentum) g,    U = B or Nesterov's (1 - momentum) g + momentum B,
///     p <- p (1 - rate decay) - rate factor orthogonal(U)
///
/// with orthogonal(U) of optimizer/orthogonalize.hpp and the factor of `scale`. Of g, scale and limit as adam has it.
/// One number is kept for each parameter of a matrix. Embedding, head, the first and last layer of a network, biases
/// and norms are the business of `others`, whose rate is its own. The policy tells its matrices (see parameter_layout):
/// raises value_error for one without hidden matrices.
///
/// Source: Jordan et al. 2024, "Muon: An optimizer for hidden layers in neural networks"; Liu et al. 2025,
/// arXiv:2502.16982, 2.2; torch.optim.Muon, whose defaults these are.
template <class Others = adamw>
struct muon {
  optimizer_rate rate = 1e-3;  ///< > 0; per update, so its unit is that of a parameter
  double momentum = .95;       ///< in [0, 1)
  bool nesterov = true;
  double decay = .1;  ///< >= 0; over the rate's unit
  newton_schulz orthogonal{};
  muon_scale scale = muon_scale::original;
  Others others{};

  static constexpr about notes{"muon", "p <- p (1 - rate decay) - rate factor orthogonal(U)",
                               "Jordan et al. 2024, Muon", "torch, told to compute in float64"};
  constexpr void parameters(auto f) const {
    rate.parameters(f), f("momentum", momentum);
    f("nesterov", nesterov, !nesterov);
    f("decay", decay);
    f("scale", scale, scale != muon_scale::original);
    f("others", others);
  }
  void check() const {
    rate.check("muon");
    detail::require(momentum >= 0 && momentum < 1, "muon", "momentum", momentum, "a number in [0, 1)");
    detail::require(decay >= 0, "muon", "decay", decay, "0 or more");
    orthogonal.check("muon");
  }

  template <backend B>
  struct state {
    struct run {
      std::ptrdiff_t first, count;
      typename Others::template state<B> of_others;
    };
    std::vector<parameter_matrix> matrices;
    typename B::template array<value_t<B>> momentum;  // one matrix after the other
    std::vector<run> rest;

    std::size_t bytes() const {
      std::size_t total = std::size_t(momentum.size()) * sizeof(value_t<B>);
      for (auto const& r : rest) total += r.of_others.bytes();
      return total;
    }
    void persist(auto const& f) {
      f("momentum", momentum);
      for (auto& r : rest) f("others " + std::to_string(r.first), r.of_others);
    }
  };

  template <backend B>
  state<B> start(B& backend, parameter_layout const& layout) const {
    check();
    state<B> s;
    std::ptrdiff_t end = 0, total = 0;
    auto others_until = [&](std::ptrdiff_t first) {
      if (first > end)
        s.rest.push_back({end, first - end, detail::start_optimizer(backend, others, layout.part(end, first - end))});
    };
    for (auto const& m : layout.matrices) {
      if (m.place != matrix_place::hidden) continue;
      others_until(m.first);
      s.matrices.push_back(m);
      total += m.size(), end = m.first + m.size();
    }
    if (s.matrices.empty())
      throw value_error("muon: the policy tells of no hidden matrices, expected a member layout() with one or more");
    others_until(layout.size);
    backend.resize(s.momentum, total);
    return s;
  }

  template <backend B>
  void update(B& backend, state<B>& s, double progress, out_view<B> parameters, in_view<B> gradient,
              in_view<B> norm_scale, double limit = detail::no_limit) const {
    double now = rate(progress);
    std::ptrdiff_t begin = 0;
    for (auto const& m : s.matrices) {
      auto room = backend.template temporary<value_t<B>>(m.size());
      out_view<B> u = room.all(), b = s.momentum.all().part(begin, m.size()), p = parameters.part(m.first, m.size());
      detail::optimizer_pass(backend, gradient.part(m.first, m.size()), norm_scale, limit,
                             detail::muon_momentum_step{momentum, nesterov}, outputs{b, u}, in_view<B>(b));
      orthogonalize(backend, orthogonal, room.matrix(m.rows, m.columns));
      backend.map(outputs{p}, detail::weighted_sum{1 - now * decay, -now * factor(m)}, in_view<B>(p), in_view<B>(u));
      begin += m.size();
    }
    for (auto& r : s.rest)
      others.update(backend, r.of_others, progress, parameters.part(r.first, r.count), gradient.part(r.first, r.count),
                    norm_scale, limit);
  }

 private:
  double factor(parameter_matrix const& m) const {
    double to = double(m.outputs()), from = double(m.inputs());
    if (scale == muon_scale::match_rms) return .2 * std::sqrt(std::max(to, from));
    return std::sqrt(scale == muon_scale::original ? std::max(1., to / from) : to / from);
  }
};

}  // namespace COHORT_NAMESPACE
