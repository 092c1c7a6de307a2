#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/describe/about.hpp>
#include <cohort/optimizer/conjugate_gradients.hpp>
#include <cohort/update/learner.hpp>
#include <cohort/update/part_views.hpp>

namespace COHORT_NAMESPACE {

template <backend B, class Update, class Policy, class Batch>
class trust_region_learner;

namespace detail {

template <class Critic>
Critic usual_critic_update() {
  if constexpr (std::is_same_v<Critic, update<>>)
    return {.epochs = 10, .minibatch_size = 128, .optimizer = adam{.rate = 1e-3}};
  else return {};
}

/// A policy with Fisher-vector products.
template <class Policy, class B>
concept has_fisher_product =
    requires(Policy& p, B& backend, out_view<B> v) { p.fisher_product(backend, in_view<B>(v), v); };

}  // namespace detail

/// TRPO's update, the `.update` of an algorithm: one step of the policy over the whole batch, as far as the KL
/// divergence allows, then epochs of minibatches for the value function. With g the descent direction of the
/// objective's terms that do not read the value, F the Fisher information of the policy's parameters (mean over the
/// batch's decisions) and A = F + damping I:
///
///     x = A^-1 g by conjugate gradients,    s = sqrt(2 target_kl / x'Ax),
///     parameters + shrink^k s x for the first k < backtracks where
///     mean KL < target_kl and the loss is strictly less than before; if there is none, the parameters as they were
///
/// TRPO's own objective is a term -r A with r = exp(logp - old_logp); others (entropy_bonus, kl_penalty) may join.
/// Terms that read the value train the critic alone, by `critic`. In update_metrics loss is that of the policy after
/// the step plus the critic's last, approximate_kl the KL of the test, exactly, gradient_norm that of g, step the
/// accepted shrink^k.
///
/// For actor and actor_critic with separate trunks, on every backend. Raises value_error for parameters out of their
/// range and for a shared trunk.
///
/// Source: Schulman et al. 2015, arXiv:1502.05477, section 6 and appendix C; defaults and tests are those of
/// sb3-contrib 2.9.2, which differs in `over` and takes the mean of a Gaussian's KL over its dimensions (here, as in
/// the paper, the sum: target_kl and damping D times theirs give their step).
template <class Critic = update<>>
struct trust_region {
  double target_kl = .01;   ///< > 0; in nats
  double damping = .1;      ///< >= 0
  int iterations = 15;      ///< of conjugate gradients
  double residual = 1e-10;  ///< squared norm of what is left of g at which they stop earlier
  int backtracks = 10;      ///< steps that the line search tries
  double shrink = .8;       ///< in (0, 1)
  divergence_over over =
      divergence_over::other;  ///< of the KL in the test: KL(old || pi), the paper's, or KL(pi || old), sb3-contrib's
  normalization normalize = normalization::batch;  ///< of the advantages; minibatch is the same
  standardize standardization{};
  /// Default: 10 epochs of minibatches of 128, adam{.rate = 1e-3}. Its normalize, target_kl and desired_kl are not
  /// used.
  Critic critic = detail::usual_critic_update<Critic>();

  static constexpr about notes{"trust_region", "the natural gradient as far as the KL divergence allows",
                               "Schulman et al. 2015, arXiv:1502.05477, appendix C", "sb3-contrib; a dense solver"};
  constexpr void parameters(auto f) const {
    f("target_kl", target_kl), f("damping", damping), f("iterations", iterations);
    f("residual", residual, residual != 1e-10);
    f("backtracks", backtracks, backtracks != 10);
    f("shrink", shrink, shrink != .8);
    f("over", over, over != divergence_over::other);
    f("normalize", normalize, normalize == normalization::none);
    f("standardization", standardization, normalize != normalization::none && !(standardization == standardize{}));
    f("critic", critic);
  }

  template <backend B, class Policy, class Batch>
  using learner = trust_region_learner<B, trust_region, Policy, Batch>;
  template <class B>
  static constexpr bool has_optimizers = Critic::template has_optimizers<B>;
  template <backend B>
  auto erased() const {
    return trust_region<detail::erased_update_t<B, Critic>>{
        target_kl, damping, iterations, residual,        backtracks,
        shrink,    over,    normalize,  standardization, detail::erased_update<B>(critic)};
  }
  static constexpr bool trains_apart = true;
  template <class O>
  static constexpr void require_terms() {
    static_assert(
        detail::has_terms<decltype(policy_terms(std::declval<O const&>()))>,
        "a trust_region needs an objective with a term that reads the policy, such as the ratio times the advantage");
  }
  template <class B, class Policy>
  static constexpr bool fits = detail::has_fisher_product<Policy, B>;
  template <class Policy>
  static constexpr void require_policy() {
    static_assert(!sizeof(Policy),
                  "a trust_region needs the Fisher information of the policy, which this one does not give: actor and "
                  "actor_critic do");
  }

  void check() const {
    detail::require(target_kl > 0, "trust_region", "target_kl", target_kl, "a positive number");
    detail::require(damping >= 0, "trust_region", "damping", damping, "0 or more");
    detail::require(backtracks > 0, "trust_region", "backtracks", backtracks, "a positive number");
    detail::require(shrink > 0 && shrink < 1, "trust_region", "shrink", shrink, "a number in (0, 1)");
    conjugate_gradients{iterations, residual}.check("trust_region");
  }
};

/// The learner of a trust_region. After its first update it allocates nothing.
template <backend B, class Update, class Policy, class Batch>
class trust_region_learner {
  using T = value_t<B>;
  using array = typename B::template array<T>;
  using actor = detail::actor_part<Policy>;
  using critic = detail::critic_part<Policy>;

