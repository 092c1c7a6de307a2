#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/rollout/executed_probe.hpp>
#include <cohort/rollout/groups.hpp>
#include <optional>

namespace COHORT_NAMESPACE {

namespace detail {

struct any_of {
  template <class S, class M>
  constexpr S operator()(S, M a, M b, M c) const {
    return select(a | b | c, S(1), S(0));
  }
};

struct keep_where_ended {
  int D;
  template <class M, class X, class L>
  constexpr void operator()(M ended, X next, L last) const {
    using S = typename X::scalar;
    for (int d = 0; d < D; ++d) last.set(d, select(ended[0], S(last[d]), S(next[d])));
  }
};

}  // namespace detail

template <backend B, environment E, class Policy>
class probes_collector;

/// The rollout of Hybrid GRPO: from every state of `lanes` environments, `group` actions are tried on copies of it,
/// each for `depth` steps (the later ones by the policy), and the lane goes on with one of them. Every step of every
/// probe is a simulator step and counts.
struct probes {
  int lanes = 8;
  int horizon = 32;  ///< decisions in each lane
  int group = 4;     ///< G, actions tried from each state
  int depth = 1;     ///< n, steps of each probe
  executed_probe execute = executed_probe::first;
  double sharpness = 1;  ///< T of executed_probe::softmax, >= 0; 0 draws any probe, a large one the best
  cohort::action_noise noise = cohort::action_noise::independent;

  constexpr void parameters(auto f) const {
    f("lanes", lanes), f("horizon", horizon), f("group", group);
    f("depth", depth, depth > 1);
    f("execute", execute, execute != executed_probe::first);
    f("sharpness", sharpness, execute == executed_probe::softmax && sharpness != 1);
    f("noise", noise, noise != cohort::action_noise::independent);
  }

  template <class E, class Policy>
  static constexpr bool fits = Policy::has_critic;
  static constexpr bool carries_memory = true;  ///< of a policy that has one
  /// What its batches give an estimator.
  template <class Policy>
  static constexpr unsigned gives = needs::critic | needs::probes;
  template <backend B, environment E, class Policy>
  using collector = probes_collector<B, E, Policy>;
  void check() const {
    detail::require(lanes > 0, "probes", "lanes", lanes, "a positive number");
    detail::require(horizon > 0, "probes", "horizon", horizon, "a positive number");
    detail::require(group > 0, "probes", "group", group, "a positive number");
    detail::require(depth > 0, "probes", "depth", depth, "a positive number");
    detail::require_numbered("probes", "lanes x horizon x group x depth", double(lanes) * horizon * group * depth);
    detail::require(sharpness >= 0 && sharpness < std::numeric_limits<double>::infinity(), "probes", "sharpness",
                    sharpness, "a finite number, 0 or more");
  }
};

template <backend B, environment E, class Policy>
class probes_collector {
  using T = value_t<B>;
  using action = typename Policy::action;

 public:
  using batch_type = batch<B, action>;

  probes_collector(B& backend, probes const& o, E const& e, Policy const& policy, std::uint64_t seed)
      : options_(o), stepper_(backend, e, policy, o.lanes * o.group, seed), returns_(o.lanes), seed_(seed) {
    static_assert(
        Policy::has_critic,
        "probes look one step ahead and bootstrap from there: they need a policy with a critic, such as actor_critic");
    detail::require_copies(e);
    batch_.set_extents(policy);
    stepper_.environment().reset(backend, o.group);
  }

