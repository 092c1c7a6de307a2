#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/optimizer/on_clipped_gradient.hpp>
#include <cohort/schedule/optimizer_rate.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// 0 and NaN stay what they are.
struct lion_step {
  double rate, beta1, beta2, decay;
  template <class S>
  constexpr several<S, 2> operator()(S g, S p, S m) const {
    S c = beta1 * m + (1 - beta1) * g, sign = select(c > 0, S(1), select(c < 0, S(-1), c));
    return {{p - rate * (sign + decay * p), beta2 * m + (1 - beta2) * g}};
  }
};

}  // namespace detail

/// Lion, of g, scale and limit as adam has it; it keeps one number for each parameter:
///
///     p <- p - rate (sign(beta1 m + (1 - beta1) g) + decay p),   m <- beta2 m + (1 - beta2) g
///
/// Its steps are longer than Adam's, so the authors advise a rate 3 to 10 times smaller, and as much more decay.
struct lion {
  optimizer_rate rate = 1e-4;      ///< > 0; per update, so its unit is that of a parameter
  double beta1 = .9, beta2 = .99;  ///< in [0, 1)
  double decay = 0;                ///< >= 0; of all parameters

  static constexpr about notes{"lion", "p <- p - rate (sign(beta1 m + (1 - beta1) g) + decay p)",
                               "Chen et al. 2023, arXiv:2302.06675, algorithm 2 and section 5",
                               "the paper's algorithm in numpy"};
  constexpr void parameters(auto f) const {
    rate.parameters(f), f("beta1", beta1), f("beta2", beta2);
    f("decay", decay, decay != 0);
  }
  void check() const {
    rate.check("lion");
    detail::require(beta1 >= 0 && beta1 < 1, "lion", "beta1", beta1, "a number in [0, 1)");
    detail::require(beta2 >= 0 && beta2 < 1, "lion", "beta2", beta2, "a number in [0, 1)");
    detail::require(decay >= 0, "lion", "decay", decay, "0 or more");
  }

  template <backend B>
  struct state {
    typename B::template array<value_t<B>> m;

    std::size_t bytes() const { return std::size_t(m.size()) * sizeof(value_t<B>); }
    void persist(auto const& f) { f("m", m); }
  };

  template <backend B>
  state<B> start(B& backend, std::ptrdiff_t parameters) const {
    check();
    state<B> s;
    backend.resize(s.m, parameters);
    return s;
  }

  template <backend B>
  void update(B& backend, state<B>& s, double progress, out_view<B> parameters, in_view<B> gradient, in_view<B> scale,
              double limit = detail::no_limit) const {
    detail::optimizer_pass(backend, gradient, scale, limit, detail::lion_step{rate(progress), beta1, beta2, decay},
                           outputs{parameters, s.m.all()}, in_view<B>(parameters), in_view<B>(s.m.all()));
  }
};

}  // namespace COHORT_NAMESPACE
