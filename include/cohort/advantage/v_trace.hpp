#pragma once
#include <algorithm>
#include <cohort/advantage/batch_view.hpp>
#include <cohort/backend/concept.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// The correction of V, backward: e_t = min(rho, rho_t) delta_t + gamma lambda min(c, rho_t) e_{t+1}; with it the
/// advantage and the target.
struct v_trace_step {
  static constexpr bool affine = true;
  double gamma, lambda, rho, c, rho_pg;

  template <class S, class M>
  constexpr several<S, 3> operator()(S after, S logp, S sampler_logp, S reward, S value, S next_value, M terminated,
                                     M truncated) const {
    S ratio = exp(logp - sampler_logp), delta = select(terminated, reward - value, reward + gamma * next_value - value);
    M ended = terminated | truncated;
    S e = min(ratio, S(rho)) * delta + select(ended, S(0), gamma * lambda * min(ratio, S(c)) * after);
    return {{e, min(ratio, S(rho_pg)) * select(ended, delta, delta + gamma * lambda * after), e + value}};
  }
};

}  // namespace detail

/// V-trace, for actions that another policy drew than the one that learns, with rho_t = exp(old_logp - sampler_logp):
///
///     v_t = V_t + e_t,    e_t = min(rho, rho_t) delta_t + gamma lambda min(c, rho_t) (1 - ended_t) e_{t+1},
///     delta_t = r_t + gamma (1 - terminated_t) V'_t - V_t
///     A_t = min(rho_pg, rho_t) (r_t + gamma (1 - terminated_t) (V'_t + lambda e_{t+1}) - V_t),     target_t = v_t
///
/// Where a series ends e_{t+1} is 0. On policy both are gae's; a batch without old_logp is on policy. In the units of
/// the reward.
struct v_trace {
  static constexpr unsigned reads = needs::critic;
  double gamma = .99;  ///< discount, in [0, 1]
  double lambda = 1;   ///< in [0, 1]
  double rho = 1;      ///< the ratio's upper limit in delta: which policy's value function v is
  double c = 1;        ///< and in the trace: how fast it converges
  double rho_pg = 1;   ///< and of the advantages

  static constexpr about notes{"v_trace", "importance-weighted TD(lambda)",
                               "Espeholt et al. 2018 (IMPALA), arXiv:1802.01561, eq. 1 and 4.2; lambda as in rlax",
                               "TorchRL"};
  constexpr void parameters(auto f) const {
    f("gamma", gamma), f("lambda", lambda), f("rho", rho), f("c", c), f("rho_pg", rho_pg);
  }
  void check() const {
    detail::require(gamma >= 0 && gamma <= 1, "v_trace", "gamma", gamma, "a number in [0, 1]");
    detail::require(lambda >= 0 && lambda <= 1, "v_trace", "lambda", lambda, "a number in [0, 1]");
    detail::require(rho > 0 && c > 0 && rho_pg > 0, "v_trace", "the least of rho, c and rho_pg",
                    std::min({rho, c, rho_pg}), "a positive number");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    detail::require_no_probes(batch, "v_trace");
    detail::require_critic(batch, "v_trace");
    if (batch.valid) throw value_error("v_trace does not know invalid steps: use gae");
    if (!batch.sampler_logp) throw value_error("v_trace reads sampler_logp, which this batch does not have");
    view<T const> logp = batch.old_logp ? batch.old_logp : batch.sampler_logp;
    backend.scan(batch.series, direction::backward, detail::v_trace_step{gamma, lambda, rho, c, rho_pg}, 0,
                 outputs{view<T>(), out.advantage, out.target}, logp, batch.sampler_logp, batch.reward, batch.value,
                 batch.next_value, batch.terminated, batch.truncated);
  }
};

}  // namespace COHORT_NAMESPACE
