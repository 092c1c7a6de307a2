#pragma once
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <cohort/scalar/dual.hpp>
#include <cohort/scalar/extent.hpp>
#include <string>
#include <utility>

namespace COHORT_NAMESPACE {

/// The one of two scalars that the other converts to: a dual, if one is.
template <class P, class Q>
using wider = std::conditional_t<std::is_convertible_v<P, Q>, Q, P>;

/// A formula for one random number, of which `independent` makes a distribution of actions. `parameters` says how many
/// numbers the network gives for it; the functions take them, in any scalar, and the derivatives come from evaluating
/// them in duals:
///
///     static constexpr int parameters = 2;
///     static constexpr int uniforms = 2;        // how many a draw takes; 0: it draws from a random_stream&
///     static constexpr bool bounded = false;    // true: `unit(u)` in [0, 1] is what u on the whole line stands for
///     template <class T> using action = T;
///     V logp(several<V, parameters>, S u), entropy(several<V, parameters>, S u);
///     S draw(several<S, parameters>, several<S, uniforms>), mode(...);
///     // KL(p || q), P or Q a dual of the other:
///     wider<P, Q> kl_to(several<P, parameters> p, several<Q, parameters> q);
///     // optional, the Fisher information times v; without it by duals of KL:
///     several<S, parameters> curvature(several<S, parameters> p, several<S, parameters> v);
template <class M>
concept number_model = requires {
  { M::parameters } -> std::convertible_to<int>;
  { M::uniforms } -> std::convertible_to<int>;
  { M::bounded } -> std::convertible_to<bool>;
  typename M::template action<float>;
};

namespace detail {

/// Parameter k of number d is in column k D + d.
template <class Model, class P, class R>
constexpr several<P, Model::parameters> parameters_of(R const& row, int d, int D) {
  several<P, Model::parameters> p{};
  for (int k = 0; k < Model::parameters; ++k) p[k] = P(row[k * D + d]);
  return p;
}
/// The same as the variables of duals.
template <class Model, class R>
constexpr auto variables_of(R const& row, int d, int D) {
  using V = dual<typename R::scalar, Model::parameters>;
  several<V, Model::parameters> p{};
  for (int k = 0; k < Model::parameters; ++k) p[k] = V::variable(row[k * D + d], k);
  return p;
}

/// What the kernels of D independent numbers share: where they lie in a row of actions. Of a bounded number the
/// environment's own stands first and, D columns behind it, the one on the whole line that it was made of, so that its
/// log-probability needs no inverse.
template <class Model, int N>
struct independent_layout {
  Model model;
  double low[room<N>], width[room<N>], log_width[room<N>];
  int G;
  extent<N> size;

