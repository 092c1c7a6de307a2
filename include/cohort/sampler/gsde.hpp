#pragma once
#include <cohort/sampler/diagonal_gaussian.hpp>
#include <cohort/sampler/gsde_kernels.hpp>
#include <string>

namespace COHORT_NAMESPACE {

/// A normal distribution of D numbers, as `gsde` makes it of a policy's means and its last hidden layer. Rows x are R x
/// (D + L), the means and then L features; free parameters are the logarithms of s, L x D. Each row may have G samples,
/// each with deviations of its own; actions are R x (G D), logp and entropy R x G, in nats.
template <class Gsde, class T, int N>
struct gsde_gaussian {
  using action = T;
  Gsde options{};
  int features = 1;  ///< L
  detail::extent<N> size = detail::extent<N>();

  int parameters() const { return size; }
  int latents() const { return features; }
  bool learns_features() const { return options.learn_features; }
  int free_parameters() const { return features * size; }
  int action_width() const { return size; }

  template <backend B>
  void sample(B& backend, stream_id s, view<T const> x, view<T const> log_s, int G, view<T> out, view<T> logp) const {
    auto deviation = backend.template temporary<T>(free_parameters());
    backend.map(outputs{deviation.all()}, detail::gsde_deviation{options.expln}, log_s);
    std::ptrdiff_t draws = std::ptrdiff_t(G) * size * features;
    auto uniforms = backend.template temporary<T>(x.rows * draws * 2);
    view<T> u = uniforms.matrix(x.rows, 2 * draws), z = u.columns_part(0, draws);
    s.step -= s.step % std::uint32_t(options.sample_every);
    backend.uniform(u, s);
    backend.map(outputs{z}, detail::box_muller{}, view<T const>(z), view<T const>(u.columns_part(draws, draws)));
    backend.map_rows(x.rows, detail::gsde_sample<N>{kernel(G)}, x, rows(deviation.all(), x), view<T const>(z), out);
    backend.map_rows(x.rows, detail::gsde_evaluate<N>{kernel(G)}, x, rows(deviation.all(), x), view<T const>(out),
                     logp);
  }
  /// The mean of each row.
  template <backend B>
  void mode(B& backend, view<T const> x, view<T const>, view<T> out) const {
    backend.map_rows(x.rows, detail::copy_columns{size}, x, out);
  }
  template <backend B>
  void evaluate(B& backend, view<T const> x, view<T const> log_s, view<T const> a, int G, view<T> logp,
                view<T> entropy) const {
    auto deviation = backend.template temporary<T>(free_parameters());
    backend.map(outputs{deviation.all()}, detail::gsde_deviation{options.expln}, log_s);
    backend.map_rows(x.rows, detail::gsde_evaluate<N>{kernel(G)}, x, rows(deviation.all(), x), a, logp, entropy);
  }
  template <backend B>
  void backward(B& backend, view<T const> x, view<T const> log_s, view<T const> a, int G, view<T const> dlogp,
                view<T const> dentropy, view<T> dx, view<T> dlog_s) const {
    auto deviation = backend.template temporary<T>(free_parameters()),
         slope = backend.template temporary<T>(free_parameters());
    backend.map(outputs{deviation.all()}, detail::gsde_deviation{options.expln}, log_s);
    backend.map(outputs{slope.all()}, detail::gsde_deviation_slope{options.expln}, log_s);
    auto by_row = backend.template temporary<T>(x.rows * free_parameters());
    auto drows = by_row.matrix(x.rows, free_parameters());
    backend.map_rows(x.rows, detail::gsde_backward<N>{kernel(G)}, x, rows(deviation.all(), x), rows(slope.all(), x), a,
                     dlogp, dentropy, dx, drows);
    backend.column_sum(dlog_s.reshaped(1, free_parameters()), view<T const>(drows));
  }

  detail::gsde_kernel<N> kernel(int G = 1) const {
    return {features, G, options.epsilon, options.learn_features, options.expln, size};
  }
  /// One row of numbers for every row of x.
  static view<T const> rows(view<T const> one, view<T const> x) { return {one.data, x.rows, one.rows, 0, 1}; }
};

/// Generalized state-dependent exploration: the noise of an action is a linear function of the L numbers phi that come
/// out of the policy's last hidden layer, and that function stays the same for some steps, so that exploration is
/// smooth in time:
///
///     a_d = mean_d + sum_l phi_l E_ld,   E_ld ~ N(0, s_ld^2),   log s_ld free parameters
///     log p(a) = sum_d -(a_d - mean_d)^2 / (2 v_d) - log(v_d) / 2 - log(2 pi) / 2,
///     v_d = epsilon + sum_l phi_l^2 s_ld^2,    H = sum_d (1 + log(2 pi v_d)) / 2
///
/// Given to a policy for a box of actions: actor_critic{backend, environment, gsde{}, {.hidden = {64, 64}, .log_std =
/// -2}}. E is drawn anew in the steps of a lane that `sample_every` divides, and stays as it is between two of them,
/// whatever the minibatches and their number (it is a function of seed, lane and step, so none is kept). In training
/// v_d is all that is needed. An action's bounds are the environment's to clip to. With tanh units phi is within [-1,
/// 1].
///
/// Source: Raffin et al. 2021, "Smooth exploration for robotic reinforcement learning", arXiv:2005.05719; expln:
/// Rueckstiess et al. 2008. epsilon and the gradients are those of Stable-Baselines3's StateDependentNoiseDistribution
/// (without its squash_output).
struct gsde {
  int sample_every = 4;  ///< steps, > 0; Stable-Baselines3's sde_sample_freq, of which -1, once a rollout, is the
                         ///< rollout's length here
  bool learn_features = false;  ///< whether the noise's part of a loss changes the hidden layers too
  bool expln = false;     ///< s = exp(x) of a free parameter x <= 0, 1 + log(1 + x) of others, which grows more slowly
  double epsilon = 1e-6;  ///< added to the variance

  constexpr void numbers(auto f) const {
    f("sample_every", double(sample_every)), f("learn_features", double(learn_features));
    f("expln", double(expln)), f("epsilon", epsilon);
  }
  void check() const {
    detail::require(sample_every > 0, "gsde", "sample_every", sample_every, "a positive number of steps");
    detail::require(epsilon >= 0, "gsde", "epsilon", epsilon, "0 or a positive number");
  }
  /// For N numbers (D where N is `dynamic`, at most 64) of a policy whose last hidden layer has L units.
  template <class T, int N>
  gsde_gaussian<gsde, T, N> distribution(int L, int D = N) const {
    check();
    detail::require(D <= int(detail::room<N>), "gsde", "the number of an action's numbers", D,
                    "at most 64 where the extent is dynamic");
    return {*this, L, detail::extent<N>(D)};
  }
};

}  // namespace COHORT_NAMESPACE
