#pragma once
#include <cohort/advantage/gae.hpp>
#include <cohort/advantage/group_statistics.hpp>

namespace cohort {

/// What is done to each reward before it is summed.
enum class reward_transform { none, tanh, tanh_of_group_score, tanh_of_batch_score };
/// What the value after a probe is multiplied by: gamma^n, 1 (the paper's formula as recalled omits gamma), or 0.
enum class bootstrap { discounted, undiscounted, none };
/// What the critic is trained towards: the group's mean return, or the lambda-return of the branch that was executed.
enum class critic_target { group_mean, lambda_return };

/// The baseline of Hybrid GRPO: weight ((1 - kappa) V(s) + kappa (mean of the group, or of its other members)).
struct mix {
  double kappa = .5;  ///< 0: the value function alone; 1: the group alone
  bool leave_one_out = false;
  double weight = 1;  ///< 0: no baseline
};

namespace detail {

/// q = sum over k of gamma^k f(r_k) + fade^n V, over one probe; columns are the K steps, n those until it ended.
struct probe_return {
  int K;
  double gamma, fade;

  template <class R, class M, class V, class Q>
  constexpr void operator()(R reward, M terminated, M truncated, V after, Q out) const {
    using S = typename R::scalar;
    S collected = 0, beyond = after[0];
    for (int k = K - 1; k >= 0; --k) {
      collected = reward[k] + select(terminated[k] | truncated[k], S(0), gamma * collected);
      beyond = select(terminated[k], S(0), fade * select(truncated[k], S(after[0]), beyond));
    }
    out.set(0, collected + beyond);
  }
};

/// Which of its K steps a probe was still running in.
struct running_steps {
  int K;
  template <class M, class Out>
  constexpr void operator()(M terminated, M truncated, Out running) const {
    using S = typename Out::scalar;
    S still = 1;
    for (int k = 0; k < K; ++k) {
      running.set(k, still);
      still = select(terminated[k] | truncated[k], S(0), still);
    }
  }
};

/// tanh of the z-score over those of the G columns of a row that are running.
struct group_score {
  int G, ddof;
  double epsilon, rounding;

  template <class R, class M, class Out>
  constexpr void operator()(R reward, M running, Out out) const {
    using S = typename R::scalar;
    S count = 0, sum = 0, squares = 0;
    for (int g = 0; g < G; ++g) {
      count += select(running[g], S(1), S(0));
      sum += select(running[g], reward[g], S(0));
    }
    S mean = sum / max(count, S(1));
    for (int g = 0; g < G; ++g) squares += select(running[g], (reward[g] - mean) * (reward[g] - mean), S(0));
    S deviation = sqrt(squares / max(count - ddof, S(1)));
    auto equal = deviation <= rounding * std::max(8, G) * abs(mean);
    for (int g = 0; g < G; ++g) out.set(g, select(equal, S(0), tanh((reward[g] - mean) / (deviation + epsilon))));
  }
};

struct batch_score {
  double epsilon;
  int ddof;
  template <class S>
  constexpr S operator()(S x, S count, S sum, S squares) const {
    return tanh(standardized{epsilon, ddof}(x, count, sum, squares));
  }
};

struct hyperbolic_tangent {
  template <class S>
  constexpr S operator()(S x) const {
    return tanh(x);
  }
};

/// From the returns q of a group to what stands above the fraction line, and to the critic's target.
struct hybrid_numerator {
  int G;
  mix baseline;

  template <class Q, class V, class A, class Y>
  constexpr void operator()(Q q, V value, A advantage, Y target) const {
    using S = typename Q::scalar;
    S mean = 0;
    for (int g = 0; g < G; ++g) mean += q[g] / G;
    double kappa = G == 1 ? 0 : baseline.kappa;
    for (int g = 0; g < G; ++g) {
      S group = baseline.leave_one_out ? (mean * G - q[g]) / std::max(1, G - 1) : mean;
      S level = kappa == 1 ? group : (1 - kappa) * value[0] + kappa * group;
      advantage.set(g, baseline.weight == 0 ? q[g] : q[g] - baseline.weight * level);
      target.set(g, mean);
    }
  }
};

/// A group whose returns are equal, up to rounding, has no standard deviation to be measured in: its advantages are 0.
struct hybrid_scale {
  int G, ddof;
  double epsilon, rounding;
  group_scale scale;
  bool averaged;