  template <class Out, class S>
  constexpr void put(Out action, int g, int d, S u) const {
    int const D = size;
    if constexpr (Model::bounded) {
      action.set(2 * g * D + d, low[d] + width[d] * S(model.unit(u)));
      action.set((2 * g + 1) * D + d, u);
    } else {
      action.set(g * D + d, u);
    }
  }
  template <class Act>
  constexpr auto at(Act action, int g, int d) const {
    int const D = size;
    return action[Model::bounded ? (2 * g + 1) * D + d : g * D + d];
  }
};

template <class Model, int N>
struct independent_draw : independent_layout<Model, N> {
  template <class X, class U, class Out>
  constexpr void operator()(X x, U uniform, Out action) const {
    using S = typename X::scalar;
    int const D = this->size;
    for (int g = 0; g < this->G; ++g)
      for (int d = 0; d < D; ++d) {
        several<S, Model::uniforms> u{};
        for (int k = 0; k < Model::uniforms; ++k) u[k] = uniform[(g * D + d) * Model::uniforms + k];
        this->put(action, g, d, S(this->model.draw(parameters_of<Model, S>(x, d, D), u)));
      }
  }
};

/// The same for a draw that takes as many random numbers as it needs: row i has a stream of its own, and what is drawn
/// is computed in double.
template <class Model, int N>
struct independent_draw_from : independent_layout<Model, N> {
  stream_id from;
  template <class X, class Out>
  constexpr void operator()(std::ptrdiff_t i, X x, Out action) const {
    using S = real<double>;
    int const D = this->size;
    random_stream draws(from, std::uint32_t(i));
    for (int g = 0; g < this->G; ++g)
      for (int d = 0; d < D; ++d) {
        several<S, Model::parameters> p{};
        for (int k = 0; k < Model::parameters; ++k) p[k] = double(x[k * D + d].value);
        this->put(action, g, d, typename X::scalar(S(this->model.draw(p, draws)).value));
      }
  }
};

template <class Model, int N>
struct independent_mode : independent_layout<Model, N> {
  template <class X, class Out>
  constexpr void operator()(X x, Out action) const {
    using S = typename X::scalar;
    int const D = this->size;
    for (int d = 0; d < D; ++d) this->put(action, 0, d, S(this->model.mode(parameters_of<Model, S>(x, d, D))));
  }
};

template <class Model, int N>
struct independent_evaluate : independent_layout<Model, N> {
  template <class X, class Act, class P>
  constexpr void operator()(X x, Act action, P logp) const {
    using S = typename X::scalar;
    int const D = this->size;
    for (int g = 0; g < this->G; ++g) {
      S total = 0;
      for (int d = 0; d < D; ++d)
        total += this->model.logp(parameters_of<Model, S>(x, d, D), S(this->at(action, g, d))) -
                 (Model::bounded ? this->log_width[d] : 0.);
      logp.set(g, total);
    }
  }
  template <class X, class Act, class P, class H>
  constexpr void operator()(X x, Act action, P logp, H entropy) const {
    using S = typename X::scalar;
    int const D = this->size;
    (*this)(x, action, logp);
    for (int g = 0; g < this->G; ++g) {
      S total = 0;
      for (int d = 0; d < D; ++d)
        total += this->model.entropy(parameters_of<Model, S>(x, d, D), S(this->at(action, g, d))) +
                 (Model::bounded ? this->log_width[d] : 0.);
      entropy.set(g, total);
    }
  }
};

template <class Model, int N>
struct independent_backward : independent_layout<Model, N> {
  template <class X, class Act, class DP, class DH, class DX>
  constexpr void operator()(X x, Act action, DP dlogp, DH dentropy, DX dx) const {
    using S = typename X::scalar;
    int const D = this->size;
    using V = dual<S, Model::parameters>;
    for (int d = 0; d < D; ++d) {
      auto p = variables_of<Model>(x, d, D);
      several<S, Model::parameters> slope{};
      for (int k = 0; k < Model::parameters; ++k) slope[k] = S(0);
      for (int g = 0; g < this->G; ++g) {
        S u = this->at(action, g, d);
        V logp = this->model.logp(p, u), entropy = this->model.entropy(p, u);
        for (int k = 0; k < Model::parameters; ++k)
          slope[k] += dlogp[g] * logp.tangent[k] + dentropy[g] * entropy.tangent[k];
      }
      for (int k = 0; k < Model::parameters; ++k) dx.set(k * D + d, slope[k]);
    }
  }
};

}  // namespace detail

/// D numbers independent of each other, each distributed as a model says (bernoulli, state_dependent_gaussian,
/// tanh_gaussian, beta_distribution) with parameters that the network gives: R rows of parameters x D, parameter k of
/// number d in column k D + d. Each row may have G samples; logp and entropy are R x G, in nats, the sums over the
/// numbers.
///
/// Actions are R x (G D), of a bounded model R x (G 2 D): for each sample D numbers within [low, high], the
/// environment's, then the D numbers on the whole line that they stand for. logp is the density of the former, which
/// the latter give exactly: an action at its bound is no problem. N is D, or `dynamic`, of at most 64 numbers.
///
/// Raises value_error for bounds of a bounded model that are not finite or not in order.
template <number_model Model, class T, int N>
struct independent {
  using model_type = Model;
  using action = typename Model::template action<T>;
  using bounds = detail::as_many<double, N>;
  static constexpr int dimensions = N;
  Model model{};
  bounds low{}, high{};
  detail::extent<N> size = detail::extent<N>();

