#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/update/learner.hpp>
#include <cohort/update/part_views.hpp>

namespace COHORT_NAMESPACE {

template <backend B, class Update, class Policy, class Batch>
class critic_warmup_learner;

/// Value pre-training: in the first `updates` of a run the critic learns alone, by `critic`, from rollouts of the
/// policy as it was at the start, and only then do both, by `then`.
///
///     critic_warmup{.updates = 50, .critic = update{...}, .then = update{...}}
///
/// Meanwhile the objective is its terms that read the value, and only the critic's parameters move: of an actor_critic
/// the critic's network (a shared trunk is refused), of a language_model_with_value the value head, on hidden states
/// that stay as they are. What it learns is the estimator's target: Monte-Carlo returns where lambda is 1 (decoupled).
/// The optimizer of `then` begins afresh. In update_metrics only what the critic has is written (loss, value_loss,
/// ...); a KL weight with a controller is told a distance of 0.
template <class Critic = update<>, class Then = update<>>
struct critic_warmup {
  std::int64_t updates = 50;  ///< of the critic alone, >= 0
  Critic critic{};            ///< its normalize, target_kl and desired_kl are not used
  Then then{};

  static constexpr about notes{"critic_warmup", "the critic alone, then both",
                               "Yuan et al. 2025 (VC-PPO), arXiv:2503.01491; VAPO, arXiv:2504.05118 (50 steps)",
                               "an actor without a loss"};
  constexpr void parameters(auto f) const { f("updates", updates), f("critic", critic), f("then", then); }

  template <backend B, class Policy, class Batch>
  using learner = critic_warmup_learner<B, critic_warmup, Policy, Batch>;
  template <class B>
  static constexpr bool has_optimizers = Critic::template has_optimizers<B> && Then::template has_optimizers<B>;
  template <backend B>
  auto erased() const {
    return critic_warmup<detail::erased_update_t<B, Critic>, detail::erased_update_t<B, Then>>{
        updates, detail::erased_update<B>(critic), detail::erased_update<B>(then)};
  }
  static constexpr bool trains_apart = true;
  template <class B, class Policy>
  static constexpr bool fits = Policy::has_critic && detail::update_fits<Then, B, Policy>();
  template <class Policy>
  static constexpr void require_policy() {
    static_assert(
        Policy::has_critic,
        "critic_warmup trains the critic, and the policy has none: use actor_critic or language_model_with_value");
  }
  template <class O>
  static constexpr void require_terms() {
    static_assert(detail::has_terms<decltype(value_terms(std::declval<O const&>()))>,
                  "critic_warmup needs an objective with a term that reads the value, such as value_loss");
  }

  void check() const {
    detail::require(updates >= 0, "critic_warmup", "updates", double(updates), "0 or a positive number");
    critic.check(), then.check();
  }
};

/// The learner of a critic_warmup.
template <backend B, class Update, class Policy, class Batch>
class critic_warmup_learner {
  using critic = typename detail::critic_alone<Policy>::type;
  using then_update = std::remove_cvref_t<decltype(Update::then)>;

 public:
  critic_warmup_learner(B& backend, Update const& u, any_aggregation<B> const& aggregation, Policy& policy,
                        std::uint64_t seed)
      : left_(checked(u, policy).updates),
        critic_(backend, detail::of_critic(u.critic), aggregation, critic{policy}, seed),
        then_(backend, u.then, aggregation, policy, seed) {}

  std::size_t optimizer_bytes() const { return critic_.optimizer_bytes() + then_.optimizer_bytes(); }
  void persist(auto const& f) { f("left", left_), f("critic", critic_), f("then", then_); }

  update_metrics learn(B& backend, any_objective<B> const& o, Policy& policy, Batch& batch, double progress) {
    return detail::learn_whole(*this, backend, o, policy, batch, progress);
  }
  /// The same in pieces, those of the update that it is.
  void begin(B& backend, any_objective<B> const& o, Policy& policy, Batch& batch) {
    warms_up_ = left_ > 0;
    if (!warms_up_) return then_.begin(backend, o, policy, batch);
    --left_;
    critic values{policy};
    critic_.begin(backend, values, batch);
    of_critic_ = {};
  }
  bool next(B& backend, any_objective<B> const& o, Policy& policy, Batch& batch, double progress,
            update_metrics& metrics) {
    if (!warms_up_) return then_.next(backend, o, policy, batch, progress, metrics);
    critic values{policy};
    auto const& found = of_critic_;
    if (critic_.next(backend, o.value_terms(), values, batch, progress, of_critic_)) return true;
    metrics = {};
    metrics.loss = found.loss, metrics.value_loss = found.value_loss, metrics.series = found.series;
    metrics.gradient_norm = found.gradient_norm, metrics.learning_rate = found.learning_rate;
    metrics.optimizer_steps = found.optimizer_steps;
    return false;
  }

 private:
  static Update const& checked(Update const& u, Policy const& policy) {
    u.check();
    detail::require_separate_critic("critic_warmup", policy);
    return u;
  }

  std::int64_t left_;
  bool warms_up_ = false;
  update_metrics of_critic_;
  learner<B, critic, Batch> critic_;
  typename detail::learner_for<B, then_update, Policy, Batch>::type then_;
};

}  // namespace COHORT_NAMESPACE
