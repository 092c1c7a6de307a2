#pragma once
#include <cohort/advantage/returns.hpp>
#include <cohort/backend/concept.hpp>
#include <cohort/describe/about.hpp>
#include <limits>

namespace COHORT_NAMESPACE {

namespace detail {

/// One step of the recurrence, from the following step's advantage (the carry) to this one's, and the target. With a
/// mask the carry comes first, and both are 0 where a step is not valid. G or L is a scalar where each step has a gamma
/// or lambda of its own.
template <class L = double, class G = double>
struct gae_step {
  static constexpr bool affine = true;  ///< in the carry: a device may compose steps instead of walking them
  G gamma;
  L lambda;
  invalid_steps invalid = invalid_steps::skip;

  template <class S, class M>
  constexpr several<S, 2> operator()(S next_advantage, S reward, S value, S next_value, M terminated,
                                     M truncated) const {
    S delta = select(terminated, reward - value, reward + gamma * next_value - value);
    S advantage = select(terminated | truncated, delta, delta + gamma * lambda * next_advantage);
    return {{advantage, advantage + value}};
  }
  template <class S, class M>
  constexpr several<S, 3> operator()(S next_advantage, S reward, S value, S next_value, M terminated, M truncated,
                                     M valid) const {
    constexpr double most = double(std::numeric_limits<typename S::value_type>::max());
    S after = select(valid | (abs(next_value) <= most), next_value, S(0));  // a step of reward 0, a state of value 0
    auto found =
        (*this)(next_advantage, select(valid, reward, S(0)), select(valid, value, S(0)), after, terminated, truncated);
    return {{select(valid, found[0], invalid == invalid_steps::decay ? found[0] : next_advantage),
             select(valid, found[0], S(0)), select(valid, found[1], S(0))}};
  }
};

/// The scan along the decisions; `first` is what a step reads before the reward.
template <backend B, class Step, class T = value_t<B>, class... First>
void scan_gae(B& backend, batch_view<T> const& batch, estimates<T> const& out, char const* who, Step step,
              view<First>... first) {
  require_no_probes(batch, who);
  require_critic(batch, who);
  auto scan = [&](auto to, auto... valid) {
    backend.scan(batch.series, direction::backward, step, 0, to, first..., batch.reward, batch.value, batch.next_value,
                 batch.terminated, batch.truncated, valid...);
  };
  if (batch.valid) scan(outputs{view<T>(), out.advantage, out.target}, batch.valid);
  else scan(outputs{out.advantage, out.target});
}

}  // namespace detail

/// Generalized advantage estimation, backward along each series:
///
///     delta_t = r_t + gamma (1 - terminated_t) V'_t - V_t
///     A_t     = delta_t + gamma lambda (1 - terminated_t) (1 - truncated_t) A_{t+1},     target_t = A_t + V_t
///
/// V'_t is the value of the true observation after the step, so a truncated step bootstraps and a terminated one does
/// not. lambda = 1 gives Monte-Carlo returns minus V, lambda = 0 the one-step error; target is TD(lambda)'s return. Of
/// an invalid step neither reward nor value are read, and with invalid_steps::skip nothing: it hands on what came to
/// it. With decay its next_value is read (as 0 where it is not finite), and whether it ended. Its own advantage and
/// target are 0. In the units of the reward.
struct gae {
  static constexpr unsigned reads = needs::critic;
  double gamma = .99;   ///< discount, in [0, 1]
  double lambda = .95;  ///< how far the estimate looks before it trusts the critic, in [0, 1]
  invalid_steps invalid = invalid_steps::skip;

  static constexpr about notes{
      "gae", "sum_k (gamma lambda)^k delta_{t+k}, delta = r + gamma V' - V",
      "Schulman et al. 2015, arXiv:1506.02438, eq. 16; time limits: Pardo et al. 2018, arXiv:1712.00378",
      "SB3, TorchRL; verl (skip), OpenRLHF (decay)"};
  constexpr void parameters(auto f) const {
    f("gamma", gamma), f("lambda", lambda);
    f("invalid", invalid, invalid != invalid_steps::skip);
  }
  void check() const {
    detail::require(gamma >= 0 && gamma <= 1, "gae", "gamma", gamma, "a number in [0, 1]");
    detail::require(lambda >= 0 && lambda <= 1, "gae", "lambda", lambda, "a number in [0, 1]");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    detail::scan_gae(backend, batch, out, "gae", detail::gae_step<>{gamma, lambda, invalid});
  }
};

}  // namespace COHORT_NAMESPACE