  /// D is for an action without bounds whose extent is dynamic.
  independent(Model m = {}, bounds least = {}, bounds most = {}, int D = 0)
      : model(m), low(std::move(least)), high(std::move(most)), size(D > 0 ? D : int(low.size())) {
    if constexpr (requires { model.check(); }) model.check();
    if (size > int(detail::room<N>))
      throw value_error("independent: an action has " + std::to_string(size) + " numbers, at most " +
                        std::to_string(detail::room<N>) + " are possible where the extent is dynamic");
    if constexpr (Model::bounded)
      for (std::size_t d = 0; d < low.size(); ++d)
        if (!(low[d] < high[d] && std::isfinite(high[d] - low[d])))
          throw value_error("independent: number " + std::to_string(d) + " of an action lies between " +
                            detail::text(low[d]) + " and " + detail::text(high[d]) +
                            ", expected finite bounds in order (for a box without bounds: diagonal_gaussian, "
                            "state_dependent_gaussian)");
  }

  int parameters() const { return Model::parameters * size; }
  int free_parameters() const { return 0; }
  int action_width() const { return Model::bounded ? 2 * size : size; }
  /// What column c of the network's last layer is biased by, so that a first policy has this log_std.
  double start(int c, double log_std) const {
    if constexpr (requires { model.start(0, log_std); }) return model.start(c / size, log_std);
    else return 0;
  }

  template <backend B>
  void sample(B& backend, stream_id s, in_view<B> x, in_view<B>, int G, view<action> out, out_view<B> logp) const {
    if constexpr (Model::uniforms > 0) {
      auto uniforms = backend.template temporary<T>(x.rows * G * size * Model::uniforms);
      auto u = uniforms.matrix(x.rows, G * size * Model::uniforms);
      backend.uniform(u, s);
      backend.map_rows(x.rows, detail::independent_draw<Model, N>{layout(G)}, x, view<T const>(u), out);
    } else {
      backend.for_rows(x.rows, detail::independent_draw_from<Model, N>{layout(G), s}, x, out);
    }
    backend.map_rows(x.rows, detail::independent_evaluate<Model, N>{layout(G)}, x, view<action const>(out), logp);
  }
  /// The most probable action of each row, as the model says.
  template <backend B>
  void mode(B& backend, in_view<B> x, in_view<B>, view<action> out) const {
    backend.map_rows(x.rows, detail::independent_mode<Model, N>{layout(1)}, x, out);
  }
  template <backend B>
  void evaluate(B& backend, in_view<B> x, in_view<B>, view<action const> a, int G, out_view<B> logp,
                out_view<B> entropy) const {
    backend.map_rows(x.rows, detail::independent_evaluate<Model, N>{layout(G)}, x, a, logp, entropy);
  }
  template <backend B>
  void backward(B& backend, in_view<B> x, in_view<B>, view<action const> a, int G, in_view<B> dlogp,
                in_view<B> dentropy, out_view<B> dx, out_view<B>) const {
    backend.map_rows(x.rows, detail::independent_backward<Model, N>{layout(G)}, x, a, dlogp, dentropy, dx);
  }

 private:
  detail::independent_layout<Model, N> layout(int G) const {
    detail::independent_layout<Model, N> l{
        .model = model, .low = {}, .width = {}, .log_width = {}, .G = G, .size = size};
    for (std::size_t d = 0; d < low.size(); ++d)
      l.low[d] = low[d], l.width[d] = high[d] - low[d],
      l.log_width[d] = Model::bounded ? std::log(high[d] - low[d]) : 0;
    return l;
  }
};

}  // namespace COHORT_NAMESPACE
