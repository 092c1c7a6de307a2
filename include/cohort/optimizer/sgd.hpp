#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/optimizer/on_clipped_gradient.hpp>
#include <cohort/schedule/optimizer_rate.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct sgd_step {
  double rate, decay;
  constexpr auto operator()(auto g, auto p) const { return p - rate * (g + decay * p); }
};

/// Returns the parameter and its momentum. `added` is 1 - dampening, or 1 in the first update.
struct sgd_momentum_step {
  double rate, decay, momentum, added;
  bool nesterov;
  template <class S>
  constexpr several<S, 2> operator()(S g, S p, S b) const {
    S slope = g + decay * p, next_b = momentum * b + added * slope;
    return {{p - rate * (nesterov ? slope + momentum * next_b : next_b), next_b}};
  }
};

}  // namespace detail

/// Stochastic gradient descent, with momentum and weight decay if wanted, as torch.optim.SGD:
///
///     g <- g + decay p,    b <- momentum b + (1 - dampening) g  (b <- g in the first update),    p <- p - rate b,
///     or Nesterov's  p <- p - rate (g + momentum b)
///
/// g, scale and limit are those of adam. Without momentum it keeps nothing, else one number for each parameter.
struct sgd {
  optimizer_rate rate = 1e-3;  ///< > 0; a parameter's unit over its gradient's
  double momentum = 0;         ///< in [0, 1)
  double dampening = 0;        ///< in [0, 1]; 0 with Nesterov's momentum
  bool nesterov = false;       ///< needs a momentum
  double decay = 0;            ///< >= 0

  static constexpr about notes{"sgd", "p <- p - rate b, b <- momentum b + g",
                               "Robbins and Monro 1951; Polyak 1964; Sutskever et al. 2013", "torch"};
  constexpr void parameters(auto f) const {
    rate.parameters(f);
    f("momentum", momentum, momentum != 0), f("nesterov", nesterov, momentum != 0);
    f("dampening", dampening, dampening != 0);
    f("decay", decay, decay != 0);
  }
  void check() const {
    rate.check("sgd");
    detail::require(momentum >= 0 && momentum < 1, "sgd", "momentum", momentum, "a number in [0, 1)");
    detail::require(dampening >= 0 && dampening <= 1, "sgd", "dampening", dampening, "a number in [0, 1]");
    detail::require(!nesterov || dampening == 0, "sgd", "dampening", dampening, "0, with Nesterov's momentum");
    detail::require(!nesterov || momentum > 0, "sgd", "momentum", momentum, "a number in (0, 1), for Nesterov's");
    detail::require(decay >= 0, "sgd", "decay", decay, "0 or more");
  }

  template <backend B>
  struct state {
    typename B::template array<value_t<B>> momentum;
    bool begun = false;

    std::size_t bytes() const { return std::size_t(momentum.size()) * sizeof(value_t<B>); }
    void persist(auto const& f) { f("momentum", momentum), f("begun", begun); }
  };

  template <backend B>
  state<B> start(B& backend, std::ptrdiff_t parameters) const {
    check();
    state<B> s;
    if (momentum > 0) backend.resize(s.momentum, parameters);
    return s;
  }

  template <backend B>
  void update(B& backend, state<B>& s, double progress, out_view<B> parameters, in_view<B> gradient, in_view<B> scale,
              double limit = detail::no_limit) const {
    in_view<B> before = parameters;
    double now = rate(progress), added = s.begun ? 1 - dampening : 1;
    s.begun = true;
    if (momentum == 0)
      return detail::optimizer_pass(backend, gradient, scale, limit, detail::sgd_step{now, decay}, outputs{parameters},
                                    before);
    detail::optimizer_pass(backend, gradient, scale, limit,
                           detail::sgd_momentum_step{now, decay, momentum, added, nesterov},
                           outputs{parameters, s.momentum.all()}, before, in_view<B>(s.momentum.all()));
  }
};

}  // namespace COHORT_NAMESPACE