 public:
  trust_region_learner(B& backend, Update const& u, any_aggregation<B> const& aggregation, Policy& policy,
                       std::uint64_t seed)
      : update_(checked(u, policy)),
        aggregation_(aggregation),
        critic_(backend, detail::of_critic(u.critic), aggregation, critic{policy}, seed),
        pass_(seed) {
    for (auto* a : {&gradient_, &start_, &direction_}) backend.resize(*a, policy.parameters().rows);
  }

  std::size_t optimizer_bytes() const { return critic_.optimizer_bytes(); }
  void persist(auto const& f) { f("critic", critic_), f("pass", pass_); }

  update_metrics learn(B& backend, any_objective<B> const& o, Policy& policy, Batch& batch, double progress) {
    return detail::learn_whole(*this, backend, o, policy, batch, progress);
  }
  /// The same in pieces: the actor's step, then the critic's minibatches.
  void begin(B&, any_objective<B> const&, Policy&, Batch&) { has_stepped_ = false; }
  bool next(B& backend, any_objective<B> const& o, Policy& policy, Batch& batch, double progress,
            update_metrics& metrics) {
    if (!has_stepped_) metrics = step(backend, o.policy_terms(), policy, batch);
    bool const first = !std::exchange(has_stepped_, true);
    if constexpr (Policy::has_critic)
      if (o.has_value_terms()) {
        critic values{policy};
        if (first) {
          of_critic_ = {};
          critic_.begin(backend, values, batch);
          return true;
        }
        auto const& found = of_critic_;
        if (critic_.next(backend, o.value_terms(), values, batch, progress, of_critic_)) return true;
        metrics.loss += found.loss, metrics.value_loss = found.value_loss;
        metrics.learning_rate = found.learning_rate, metrics.optimizer_steps = found.optimizer_steps;
      }
    return false;
  }

 private:
  static Update const& checked(Update const& u, Policy const& policy) {
    u.check();
    detail::require_separate_critic("trust_region", policy);
    return u;
  }

  update_metrics step(B& backend, detail::erased_objective<B>& o, Policy& policy, Batch& batch) {
    if (update_.normalize != normalization::none) update_.standardization(backend, batch.advantage.all());
    minibatches_.plan(backend, batch, 0, 0);
    auto m = minibatches_.whole(backend, batch);
    auto evaluate = [&](bool with_gradient) {
      actor own{{policy}, with_gradient};
      update_metrics found;
      pass_(backend, aggregation_, o, own, minibatches_, m, &found);
      return found;
    };
    auto before = evaluate(true);
    view<T> g = gradient_.all(), x = direction_.all();
    backend.map(outputs{g}, detail::scaled_by{-1}, view<T const>(policy.gradient()));
    before.gradient_norm = std::sqrt(detail::dot(backend, view<T const>(g), view<T const>(g)));
    if (!std::isfinite(before.gradient_norm) || !std::isfinite(before.loss))
      throw not_finite_error("trust_region: the loss is " + detail::text(before.loss) + " and the gradient's norm " +
                             detail::text(before.gradient_norm) + ", expected finite numbers");
    before.approximate_kl = 0;

    auto product = [&](view<T const> v, view<T> out) {
      policy.fisher_product(backend, v, out);
      backend.map(outputs{out}, detail::plus_multiple{update_.damping}, view<T const>(out), v);
    };
    conjugate_gradients{update_.iterations, update_.residual}.solve(backend, solver_, product, view<T const>(g), x);
    product(x, solver_.image.all());
    double curvature = detail::dot(backend, view<T const>(x), view<T const>(solver_.image.all()));
    if (!(curvature > 0)) return before;  // no gradient, or one that is not a number

    backend.resize(old_, batch.R * policy.distribution_size());
    policy.last_distribution_rows(backend, old_.matrix(batch.R, policy.distribution_size()));
    detail::copy_to(backend, start_.all(), policy.parameters());
    double length = std::sqrt(2 * update_.target_kl / curvature), share = 1;
    for (int k = 0; k < update_.backtracks; ++k, share *= update_.shrink) {
      backend.map(outputs{policy.parameters()}, detail::plus_multiple{share * length}, view<T const>(start_.all()),
                  view<T const>(x));
      pass_.repeat_draws();
      auto after = evaluate(false);
      after.approximate_kl = distance(backend, policy, batch.R);
      if (!(after.approximate_kl < update_.target_kl && after.loss < before.loss)) continue;
      after.gradient_norm = before.gradient_norm;
      after.line_search_share = share;
      return after;
    }
    detail::copy_to(backend, policy.parameters(), start_.all());
    return before;
  }

  /// The mean KL divergence between the policy evaluated last and the one before the step.
  double distance(B& backend, Policy& policy, std::ptrdiff_t R) {
    auto kl = backend.template temporary<T>(R + 1);
    view<T> each = kl.all().part(0, R), sum = kl.all().part(R, 1);
    policy.kl_of_last(backend, old_.matrix(R, policy.distribution_size()), update_.over, each);
    backend.reduce(sum, detail::same{}, view<T const>(each));
    T found[1];
    backend.download(std::span<T>(found), view<T const>(sum));
    return double(found[0]) / double(R);
  }

  Update update_;
  any_aggregation<B> aggregation_;
  learner<B, critic, Batch> critic_;
  bool has_stepped_ = false;
  update_metrics of_critic_;
  typename Batch::template minibatches<actor> minibatches_;
  objective_pass<B> pass_;
  conjugate_gradients::state<B> solver_;
  array gradient_, start_, direction_, old_;
};

}  // namespace COHORT_NAMESPACE
