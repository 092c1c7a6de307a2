#pragma once
#include <cmath>
#include <cohort/describe/about.hpp>
#include <cohort/optimizer/on_clipped_gradient.hpp>
#include <cohort/schedule/optimizer_rate.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// Adam's step, the corrections of m and v in `step` and `root_correction`.
struct adam_step {
  double beta1, beta2, step, root_correction, epsilon;
  template <class S>
  constexpr several<S, 3> operator()(S g, S p, S m, S v) const {
    S next_m = beta1 * m + (1 - beta1) * g, next_v = beta2 * v + (1 - beta2) * (g * g);
    return {{p - step * next_m / (sqrt(next_v) * root_correction + epsilon), next_m, next_v}};
  }
};

template <backend B>
struct adam_moments {
  typename B::template array<value_t<B>> m, v;
  long updates = 0;

  std::size_t bytes() const { return std::size_t(m.size() + v.size()) * sizeof(value_t<B>); }
  void persist(auto const& f) { f("m", m), f("v", v), f("updates", updates); }
  void start(B& backend, std::ptrdiff_t parameters) {
    backend.resize(m, parameters);
    backend.resize(v, parameters);
  }
};

/// What Adam and AdamW refuse.
template <class Adam>
void check_adam(char const* where, Adam const& a) {
  a.rate.check(where);
  require(a.beta1 >= 0 && a.beta1 < 1, where, "beta1", a.beta1, "a number in [0, 1)");
  require(a.beta2 >= 0 && a.beta2 < 1, where, "beta2", a.beta2, "a number in [0, 1)");
  require(a.epsilon >= 0, where, "epsilon", a.epsilon, "0 or more");
}

/// The step of one more update at this rate.
template <class Adam>
adam_step next_adam_step(Adam const& a, long updates, double rate) {
  double first = 1 - std::pow(a.beta1, updates), second = 1 - std::pow(a.beta2, updates);
  return {a.beta1, a.beta2, rate / first, 1 / std::sqrt(second), a.epsilon};
}

}  // namespace detail

/// Adam, with the gradient given as g scale (scale one broadcast element, as gradient-norm clipping leaves it) and each
/// element of g clipped to +-limit before:
///
///     m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) g^2,   p <- p - rate m^ / (sqrt(v^) + epsilon)
///
/// with m^ = m / (1 - beta1^t) and v^ = v / (1 - beta2^t). `rate` is a number or a schedule. epsilon is 1e-5, as
/// policy-gradient implementations have it, not the 1e-8 of the paper.
///
/// Source: Kingma and Ba 2014, arXiv:1412.6980, algorithm 1; epsilon: Huang et al. 2022, "The 37 implementation details
/// of PPO", 3.
struct adam {
  optimizer_rate rate = 3e-4;       ///< > 0; per update, so its unit is that of a parameter
  double beta1 = .9, beta2 = .999;  ///< in [0, 1)
  double epsilon = 1e-5;            ///< >= 0; in the unit of the gradient

  static constexpr about notes{"adam", "p <- p - rate m^ / (sqrt(v^) + epsilon)",
                               "Kingma and Ba 2014, arXiv:1412.6980, algorithm 1", "torch"};
  constexpr void parameters(auto f) const {
    rate.parameters(f);
    f("beta1", beta1, beta1 != .9 || beta2 != .999), f("beta2", beta2, beta1 != .9 || beta2 != .999);
    f("epsilon", epsilon);
  }
  void check() const { detail::check_adam("adam", *this); }

  template <backend B>
  using state = detail::adam_moments<B>;

  template <backend B>
  state<B> start(B& backend, std::ptrdiff_t parameters) const {
    check();
    state<B> s;
    s.start(backend, parameters);
    return s;
  }

  template <backend B>
  void update(B& backend, state<B>& s, double progress, out_view<B> parameters, in_view<B> gradient, in_view<B> scale,
              double limit = detail::no_limit) const {
    auto step = detail::next_adam_step(*this, ++s.updates, rate(progress));
    detail::optimizer_pass(backend, gradient, scale, limit, step, outputs{parameters, s.m.all(), s.v.all()},
                           in_view<B>(parameters), in_view<B>(s.m.all()), in_view<B>(s.v.all()));
  }
};

}  // namespace COHORT_NAMESPACE
