#pragma once
#include <cohort/backend/concept.hpp>
#include <numbers>

namespace COHORT_NAMESPACE {

namespace detail {

inline constexpr double half_log_two_pi = 0.91893853320467274178;

/// A standard normal number from two uniform ones in (0, 1).
struct box_muller {
  constexpr auto operator()(auto u, auto v) const { return sqrt(-2 * log(u)) * cos(2 * std::numbers::pi * v); }
};

struct gaussian_sample {
  int D, G;
  template <class M, class L, class U, class Out, class P>
  constexpr void operator()(M mean, L log_std, U uniform, Out action, P logp) const {
    using S = typename M::scalar;
    for (int g = 0; g < G; ++g) {
      S total = 0;
      for (int d = 0; d < D; ++d) {
        int pair = 2 * (g * D + d);
        action.set(g * D + d, mean[d] + exp(log_std[d]) * box_muller{}(S(uniform[pair]), S(uniform[pair + 1])));
      }
      for (int d = 0; d < D; ++d) {
        S z = (action[g * D + d] - mean[d]) * exp(-log_std[d]);
        total += -.5 * (z * z) - log_std[d] - half_log_two_pi;
      }
      logp.set(g, total);
    }
  }
};

struct gaussian_evaluate {
  int D, G;
  template <class M, class L, class Act, class P, class H>
  constexpr void operator()(M mean, L log_std, Act action, P logp, H entropy) const {
    using S = typename M::scalar;
    for (int g = 0; g < G; ++g) {
      S total = 0, h = 0;
      for (int d = 0; d < D; ++d) {
        S z = (action[g * D + d] - mean[d]) * exp(-log_std[d]);
        total += -.5 * (z * z) - log_std[d] - half_log_two_pi;
        h += log_std[d] + (.5 + half_log_two_pi);
      }
      logp.set(g, total);
      entropy.set(g, h);
    }
  }
};

struct gaussian_backward {
  int D, G;
  template <class M, class L, class Act, class DP, class DH, class DM, class DL>
  constexpr void operator()(M mean, L log_std, Act action, DP dlogp, DH dentropy, DM dmean, DL dlog_std) const {
    using S = typename M::scalar;
    for (int d = 0; d < D; ++d) {
      S inverse = exp(-log_std[d]), to_mean = 0, to_log_std = 0;
      for (int g = 0; g < G; ++g) {
        S z = (action[g * D + d] - mean[d]) * inverse;
        to_mean += dlogp[g] * z * inverse;
        to_log_std += dlogp[g] * (z * z - 1) + dentropy[g];
      }
      dmean.set(d, to_mean);
      dlog_std.set(d, to_log_std);
    }
  }
};

struct copy_columns {
  int D;
  template <class From, class To>
  constexpr void operator()(From from, To to) const {
    for (int d = 0; d < D; ++d) to.set(d, from[d]);
  }
};

}  // namespace detail

/// D independent normal numbers, the means given by the network, the logarithms of the standard deviations free
/// parameters (D numbers) or given by the network too (R x D).
///
///     log p(a) = sum_d -z_d^2 / 2 - log_std_d - log(2 pi) / 2,    z = (a - mean) / std,
///     H = sum_d log_std_d + (1 + log 2 pi) / 2
///
/// Sampling is by Box and Muller. The log-probability is that of the sample as drawn; an environment that bounds its
/// actions clips them for itself. Each of R rows of means (R x D) may have G samples; actions are R x (G D), logp and
/// entropy R x G, in nats.
template <class T>
struct diagonal_gaussian {
  using action = T;
  int dimensions = 0;

  int parameters() const { return dimensions; }
  int free_parameters() const { return dimensions; }
  int action_width() const { return dimensions; }

  template <backend B>
  void sample(B& backend, stream_id s, view<T const> mean, view<T const> log_std, int G, view<T> out,
              view<T> logp) const {
    auto uniforms = backend.template temporary<T>(mean.rows * G * 2 * dimensions);
    auto u = uniforms.matrix(mean.rows, G * 2 * dimensions);
    backend.uniform(u, s);
    backend.map_rows(mean.rows, detail::gaussian_sample{dimensions, G}, mean, rows_of(mean, log_std), view<T const>(u),
                     out, logp);
  }
  /// The mean of each row.
  template <backend B>
  void mode(B& backend, view<T const> mean, view<T const>, view<T> out) const {
    backend.map_rows(mean.rows, detail::copy_columns{dimensions}, mean, out);
  }
  template <backend B>
  void evaluate(B& backend, view<T const> mean, view<T const> log_std, view<T const> a, int G, view<T> logp,
                view<T> entropy) const {
    backend.map_rows(mean.rows, detail::gaussian_evaluate{dimensions, G}, mean, rows_of(mean, log_std), a, logp,
                     entropy);
  }
  template <backend B>
  void backward(B& backend, view<T const> mean, view<T const> log_std, view<T const> a, int G, view<T const> dlogp,
                view<T const> dentropy, view<T> dmean, view<T> dlog_std) const {
    detail::gaussian_backward f{dimensions, G};
    if (by_row(mean, log_std))
      return backend.map_rows(mean.rows, f, mean, log_std, a, dlogp, dentropy, dmean, dlog_std);
    auto slopes = backend.template temporary<T>(mean.rows * dimensions);
    auto rows = slopes.matrix(mean.rows, dimensions);
    backend.map_rows(mean.rows, f, mean, rows_of(mean, log_std), a, dlogp, dentropy, dmean, rows);
    backend.column_sum(dlog_std.reshaped(1, dimensions), rows);
  }

  /// The log-deviations as R rows, whichever way they are given.
  view<T const> rows_of(view<T const> mean, view<T const> log_std) const {
    return by_row(mean, log_std) ? log_std : view<T const>(log_std.data, mean.rows, dimensions, 0, 1);
  }

 private:
  /// Whether the network gives log_std too: R x D instead of D x 1.
  bool by_row(view<T const> mean, view<T const> log_std) const {
    return log_std.rows == mean.rows && log_std.columns == dimensions && log_std.rows > 1;
  }
};

}  // namespace COHORT_NAMESPACE
