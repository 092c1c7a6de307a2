#pragma once
#include <cohort/training/groups.hpp>
#include <optional>

namespace cohort {

/// Which of a state's probes the lane goes on with: the first (as good as any, so on-policy) or the one with the largest reward (the author's
/// fork of Hybrid GRPO; off-policy).
enum class executed_probe { first, best };

template <backend B, environment E, class Policy>
class probes_collector;

/// The rollout of Hybrid GRPO: from every state of `lanes` environments, `group` actions are tried on copies of it, each for `horizon` steps (the
/// later ones by the policy), and the lane goes on with one of them. Every step of every probe is a simulator step and counts.
struct probes {
  int lanes = 8;
  int steps = 32;   ///< decisions in each lane
  int group = 4;    ///< G, actions tried from each state
  int horizon = 1;  ///< n, steps of each probe
  executed_probe execute = executed_probe::first;
  cohort::noise noise = cohort::noise::independent;

  template <backend B, environment E, class Policy>
  using collector = probes_collector<B, E, Policy>;
  void check() const {
    detail::require(lanes > 0, "probes", "lanes", lanes, "a positive number");
    detail::require(steps > 0, "probes", "steps", steps, "a positive number");
    detail::require(group > 0, "probes", "group", group, "a positive number");
    detail::require(horizon > 0, "probes", "horizon", horizon, "a positive number");
  }
};

template <backend B, environment E, class Policy>
class probes_collector {
  using T = value_t<B>;
  using action = typename Policy::action;

 public:
  using batch_type = batch<B, action>;

  probes_collector(B&, probes const& o, E const& e, Policy const& policy, std::uint64_t seed)
      : options_(o), environment_(e, o.lanes * o.group, seed), returns_(o.lanes), seed_(seed) {
    static_assert(Policy::has_critic, "probes look one step ahead and bootstrap from there: they need a policy with a critic, such as actor_critic");
    batch_.observation_size = policy.observations();
    batch_.action_width = policy.distribution().action_width();
    for (int n = 0; n < o.lanes; ++n) begin(n);
  }

  batch_type& collect(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    int N = options_.lanes, G = options_.group, K = options_.horizon, NG = N * G, D = batch_.observation_size, A = batch_.action_width;
    std::ptrdiff_t steps = std::min<std::int64_t>(options_.steps, budget / (std::int64_t(NG) * K)), R = steps * N, M = R * G;
    batch_.R = R;
    if (R == 0) return batch_;
    batch_.G = G;
    batch_.K = K;
    batch_.decisions = series::lanes(steps, N);
    batch_.observation.resize((steps + 1) * N * D);
    batch_.action.resize(M * A);
    for (auto* a : {&batch_.sampler_logp, &batch_.advantage, &batch_.target}) a->resize(M);
    batch_.reward.resize(K * M);
    batch_.terminated.resize(K * M);
    batch_.truncated.resize(K * M);
    batch_.executed.resize(R);
    batch_.series_of.resize(R);
    last_.resize(M * D);
    executed_last_.resize(R * D);
    next_.resize(NG * D);

    auto seen = batch_.observation.matrix((steps + 1) * N, D);
    for (int n = 0; n < N; ++n) environment_.observe(n * G, &seen(n, 0));
    for (std::ptrdiff_t t = 0; t < steps; ++t) {
      auto at = [&](auto& array, int k = 0) { return array.all().part(k * M + t * NG, NG); };
      auto act = batch_.action.matrix(R, G * A).part(t * N, N);
      auto next = next_.matrix(NG, D);
      policy.act(backend, view<T const>(seen.part(t * N, N)), stream{seed_, purpose::action, std::uint32_t(environment_.steps())}, G, act,
                 at(batch_.sampler_logp).reshaped(N, G));
      environment_.step(view<action const>(act.reshaped(NG, A)), at(batch_.reward), at(batch_.terminated), at(batch_.truncated), next,
                        options_.noise == noise::common ? G : 1);
      std::copy_n(next.data, next.size(), last_.data() + t * NG * D);
      for (int n = 0; n < N; ++n) {
        int chosen = n * G;
        if (options_.execute == executed_probe::best)
          for (int g = 1; g < G; ++g)
            if (at(batch_.reward)[n * G + g] > at(batch_.reward)[chosen]) chosen = n * G + g;
        batch_.executed.data()[t * N + n] = std::int32_t(t * NG + chosen);
        batch_.series_of.data()[t * N + n] = n;
        std::copy_n(&next(chosen, 0), D, executed_last_.data() + (t * N + n) * D);
      }
      summary.steps += NG;
      if (K > 1) summary.steps += look_further(backend, policy, t, M);
      for (int n = 0; n < N; ++n) {
        std::ptrdiff_t chosen = batch_.executed.data()[t * N + n];
        returns_.add(n, batch_.reward.data()[chosen]);
        if (batch_.terminated.data()[chosen] || batch_.truncated.data()[chosen]) {
          returns_.end(n, summary);
          begin(n);
        } else {
          for (int g = 0; g < G; ++g) environment_.copy(int(chosen - t * NG), n * G + g);
        }
        environment_.observe(n * G, &seen((t + 1) * N + n, 0));
      }
    }
    batch_.value.resize(R + N);
    batch_.next_value.resize(R);
    batch_.probe_value.resize(M);
    policy.value(backend, view<T const>(seen), batch_.value.all());
    policy.value(backend, view<T const>(executed_last_.matrix(R, D)), batch_.next_value.all());
    policy.value(backend, view<T const>(last_.matrix(M, D)), batch_.probe_value.all());
    batch_.has_values = batch_.has_executed = true;
    return batch_;
  }

