#pragma once
#include <cohort/advantage/gae.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct lambda_of_length {
  double alpha;
  template <class S>
  constexpr S operator()(S steps) const {
    return max(1 - 1 / (alpha * max(steps, S(1))), S(0));
  }
};
/// A step of gae, and its target, with the lambda that it is handed.
struct with_lambda_of_step {
  static constexpr bool affine = true;
  double gamma;
  invalid_steps invalid = invalid_steps::skip;

  template <class S, class... In>
  constexpr auto operator()(S next_advantage, S lambda, In... in) const {
    return gae_step<S>{gamma, lambda, invalid}(next_advantage, in...);
  }
};

}  // namespace detail

/// gae whose lambda grows with the length of the series, so that the weights lambda^k of a long answer's errors reach
/// as far in it, in proportion, as those of a short one:
///
///     lambda = max(0, 1 - 1 / (alpha l)),     l the valid steps of the series,     so that sum_k lambda^k = alpha l
///
/// For an answer of no more than 1 / alpha steps, for which the formula is 0 or negative (the paper says nothing of
/// such), lambda is 0: the one-step error. A series is one answer or episode; of `lanes` it is what a lane collected.
/// All else is as in gae. In the units of the reward.
struct length_adaptive_gae {
  static constexpr unsigned reads = needs::critic;
  double gamma = 1;    ///< discount, in [0, 1]
  double alpha = .05;  ///< the share of its series that a step looks ahead, > 0
  invalid_steps invalid = invalid_steps::skip;

  static constexpr about notes{
      "length_adaptive_gae",
      "sum_k (gamma lambda)^k delta_{t+k}, lambda = max(0, 1 - 1 / (alpha l)), l the steps of the series",
      "Yue et al. 2025, arXiv:2504.05118, section 4.2", "loops"};
  constexpr void parameters(auto f) const {
    f("gamma", gamma), f("alpha", alpha);
    f("invalid", invalid, invalid != invalid_steps::skip);
  }
  void check() const {
    detail::require(gamma >= 0 && gamma <= 1, "length_adaptive_gae", "gamma", gamma, "a number in [0, 1]");
    detail::require(alpha > 0, "length_adaptive_gae", "alpha", alpha, "a positive number");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    std::ptrdiff_t M = batch.series.steps(), N = batch.series.count();
    auto scratch = backend.template temporary<T>(M + N);
    view<T> lambda = scratch.all().part(0, M), of_series = scratch.all().part(M, N);
    detail::count_valid_steps(backend, batch.series, batch.valid, lambda, of_series);
    backend.map(outputs{of_series}, detail::lambda_of_length{alpha}, view<T const>(of_series));
    backend.broadcast_series(batch.series, lambda, view<T const>(of_series));
    detail::scan_gae(backend, batch, out, "length_adaptive_gae", detail::with_lambda_of_step{gamma, invalid},
                     view<T const>(lambda));
  }
};

}  // namespace COHORT_NAMESPACE