  template <class Q, class D, class A>
  constexpr void operator()(Q q, D batch_std, A advantage) const {
    using S = typename Q::scalar;
    S divisor = 1, factor = 1;
    if (scale == group_scale::batch_std) divisor = batch_std[0] + epsilon;
    if (scale == group_scale::group_std && G > 1) {
      S mean = 0, squares = 0;
      for (int g = 0; g < G; ++g) mean += q[g] / G;
      for (int g = 0; g < G; ++g) squares += (q[g] - mean) * (q[g] - mean);
      S deviation = sqrt(squares / std::max(1, G - ddof));
      factor = select(deviation <= rounding * std::max(8, G) * abs(mean), S(0), S(1));
      divisor = deviation + epsilon;
    }
    auto scaled = [&](int g) { return select(factor == 0, S(0), advantage[g] / divisor); };
    S mean = 0;
    for (int g = 0; g < G; ++g) mean += scaled(g) / G;
    for (int g = 0; g < G; ++g) advantage.set(g, averaged ? mean : scaled(g));
  }
};

/// gamma lambda (1 - done) A_{t+1}: what GAE adds to the one-step error.
struct gae_tail {
  double gamma;
  template <class S, class M>
  constexpr S operator()(S advantage, S reward, S value, S next_value, M terminated) const {
    return advantage - select(terminated, reward - value, reward + gamma * next_value - value);
  }
};

}  // namespace detail

/// Hybrid GRPO: several actions tried from each state and a value function.
///
///     q_i = sum_{k < n} gamma^k f(r_{i,k}) + gamma^n (1 - d_i) V(s_{i,n}),      A_i = (q_i - b(s)) / scale
///
/// over the G probes i of a state, n steps each (shorter where one ends). b mixes V(s) and the group's mean, f is `transform`. By default
/// each sample keeps its own A_i, and the critic's target is the mean of q. `tail` lets the executed sample's advantage go on along its lane
/// with gamma lambda (1 - done) A^GAE_{t+1}, so that credit reaches beyond the probe. A group of one has no group to compare with: b = V(s).
///
/// `averaged` gives every sample the group's mean advantage, as the paper's main formula is read; its expected gradient is 1/G of the policy
/// gradient, whatever G. With kappa = 1 the value V(s) cancels, and V(s') too where the probes share it.
///
/// Needs a critic and probes; raises value_error without. In the units of the (transformed) reward.
/// Source: Sane 2025, arXiv:2502.01652; the choices that the paper leaves open are members (docs/algorithms/hybrid_grpo.md).
struct hybrid_grpo {
  double gamma = .99;   ///< discount, in [0, 1]
  double lambda = .95;  ///< of the tail and of the lambda-return, in [0, 1]
  mix baseline = {};
  group_scale scale = group_scale::none;
  reward_transform transform = reward_transform::none;
  bootstrap after = bootstrap::discounted;
  critic_target target = critic_target::group_mean;
  bool tail = false;
  bool averaged = false;
  int ddof = 1;
  double epsilon = 1e-8;

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    detail::require(gamma >= 0 && gamma <= 1, "hybrid_grpo", "gamma", gamma, "a number in [0, 1]");
    detail::require(lambda >= 0 && lambda <= 1, "hybrid_grpo", "lambda", lambda, "a number in [0, 1]");
    detail::require(baseline.kappa >= 0 && baseline.kappa <= 1, "hybrid_grpo", "baseline.kappa", baseline.kappa, "a number in [0, 1]");
    detail::require_critic(batch, "hybrid_grpo");
    if (!batch.probe_value || !batch.executed) throw value_error("hybrid_grpo reads the values after each probe: use it with a rollout in probes");
    std::ptrdiff_t R = batch.decisions.steps(), G = batch.group, K = batch.horizon, M = R * G;
    if (K > 1 && tail) throw value_error("hybrid_grpo: the tail goes on from one-step probes; the horizon is " + std::to_string(K));
    if (batch.valid) throw value_error("hybrid_grpo: each step of a probe is an action in an environment, and so valid; this batch has invalid ones");
    double rounding = std::numeric_limits<T>::epsilon();

    auto rewards = backend.template temporary<T>(K * M);
    auto returns = backend.template temporary<T>(2 * M);
    auto scalars = backend.template temporary<T>(4);
    view<T> q = returns.all().part(0, M), target_all = returns.all().part(M, M);
    view<T const> f = transformed(backend, batch, rewards.all(), scalars.all());

