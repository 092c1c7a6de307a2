#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/backend/finite.hpp>
#include <cohort/update/objective_pass.hpp>
#include <cohort/update/update.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// 0 ... n - 1 in an order that depends on the seed and the round alone (Fisher and Yates).
inline void shuffle(std::vector<std::int32_t>& order, std::ptrdiff_t n, stream_id s) {
  order.resize(std::size_t(n));
  for (std::ptrdiff_t i = 0; i < n; ++i) order[std::size_t(i)] = std::int32_t(i);
  random_stream draws(s);
  for (std::size_t i = order.size(); i-- > 1;) std::swap(order[i], order[draws.integer(std::uint32_t(i + 1))]);
}

/// All pieces of an update.
template <class L, class B, class Policy, class Batch>
update_metrics learn_whole(L& learner, B& backend, any_objective<B> const& o, Policy& policy, Batch& batch,
                           double progress) {
  update_metrics metrics;
  learner.begin(backend, o, policy, batch);
  while (learner.next(backend, o, policy, batch, progress, metrics)) {
  }
  return metrics;
}

}  // namespace detail

/// From a batch with its advantages to new parameters: epochs of minibatches of evaluate, differentiate, backward,
/// clip, optimize. It owns the optimizer's state and every array on the way, so that after its first update it
/// allocates nothing.
template <backend B, class Policy, class Batch = batch<B, typename Policy::action>>
class learner {
  using T = value_t<B>;
  using array = typename B::template array<T>;

 public:
  template <class Optimizer>
  learner(B& backend, update<Optimizer> const& how, any_aggregation<B> const& aggregation, Policy const& policy,
          std::uint64_t seed)
      : update_(detail::erased_update<B>(how)), aggregation_(aggregation), seed_(seed), pass_(seed) {
    update_.optimizer.start(backend, layout_of(policy));
    update_.check();
    rate_ = update_.optimizer.rate(0);
    if (adapts() && !update_.optimizer.set_rate(rate_))
      throw value_error("update: desired_kl changes the optimizer's rate, and " + update_.optimizer.name() +
                        " has no member `rate`");
    if (update_.unroll > 0 && !(detail::learns_through_time<Policy, B> && detail::memory_of(policy) > 0))
      throw value_error("update: unroll is " + std::to_string(update_.unroll) +
                        ", and the policy has no memory that it learns through time: expected 0");
    backend.resize(norm_, 2);
  }

  std::size_t optimizer_bytes() const { return update_.optimizer.bytes(); }
  void persist(auto const& f) {
    f("optimizer", update_.optimizer), f("rounds", rounds_), f("pass", pass_);
    if (adapts()) f("rate", rate_);
  }

  update_metrics learn(B& backend, any_objective<B> const& o, Policy& policy, Batch& batch, double progress) {
    return detail::learn_whole(*this, backend, o, policy, batch, progress);
  }
  /// The same in pieces: `next` does a minibatch, and is false at the last one, with the metrics of the update.
  void begin(B& backend, any_objective<B> const&, Policy& policy, Batch& batch) { begin(backend, policy, batch); }
  bool next(B& backend, any_objective<B> const& o, Policy& policy, Batch& batch, double progress,
            update_metrics& metrics) {
    return next(backend, o.whole(), policy, batch, progress, metrics);
  }

