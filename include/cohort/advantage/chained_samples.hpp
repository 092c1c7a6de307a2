#pragma once
#include <cohort/advantage/executed_lane.hpp>
#include <cohort/advantage/following.hpp>
#include <cohort/advantage/reward_transform.hpp>
#include <cohort/describe/about.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// The one-step errors of a state's G samples that follow one another: all but the last come back to the same state.
struct chained_errors {
  int G;
  double gamma;

  template <class F, class V, class M>
  constexpr auto of(int g, F const& f, V const& value, V const& next_value, M const& terminated) const {
    using S = typename F::scalar;
    S after = g + 1 < G ? S(value[0]) : select(terminated[0], S(0), S(next_value[0]));
    return S(f[g] + gamma * after - value[0]);
  }
};

/// sum_g (gamma lambda)^g delta_g.
struct chain_sum {
  chained_errors delta;
  double decay;

  template <class F, class V, class M, class Out>
  constexpr void operator()(F f, V value, V next_value, M terminated, Out sum) const {
    using S = typename F::scalar;
    S total = 0;
    for (int g = delta.G - 1; g >= 0; --g) total = delta.of(g, f, value, next_value, terminated) + decay * total;
    sum.set(0, total);
  }
};

/// From the advantage of the next state's first sample (the carry) to this one's; decay is (gamma lambda)^G.
struct chain_step {
  static constexpr bool affine = true;
  double decay;
  template <class S, class M>
  constexpr S operator()(S after, S sum, M terminated, M truncated) const {
    return select(terminated | truncated, sum, sum + decay * after);
  }
};
struct chain_carry {
  template <class S, class M>
  constexpr S operator()(S after, S goes_on, M terminated, M truncated) const {
    return select((goes_on == 0) | terminated | truncated, S(0), after);
  }
};

/// The advantages of all G samples, given what comes after the last.
struct chain_advantages {
  chained_errors delta;
  double decay;

  template <class F, class V, class M, class A>
  constexpr void operator()(F f, V value, V next_value, M terminated, V after, A advantage) const {
    typename F::scalar carry = after[0];
    for (int g = delta.G - 1; g >= 0; --g)
      advantage.set(g, carry = delta.of(g, f, value, next_value, terminated) + decay * carry);
  }
};
struct plus_first {
  int G;
  template <class A, class V, class Y>
  constexpr void operator()(A advantage, V value, Y out) const {
    for (int g = 0; g < G; ++g) out.set(g, advantage[g] + value[0]);
  }
};

}  // namespace detail

/// The G samples of each state, one after another as if each led to the next, and GAE along the G T steps of a lane
/// that this makes:
///
///     delta_{t,g} = f(r_{t,g}) + gamma V_t - V_t                                            g < G
///     delta_{t,G} = f(r_{t,G}) + gamma (1 - terminated_t) V'_t - V_t
///     A_{t,g}     = delta_{t,g} + gamma lambda A_{t,g+1}
///     A_{t,G+1}   = (1 - terminated_t) (1 - truncated_t) A_{t+1,1}
///     target      = A + V_t
///
/// Flags and V' are those of the executed action. A sample's credit holds the rewards of the siblings after it, which
/// it did not cause: noise, but drawn independently of it. A group of one is GAE of f(r).
///
/// Needs a critic and one-step probes; raises value_error without. In units of f. Source: the author's pull requests of
/// January and February 2025, the code of the paper's time (docs/algorithms/hybrid_grpo.md).
struct chained_samples {
  static constexpr unsigned reads = needs::critic | needs::probes;
  double gamma = .99;   ///< discount, in [0, 1]
  double lambda = .95;  ///< in [0, 1]
  reward_transform transform = reward_transform::tanh_of_batch_score;
  double tau = 1;  ///< steepness of the transform's tanh, > 0
  int ddof = 1;
  double epsilon = 1e-8;

  static constexpr about notes{"chained_samples", "GAE along all samples of all states", "Sane 2025, pull requests",
                               "loops"};
  constexpr void parameters(auto f) const {
    f("gamma", gamma), f("lambda", lambda), f("transform", transform), f("ddof", ddof);
    f("epsilon", epsilon, false);
    f("tau", tau, transform != reward_transform::none && tau != 1);
  }
  void check() const {
    detail::require_deviation("chained_samples", ddof, epsilon);
    detail::require(gamma >= 0 && gamma <= 1, "chained_samples", "gamma", gamma, "a number in [0, 1]");
    detail::require(lambda >= 0 && lambda <= 1, "chained_samples", "lambda", lambda, "a number in [0, 1]");
    detail::require(tau > 0, "chained_samples", "tau", tau, "a positive number");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    detail::require_probes(batch, "chained_samples");
    detail::require(batch.depth == 1, "chained_samples", "the number of steps of a probe", double(batch.depth), "1");
    std::ptrdiff_t R = batch.series.steps(), G = batch.group, M = R * G;

    auto numbers = backend.template temporary<T>(M + 4 * R + 3);
    auto flags = backend.template temporary<std::uint8_t>(2 * R);
    view<T> rest = numbers.all().part(M, 4 * R);
    auto part = [&](int k) { return rest.part(k * R, R); };
    view<T const> f = detail::reward_scaling{transform, tau, epsilon, ddof}(backend, batch, numbers.all().part(0, M),
                                                                            numbers.all().part(M + 4 * R, 3));
    batch_view<T> lane = detail::executed_lane(backend, batch, f, part(0), flags.all());

    detail::chained_errors delta{int(G), gamma};
    double decay = gamma * lambda, over_a_state = 1;
    for (std::ptrdiff_t g = 0; g < G; ++g) over_a_state *= decay;
    view<T const> samples = f.reshaped(R, G);
    backend.map_rows(R, detail::chain_sum{delta, decay}, samples, lane.value, lane.next_value, lane.terminated,
                     part(1));
    backend.scan(lane.series, direction::backward, detail::chain_step{over_a_state}, 0, part(1), view<T const>(part(1)),
                 lane.terminated, lane.truncated);
    detail::find_neighbors(backend, lane.series, direction::forward, part(2));
    detail::map_neighbors(backend, lane.series, direction::forward, part(3), detail::chain_carry{},
                          view<T const>(part(1)), view<T const>(part(2)), lane.terminated, lane.truncated);
    backend.map_rows(R, detail::chain_advantages{delta, decay}, samples, lane.value, lane.next_value, lane.terminated,
                     view<T const>(part(3)), out.advantage.reshaped(R, G));
    if (out.target)
      backend.map_rows(R, detail::plus_first{int(G)}, view<T const>(out.advantage.reshaped(R, G)), lane.value,
                       out.target.reshaped(R, G));
  }
};

}  // namespace COHORT_NAMESPACE