  batch_type& collect(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    collecting(backend, policy, budget, summary).finish();
    return batch_;
  }
  /// The same in pieces: a decision in all lanes.
  detail::pieces collecting(B& backend, Policy& policy, std::int64_t budget, rollout_summary& summary) {
    int N = options_.lanes, G = options_.group, K = options_.depth, NG = N * G, D = batch_.observation_size;
    std::ptrdiff_t steps = std::min<std::int64_t>(options_.horizon, budget / (std::int64_t(NG) * K)), R = steps * N,
                   M = R * G;
    batch_.R = R;
    if (R == 0) co_return;
    batch_.G = G;
    batch_.K = K;
    batch_.series = partition::lanes(steps, N);
    prepare(backend, steps);

    auto& environment = stepper_.environment();
    auto seen = batch_.observation.matrix((steps + 1) * N, D), last = last_.matrix(M, D), spare = spare_.matrix(NG, D);
    auto const& memory = stepper_.memory();
    stepper_.observe(backend, seen.part(0, N), G);
    for (std::ptrdiff_t t = 0; t < steps; ++t) {
      auto at = [&](auto& array) { return array.all().part(t * NG, NG); };
      auto executed = batch_.executed.all().part(t * N, N);
      view<std::int32_t const> from = from_.all();
      stepper_.step(backend, policy, seen.part(t * N, N), batch_, t * NG, last.part(t * NG, NG), G, common(G));
      backend.for_rows(N,
                       detail::choose_probe{G, t * NG, options_.execute, options_.sharpness,
                                            stream_id{seed_, draw_purpose::choice, std::uint32_t(stepper_.steps())}},
                       view<T const>(at(batch_.reward).reshaped(N, G)), executed, from_.matrix(N, G));
      view<T> const executed_last = executed_last_.matrix(R, D).part(t * N, N), next = seen.part((t + 1) * N, N);
      backend.gather(executed_last, view<T const>(last), view<std::int32_t const>(executed));
      if (K > 1) look_further(backend, policy, t, M);
      // Every probe of a lane goes on as the executed one did, or from a new start where that ended the episode.
      environment.copy(backend, from);
      view<std::uint8_t> terminated = ended_.all().part(0, NG), truncated = ended_.all().part(NG, NG);
      backend.gather(terminated, view<std::uint8_t const>(at(batch_.terminated)), from);
      backend.gather(truncated, view<std::uint8_t const>(at(batch_.truncated)), from);
      environment.restart(backend, view<std::uint8_t const>(terminated), view<std::uint8_t const>(truncated),
                          memory.seen(spare), memory.seen(spare_last_.matrix(NG, D)), G);
      environment.observe(backend, memory.seen(next), G);
      auto every = [&](view<std::uint8_t> flags) { return view<std::uint8_t const>(flags.data, N, 1, G, 1); };
      memory.pass_on(backend, view<T const>(executed_last), next, every(terminated), every(truncated));
      co_await detail::pause;
    }
    std::int64_t first_step = stepper_.steps() - steps;
    stepper_.require_finite_rollout(backend, batch_, 0, seen, G);
    stepper_.leave(backend, view<T const>(seen.part(R, N)));
    if (K > 1)
      environment.require_finite_rewards(backend, batch_.reward.all().part(M, (K - 1) * M), first_step + steps, NG);
    environment.require_finite_observations(backend, memory.seen(view<T const>(last)), first_step + 1, NG);
    count(backend, steps, summary);
    policy.value(backend, view<T const>(seen), batch_.value.all());
    policy.value(backend, view<T const>(executed_last_.matrix(R, D)), batch_.next_value.all());
    policy.value(backend, view<T const>(last), batch_.probe_value.all());
    batch_.has_values = batch_.has_executed = true;
  }
  batch_type& collected() { return batch_; }

  void persist(auto const& f) { f("environment", stepper_), f("returns", returns_); }

 private:
  int common(int G) const { return options_.noise == action_noise::common ? G : 1; }

  void prepare(B& backend, std::ptrdiff_t steps) {
    std::ptrdiff_t N = options_.lanes, NG = N * options_.group, R = steps * N, M = steps * NG,
                   D = batch_.observation_size;
    backend.resize(batch_.observation, (steps + 1) * N * D);
    batch_.resize_decisions(backend);
    backend.resize(batch_.probe_value, M);
    backend.resize(batch_.executed, R);
    backend.resize(batch_.value, R + N);
    backend.resize(batch_.next_value, R);
    detail::write_lane_index(backend, batch_.series_of, steps, N);
    backend.resize(last_, M * D);
    backend.resize(executed_last_, R * D);
    for (auto* a : {&spare_, &spare_last_}) backend.resize(*a, NG * D);
    backend.resize(from_, NG);
    backend.resize(ended_, 2 * NG);
  }