 private:
  /// A new episode in lane n: one state, G copies of it.
  void begin(int n) {
    int G = options_.group;
    environment_.reset(n * G);
    for (int g = 1; g < G; ++g) environment_.copy(n * G, n * G + g);
  }

  /// Steps 2 ... K of the probes of time t, on a copy of the environments; a probe that has ended is stepped on but not counted or read.
  std::int64_t look_further(B& backend, Policy& policy, std::ptrdiff_t t, std::ptrdiff_t M) {
    int NG = options_.lanes * options_.group, K = options_.horizon, D = batch_.observation_size, A = batch_.action_width;
    if (!further_) further_.emplace(environment_);
    *further_ = environment_;
    further_action_.resize(NG * A);
    further_logp_.resize(NG);
    ended_.assign(NG, false);
    std::int64_t steps = 0;
    auto last = last_.matrix(M, D).part(t * NG, NG);
    auto next = next_.matrix(NG, D);
    for (int k = 1; k < K; ++k) {
      auto flag = [&](auto& array, int row) { return array.all().part(row * M + t * NG, NG); };
      for (int i = 0; i < NG; ++i) ended_[i] = ended_[i] || flag(batch_.terminated, k - 1)[i] || flag(batch_.truncated, k - 1)[i];
      auto act = further_action_.matrix(NG, A);
      policy.act(backend, view<T const>(next), stream{seed_, purpose::probe, std::uint32_t(further_->steps() * K + k)}, 1, act, further_logp_.all());
      further_->step(view<action const>(act), flag(batch_.reward, k), flag(batch_.terminated, k), flag(batch_.truncated, k), next,
                     options_.noise == noise::common ? options_.group : 1);
      for (int i = 0; i < NG; ++i) {
        if (ended_[i]) continue;
        ++steps;
        std::copy_n(&next(i, 0), D, &last(i, 0));
      }
    }
    return steps;
  }

  probes options_;
  vector_environment<B, E> environment_;
  std::optional<vector_environment<B, E>> further_;
  detail::return_counter returns_;
  batch_type batch_;
  typename B::template array<T> last_, executed_last_, next_, further_logp_;
  typename B::template array<action> further_action_;
  std::vector<char> ended_;
  std::uint64_t seed_;
};

}  // namespace cohort