    auto columns = [&](auto all) { return decltype(all)(all.data, M, K, 1, M); };
    backend.map_rows(M,
                     detail::probe_return{int(K), gamma,
                                          after == bootstrap::none           ? 0.
                                          : after == bootstrap::undiscounted ? 1.
                                                                             : gamma},
                     columns(f), columns(batch.terminated), columns(batch.truncated), batch.probe_value, q);
    auto grouped = [&](auto all) { return all.reshaped(R, G); };
    backend.map_rows(R, detail::hybrid_numerator{int(G), baseline}, view<T const>(grouped(q)), batch.value, grouped(out.advantage),
                     grouped(target_all));
    if (tail || target == critic_target::lambda_return) executed_branch(backend, batch, f, out.advantage, target_all);
    view<T> batch_std = scalars.all().part(3, 1);
    if (scale == group_scale::batch_std) {
      view<T> sums = scalars.all().part(0, 2), squares = scalars.all().part(2, 1);
      view<T const> a = out.advantage;
      backend.reduce(sums, detail::count_and_sum{}, a);
      backend.reduce(squares, detail::squared_deviation{}, a, broadcast<T const>(sums.part(0, 1), M), broadcast<T const>(sums.part(1, 1), M));
      backend.map(outputs{batch_std}, detail::standard_deviation{ddof}, view<T const>(sums.part(0, 1)), view<T const>(squares));
    }
    if (scale != group_scale::none || averaged)
      backend.map_rows(R, detail::hybrid_scale{int(G), ddof, epsilon, rounding, scale, averaged}, view<T const>(grouped(q)),
                       broadcast<T const>(batch_std, R), grouped(out.advantage));
    if (out.target) backend.map(outputs{out.target}, detail::same{}, view<T const>(target_all));
  }

 private:
  template <backend B, class T>
  view<T const> transformed(B& backend, batch_view<T> const& batch, view<T> to, view<T> scalars) const {
    std::ptrdiff_t n = to.rows;
    view<T const> in = batch.reward.reshaped(n);
    if (transform == reward_transform::none) return in;
    if (transform == reward_transform::tanh) {
      backend.map(outputs{to}, detail::hyperbolic_tangent{}, in);
      return to;
    }
    std::ptrdiff_t K = batch.horizon, M = n / K, rows = n / batch.group;
    auto flags = backend.template temporary<std::uint8_t>(n);
    auto columns = [&](auto all) { return decltype(all)(all.data, M, K, 1, M); };
    backend.map_rows(M, detail::running_steps{int(K)}, columns(batch.terminated), columns(batch.truncated), columns(flags.all()));
    view<std::uint8_t const> running = flags.all();
    if (transform == reward_transform::tanh_of_group_score) {
      backend.map_rows(rows, detail::group_score{int(batch.group), ddof, epsilon, double(std::numeric_limits<T>::epsilon())},
                       in.reshaped(rows, batch.group), running.reshaped(rows, batch.group), to.reshaped(rows, batch.group));
    } else {
      view<T> sums = scalars.part(0, 2), squares = scalars.part(2, 1);
      view<T const> count = broadcast<T const>(sums.part(0, 1), n), sum = broadcast<T const>(sums.part(1, 1), n);
      backend.reduce(sums, detail::count_and_sum{}, in, running);
      backend.reduce(squares, detail::squared_deviation{}, in, count, sum, running);
      backend.map(outputs{to}, detail::batch_score{epsilon, ddof}, in, count, sum, broadcast<T const>(squares, n));
    }
    return to;
  }

  /// GAE along the lanes of executed actions: its tail goes to their advantages, its lambda-return to the targets.
  template <backend B, class T>
  void executed_branch(B& backend, batch_view<T> const& batch, view<T const> rewards, view<T> advantage, view<T> targets) const {
    std::ptrdiff_t R = batch.decisions.steps(), G = batch.group;
    auto numbers = backend.template temporary<T>(3 * R);
    auto flags = backend.template temporary<std::uint8_t>(2 * R);
    view<T> reward = numbers.all().part(0, R), along = numbers.all().part(R, R), rest = numbers.all().part(2 * R, R);
    view<std::uint8_t> terminated = flags.all().part(0, R), truncated = flags.all().part(R, R);
    backend.gather(reward, rewards, batch.executed);
    backend.gather(terminated, batch.terminated.reshaped(batch.horizon * R * G), batch.executed);
    backend.gather(truncated, batch.truncated.reshaped(batch.horizon * R * G), batch.executed);
    backend.scan(batch.decisions, direction::backward, detail::gae_step{gamma, lambda}, 0, along, view<T const>(reward), batch.value,
                 batch.next_value, view<std::uint8_t const>(terminated), view<std::uint8_t const>(truncated));
    if (tail) {
      backend.map(outputs{rest}, detail::gae_tail{gamma}, view<T const>(along), view<T const>(reward), batch.value, batch.next_value,
                  view<std::uint8_t const>(terminated));
      backend.scatter_add(advantage, view<T const>(rest), batch.executed);
    }
    if (target == critic_target::lambda_return) {
      backend.map(outputs{along}, detail::plus{}, view<T const>(along), batch.value);
      backend.map_rows(R, detail::repeat_in_row{int(G)}, view<T const>(along), targets.reshaped(R, G));
    }
  }
};

}  // namespace cohort