  /// Steps 2 ... K of the probes of time t, on a copy of the environments; a probe that has ended is stepped on but not
  /// counted or read.
  void look_further(B& backend, Policy& policy, std::ptrdiff_t t, std::ptrdiff_t M) {
    int NG = options_.lanes * options_.group, K = options_.depth, D = batch_.observation_size, A = batch_.action_width;
    if (!further_) further_.emplace(stepper_.environment());
    *further_ = stepper_.environment();
    backend.resize(further_action_, NG * A);
    backend.resize(further_logp_, NG);
    backend.resize(further_ended_, NG);
    auto const& memory = stepper_.memory();
    view<T> last = last_.matrix(M, D).part(t * NG, NG), now = spare_.matrix(NG, D), next = spare_last_.matrix(NG, D);
    detail::copy_to(backend, now, last);
    backend.map(outputs{further_ended_.all()}, detail::filled{0}, view<T const>(further_logp_.all()));
    for (int k = 1; k < K; ++k) {
      auto flag = [&](auto& array, int row) { return array.all().part(row * M + t * NG, NG); };
      auto act = further_action_.matrix(NG, A);
      backend.map(outputs{further_ended_.all()}, detail::any_of{}, view<T const>(further_logp_.all()),
                  view<std::uint8_t const>(further_ended_.all()),
                  view<std::uint8_t const>(flag(batch_.terminated, k - 1)),
                  view<std::uint8_t const>(flag(batch_.truncated, k - 1)));
      policy.act(backend, view<T const>(now),
                 stream_id{seed_, draw_purpose::probe, std::uint32_t(further_->steps() * K + k)}, 1, act,
                 further_logp_.all());
      memory.remember(backend, policy, view<T const>(now), next);
      further_->step(backend, view<action const>(act), flag(batch_.reward, k), flag(batch_.terminated, k),
                     flag(batch_.truncated, k), memory.seen(next), common(options_.group));
      backend.map_rows(NG, detail::keep_where_ended{D}, view<std::uint8_t const>(further_ended_.all()),
                       view<T const>(next), last);
      std::swap(now, next);
    }
  }

  /// Simulator steps, and the episodes that the executed probes ended.
  void count(B& backend, std::ptrdiff_t steps, rollout_summary& summary) {
    std::size_t M = std::size_t(batch_.M()), K = std::size_t(options_.depth);
    record_.read(backend, batch_.reward.all(), batch_.terminated.all(), batch_.truncated.all());
    executed_.resize(std::size_t(batch_.R));
    backend.download(std::span<std::int32_t>(executed_), view<std::int32_t const>(batch_.executed.all()));
    for (std::size_t i = 0; i < M; ++i)
      for (std::size_t k = 0; k < K; ++k) {
        ++summary.steps;
        if (record_.done(k * M + i)) break;
      }
    std::size_t r = 0;
    for (std::ptrdiff_t t = 0; t < steps; ++t)
      for (int n = 0; n < options_.lanes; ++n, ++r) {
        auto chosen = std::size_t(executed_[r]);
        returns_.add(n, double(record_.reward[chosen]));
        if (record_.done(chosen)) returns_.end(n, summary);
      }
  }

  probes options_;
  detail::stepper<B, E, Policy> stepper_;
  std::optional<vector_environment<B, E>> further_;
  detail::return_counter returns_;
  detail::rollout_record<T> record_;
  std::vector<std::int32_t> executed_;
  batch_type batch_;
  typename B::template array<T> last_, executed_last_, spare_, spare_last_, further_logp_;
  typename B::template array<action> further_action_;
  typename B::template array<std::int32_t> from_;
  typename B::template array<std::uint8_t> ended_, further_ended_;
  std::uint64_t seed_;
};

}  // namespace COHORT_NAMESPACE
