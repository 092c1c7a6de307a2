#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/describe/about.hpp>
#include <cohort/optimizer/on_clipped_gradient.hpp>
#include <cohort/schedule/optimizer_rate.hpp>

namespace COHORT_NAMESPACE {

/// Whose RMSprop: torch adds epsilon to the root, and v begins at 0; TensorFlow adds it below the root, and v begins
/// at 1.
enum class rmsprop_form { torch, tensorflow };

namespace detail {

/// What all forms share: the divisor of the gradient.
struct rmsprop_root {
  double alpha, epsilon;
  bool inside;
  template <class S>
  constexpr S average(S before, S now) const {
    return alpha * before + (1 - alpha) * now;
  }
  template <class S>
  constexpr S operator()(S square) const {
    return sqrt(square + (inside ? epsilon : 0)) + (inside ? 0 : epsilon);
  }
};

struct rmsprop_step {
  rmsprop_root root;
  double rate;
  template <class S>
  constexpr several<S, 2> operator()(S g, S p, S v) const {
    S next_v = root.average(v, g * g);
    return {{p - rate * g / root(next_v), next_v}};
  }
};

/// With a mean (b = 0) or a momentum, or both.
struct rmsprop_long_step {
  rmsprop_root root;
  double rate, momentum;
  bool centered;
  template <class S>
  constexpr several<S, 4> operator()(S g, S p, S v, S mean, S b) const {
    S next_v = root.average(v, g * g), next_mean = root.average(mean, g);
    S square = centered ? max(next_v - next_mean * next_mean, S(0)) : next_v, next_b = momentum * b + g / root(square);
    return {{p - rate * next_b, next_v, next_mean, next_b}};
  }
};

}  // namespace detail

/// RMSprop, of g, scale and limit as adam has it:
///
///     v <- alpha v + (1 - alpha) g^2,    mean <- alpha mean + (1 - alpha) g,    b <- momentum b + g / root,
///     p <- p - rate b
///
/// with root = sqrt(v) + epsilon, or sqrt(v + epsilon) in TensorFlow's form; `centered` takes v - mean^2 for v. Equal
/// to torch.optim.RMSprop, and in TensorFlow's form to Stable-Baselines3's RMSpropTFLike, with which its A2C gives what
/// Stable-Baselines2 gave. One number for each parameter is kept, or three with a mean or a momentum. Where v - mean^2
/// rounds below 0 it counts as 0 (torch has a NaN there).
///
/// Source: Tieleman and Hinton 2012, lecture 6.5; centered: Graves 2013, arXiv:1308.0850, eq. 38 to 45; epsilon and
/// rate: Stable-Baselines3's A2C.
struct rmsprop {
  optimizer_rate rate = 7e-4;  ///< > 0; per update, so its unit is that of a parameter
  double alpha = .99;          ///< in [0, 1)
  double epsilon = 1e-5;       ///< > 0; in the unit of the gradient, or of its square
  double momentum = 0;         ///< in [0, 1)
  bool centered = false;
  rmsprop_form form = rmsprop_form::torch;

  static constexpr about notes{"rmsprop", "p <- p - rate g / root of a running mean of g^2", "Tieleman and Hinton 2012",
                               "torch; SB3 (RMSpropTFLike)"};
  constexpr void parameters(auto f) const {
    rate.parameters(f), f("alpha", alpha), f("epsilon", epsilon);
    f("momentum", momentum, momentum != 0);
    f("centered", centered, centered);
    f("form", form, form != rmsprop_form::torch);
  }
  void check() const {
    rate.check("rmsprop");
    detail::require(alpha >= 0 && alpha < 1, "rmsprop", "alpha", alpha, "a number in [0, 1)");
    detail::require(epsilon > 0, "rmsprop", "epsilon", epsilon, "a positive number");
    detail::require(momentum >= 0 && momentum < 1, "rmsprop", "momentum", momentum, "a number in [0, 1)");
  }

  template <backend B>
  struct state {
    typename B::template array<value_t<B>> square, mean, momentum;

    std::size_t bytes() const {
      return std::size_t(square.size() + mean.size() + momentum.size()) * sizeof(value_t<B>);
    }
    void persist(auto const& f) { f("square", square), f("mean", mean), f("momentum", momentum); }
  };

  template <backend B>
  state<B> start(B& backend, std::ptrdiff_t parameters) const {
    check();
    state<B> s;
    backend.resize(s.square, parameters);
    if (form == rmsprop_form::tensorflow) detail::fill_with(backend, s.square.all(), 1);
    if (!is_long()) return s;
    backend.resize(s.mean, parameters);
    backend.resize(s.momentum, parameters);
    return s;
  }

  template <backend B>
  void update(B& backend, state<B>& s, double progress, out_view<B> parameters, in_view<B> gradient, in_view<B> scale,
              double limit = detail::no_limit) const {
    in_view<B> before = parameters, square = s.square.all();
    detail::rmsprop_root root{alpha, epsilon, form == rmsprop_form::tensorflow};
    double now = rate(progress);
    if (!is_long())
      return detail::optimizer_pass(backend, gradient, scale, limit, detail::rmsprop_step{root, now},
                                    outputs{parameters, s.square.all()}, before, square);
    detail::optimizer_pass(backend, gradient, scale, limit, detail::rmsprop_long_step{root, now, momentum, centered},
                           outputs{parameters, s.square.all(), s.mean.all(), s.momentum.all()}, before, square,
                           in_view<B>(s.mean.all()), in_view<B>(s.momentum.all()));
  }

 private:
  bool is_long() const { return centered || momentum > 0; }
};

}  // namespace COHORT_NAMESPACE
