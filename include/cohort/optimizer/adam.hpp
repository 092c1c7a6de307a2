#pragma once
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <cohort/objective/about.hpp>
#include <cohort/schedule/schedule.hpp>

namespace cohort {

namespace detail {

template <class Rate>
constexpr Rate usual_rate() {
  if constexpr (std::is_same_v<Rate, double>) return 3e-4;
  else return Rate{};
}

}  // namespace detail

/// Adam, with the gradient given as g scale (scale one broadcast element, as gradient-norm clipping leaves it):
///
///     m <- beta1 m + (1 - beta1) g,   v <- beta2 v + (1 - beta2) g^2,   p <- p - rate m^ / (sqrt(v^) + epsilon)
///
/// with m^ = m / (1 - beta1^t) and v^ = v / (1 - beta2^t). `rate` is a number or a schedule. epsilon is 1e-5, as policy-gradient
/// implementations have it, not the 1e-8 of the paper.
///
/// Source: Kingma and Ba 2014, arXiv:1412.6980, algorithm 1; epsilon: Huang et al. 2022, "The 37 implementation details of PPO", 3.
template <class Rate = double>
struct adam {
  Rate rate = detail::usual_rate<Rate>();  ///< > 0; per update, so its unit is that of a parameter
  double beta1 = .9, beta2 = .999;
  double epsilon = 1e-5;

  static constexpr about notes{"adam", "p <- p - rate m^ / (sqrt(v^) + epsilon)", "Kingma and Ba 2014, arXiv:1412.6980, algorithm 1"};
  template <class F>
  constexpr void parameters(F f) const {
    f("rate", rate);
    if (beta1 != .9 || beta2 != .999) f("beta1", beta1), f("beta2", beta2);
    f("epsilon", epsilon);
  }

  template <backend B>
  struct state {
    typename B::template array<value_t<B>> m, v;
    long updates = 0;

    std::size_t bytes() const { return std::size_t(m.size() + v.size()) * sizeof(value_t<B>); }
  };

  template <backend B>
  state<B> start(B& backend, std::ptrdiff_t parameters) const {
    detail::require(at(rate, 0.) > 0, "adam", "rate", at(rate, 0.), "a positive number");
    detail::require(beta1 >= 0 && beta1 < 1, "adam", "beta1", beta1, "a number in [0, 1)");
    detail::require(beta2 >= 0 && beta2 < 1, "adam", "beta2", beta2, "a number in [0, 1)");
    state<B> s;
    backend.resize(s.m, parameters);
    backend.resize(s.v, parameters);
    return s;
  }

  struct kernel {
    double beta1, beta2, step, root_correction, epsilon;
    template <class S>
    constexpr several<S, 3> operator()(S p, S m, S v, S gradient, S scale) const {
      S g = gradient * scale;
      S next_m = beta1 * m + (1 - beta1) * g, next_v = beta2 * v + (1 - beta2) * (g * g);
      return {{p - step * next_m / (sqrt(next_v) * root_correction + epsilon), next_m, next_v}};
    }
  };

  template <backend B>
  void update(B& backend, state<B>& s, double progress, out_view<B> parameters, in_view<B> gradient, in_view<B> scale) const {
    using T = value_t<B>;
    ++s.updates;
    double first = 1 - std::pow(beta1, s.updates), second = 1 - std::pow(beta2, s.updates);
    kernel k{beta1, beta2, at(rate, progress) / first, 1 / std::sqrt(second), epsilon};
    backend.map(outputs{parameters, s.m.all(), s.v.all()}, k, view<T const>(parameters), view<T const>(s.m.all()), view<T const>(s.v.all()), gradient,
                broadcast(scale, parameters.rows));
  }
};

}  // namespace cohort