  void begin(B& backend, Policy& policy, Batch& batch) {
    if (update_.normalize == normalization::batch) update_.standardization(backend, batch.advantage.all());
    if constexpr (requires { minibatches_.plan(backend, batch, 0, 0); })
      minibatches_.plan(backend, batch, update_.unroll, update_.burn_in);
    all_ = units_ = minibatches_.count(batch);
    if (update_.minibatches > 0) units_ = (all_ + update_.minibatches - 1) / update_.minibatches;
    else if (update_.minibatch_size > 0)
      units_ = std::max<std::ptrdiff_t>(1, update_.minibatch_size * all_ / batch.M());
    epoch_ = 0, first_ = 0, skipped_ = 0, taken_ = 0;
    if (update_.non_finite == non_finite::restore) detail::keep_copy(backend, before_, policy.parameters());
  }
  /// By an objective in parts, one of them.
  bool next(B& backend, detail::erased_objective<B>& o, Policy& policy, Batch& batch, double progress,
            update_metrics& metrics) {
    if (first_ == 0 && units_ < all_) {
      detail::shuffle(order_, all_, stream_id{seed_, draw_purpose::shuffle, std::uint32_t(rounds_++)});
      minibatches_.set_order(backend, order_);
    }
    std::ptrdiff_t count = std::min(units_, all_ - first_);
    bool const last = epoch_ + 1 == update_.epochs && first_ + count == all_,
               watched = std::isfinite(update_.target_kl) || adapts();
    auto m = units_ < all_ ? minibatches_.slice(backend, batch, first_, count) : minibatches_.whole(backend, batch);
    bool too_far = false;
    std::string wrong = descend(backend, o, policy, m, progress, last || watched ? &metrics : nullptr, too_far);
    if ((last || too_far) && wrong.empty())
      wrong = detail::not_finite_in(backend, view<T const>(policy.parameters()), "parameters");
    if (wrong.empty() && !too_far) ++taken_;
    if (!wrong.empty()) {
      if (update_.non_finite == non_finite::raise) throw not_finite_error(wrong + ", expected a finite number");
      ++skipped_;
    }
    bool const back = !wrong.empty() && update_.non_finite == non_finite::restore;
    if (back) {
      detail::copy_to(backend, policy.parameters(), before_.all());
      update_.optimizer.start(backend, layout_of(policy));
    }
    if ((first_ += count) == all_) first_ = 0, ++epoch_;
    if (!(last || too_far || back)) return true;
    metrics.skipped = skipped_, metrics.optimizer_steps = back ? 0 : taken_;
    metrics.learning_rate = update_.optimizer.rate(progress);
    return false;
  }

 private:
  /// One step, or what is not finite in the place of it; or none, since the policy is too far from what it was.
  std::string descend(B& backend, detail::erased_objective<B>& o, Policy& policy, minibatch<T> const& m,
                      double progress, update_metrics* metrics, bool& too_far) {
    if (update_.normalize == normalization::minibatch) update_.standardization(backend, m.advantage);
    pass_(backend, aggregation_, o, policy, minibatches_, m, metrics);

    view<T> squares = norm_.all().part(0, 1), scale = norm_.all().part(1, 1);
    gradient_limits limits = update_.limits();
    view<T const> gradient = policy.gradient();
    limits.measure(backend, gradient, squares, scale);
    double norm = limits.norm_of(backend, gradient, view<T const>(squares), scale);
    if (metrics) metrics->gradient_norm = norm;
    too_far = metrics && metrics->approximate_kl > 1.5 * update_.target_kl;
    if (too_far) return {};
    if (adapts()) update_.optimizer.set_rate(rate_ = adapted(metrics->approximate_kl));
    if (!std::isfinite(norm))
      return "the gradient's norm is " + detail::text(norm) + ", " +
             detail::not_finite_in(backend, gradient, "gradient");
    if (metrics && !std::isfinite(metrics->loss)) return "the loss is " + detail::text(metrics->loss);
    update_.optimizer.update(backend, progress, policy.parameters(), gradient, view<T const>(scale), limits.value);
    return {};
  }

  bool adapts() const { return std::isfinite(update_.desired_kl); }
  double adapted(double kl) const {
    if (kl > 2 * update_.desired_kl) return std::max(1e-5, rate_ / 1.5);
    if (kl < update_.desired_kl / 2) return std::min(1e-2, rate_ * 1.5);
    return rate_;
  }

  update<any_optimizer<B>> update_;
  double rate_;  // where it follows the divergence
  any_aggregation<B> aggregation_;
  std::uint64_t seed_;
  std::int64_t rounds_ = 0;
  std::ptrdiff_t all_ = 0, units_ = 0, first_ = 0;  // of the update that is under way
  int epoch_ = 0;
  double skipped_ = 0, taken_ = 0;
  typename Batch::template minibatches<Policy> minibatches_;
  array norm_, before_;
  objective_pass<B> pass_;
  std::vector<std::int32_t> order_;
};

namespace detail {

/// The learner that an update asks for; `learner` if it asks for none.
template <class B, class Update, class Policy, class Batch>
struct learner_for {
  using type = learner<B, Policy, Batch>;
};
template <class B, class Update, class Policy, class Batch>
  requires requires { typename Update::template learner<B, Policy, Batch>; }
struct learner_for<B, Update, Policy, Batch> {
  using type = typename Update::template learner<B, Policy, Batch>;
};

}  // namespace detail
}  // namespace COHORT_NAMESPACE
