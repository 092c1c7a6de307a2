#pragma once
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/differentiate_pairs.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/optimizer/gradient_norm.hpp>
#include <cohort/training/algorithm.hpp>
#include <cohort/training/minibatch.hpp>

namespace cohort {

/// What the last minibatch of an update looked like.
struct update_metrics {
  double loss = 0;            ///< the objective, aggregated
  double entropy = 0;         ///< mean over steps, in nats
  double approximate_kl = 0;  ///< of the old policy from the new: mean of r - 1 - log r, r = exp(logp - old_logp)
  double gradient_norm = 0;   ///< before clipping
  double reference_kl = 0;    ///< of the policy from the reference: mean of k3; 0 without a reference
  double clip_low = 0;        ///< share of the steps that an objective's clipped_ratio clips from below (negative advantage)
  double clip_high = 0;       ///< and from above (positive advantage)
  double kl_weight = 0;       ///< of the objective's kl_penalty in this update; 0 without
  double series = 0;          ///< of the whole batch
};

namespace detail {

struct metric_terms {
  double low, high;
  template <class S>
  constexpr several<S, 6> operator()(S loss, S entropy, S logp, S old_logp, S ref_logp, S advantage) const {
    S x = logp - old_logp, ratio = exp(x);
    return {{loss, entropy, expm1(x) - x, k3{}(logp, ref_logp), select((ratio < low) & (advantage < 0), S(1), S(0)),
             select((ratio > high) & (advantage > 0), S(1), S(0))}};
  }
};

/// Between which ratios an objective's clipped_ratio (the first one, if there is any) does not clip.
inline void find_clip(clipped_ratio const& o, double& low, double& high) { low = 1 - o.epsilon, high = 1 + o.epsilon_high; }
template <class O>
void find_clip(O const&, double&, double&) {}

inline double kl_weight_of(auto const&) { return 0; }
template <class Estimator, class Weight>
double kl_weight_of(kl_penalty<Estimator, Weight> const& o) {
  return weight_now(o.weight);
}

/// 0 ... n - 1 in an order that depends on the seed and the round alone (Fisher and Yates).
inline void shuffle(std::vector<std::int32_t>& order, std::ptrdiff_t n, stream s) {
  order.resize(std::size_t(n));
  for (std::ptrdiff_t i = 0; i < n; ++i) order[std::size_t(i)] = std::int32_t(i);
  random_stream draws(s);
  for (std::size_t i = order.size(); i-- > 1;) std::swap(order[i], order[draws.integer(std::uint32_t(i + 1))]);
}

}  // namespace detail

/// From a batch with its advantages to new parameters: epochs of minibatches of evaluate, differentiate, backward, clip, optimize. It owns the
/// optimizer's state and every array on the way, so that after its first update it allocates nothing.
template <backend B, class Update, class Aggregation, class Policy, class Batch = batch<B, typename Policy::action>>
class learner {
  using T = value_t<B>;
  using array = typename B::template array<T>;

 public:
  learner(B& backend, Update const& update, Aggregation const& aggregation, Policy& policy, std::uint64_t seed)
      : update_(update), aggregation_(aggregation), optimizer_(update.optimizer.template start<B>(backend, policy.parameters().rows)), seed_(seed) {
    update.check();
    backend.resize(norm_, 2);
  }

  std::size_t optimizer_bytes() const { return optimizer_.bytes(); }

  template <class O>
    requires objective<O> || pair_objective<O>
  update_metrics learn(B& backend, O const& o, Policy& policy, Batch& batch, double progress) {
    if (update_.normalize == normalization::batch) update_.standardization(backend, batch.advantage.all());
    std::ptrdiff_t all = minibatches_.units(batch), units = all;
    if (update_.minibatches > 0) units = (all + update_.minibatches - 1) / update_.minibatches;
    else if (update_.minibatch.count > 0) units = std::max<std::ptrdiff_t>(1, update_.minibatch.count * all / batch.M());
    update_metrics metrics;
    for (int epoch = 0; epoch < update_.epochs; ++epoch) {
      if (units < all) {
        detail::shuffle(order_, all, stream{seed_, purpose::shuffle, std::uint32_t(rounds_++)});
        minibatches_.shuffled(backend, order_);
      }
      for (std::ptrdiff_t first = 0; first < all; first += units) {
        std::ptrdiff_t count = std::min(units, all - first);
        bool last = epoch + 1 == update_.epochs && first + count == all;
        auto m = units < all ? minibatches_.some(backend, batch, first, count) : minibatches_.all(backend, batch);
        descend(backend, o, policy, m, batch.decisions.count(), progress, last ? &metrics : nullptr);
      }
    }
    return metrics;
  }

 private:
  /// Of pairs: what a series adds up to must be known before any step's derivative is.
  template <pair_objective O>
  void descend(B& backend, O const& o, Policy& policy, minibatch<T> const& m, std::ptrdiff_t series, double progress, update_metrics* metrics) {
    static_assert(requires { minibatches_.evaluate(backend, policy, weight_.all(), weight_.all()); },
                  "an objective of pairs needs a rollout whose series come in pairs: preferences");
    std::ptrdiff_t M = m.steps();
    backend.resize(now_, 3 * M);
    backend.resize(partial_, 4 * M);
    auto now = [&](int k) { return now_.all().part(k * M, M); };
    auto partial = [&](int k) { return partial_.all().part(k * M, M); };
    minibatches_.evaluate(backend, policy, now(0), now(1), Policy::has_critic ? now(2) : view<T>{});
    step_views<T> at = views_at(m, series, 0, M, 0);
    at.logp = now(0);
    if constexpr (Policy::has_critic) at.value = now(2);
    for (int k = 1; k < 4; ++k) backend.map(outputs{partial(k)}, detail::filled{0}, view<T const>(partial(k)));
    differentiate_pairs(backend, o, at, m.last, {.loss = partial(0), .logp = partial(1), .value = partial(3)});
    minibatches_.pass(backend, policy, [&](std::ptrdiff_t first, auto const& here) {
      struct {
        view<T const> logp, entropy, value;
      } slope{partial(1).part(first, here.logp.rows), partial(2).part(first, here.logp.rows), partial(3).part(first, here.logp.rows)};
      return slope;
    });
    optimize(backend, policy, progress);
    if (!metrics) return;
    at.entropy = now(1), at.old_logp = at.logp;  // there is no policy that they were drawn from
    add_sums(backend, o, view<T const>(partial(0)), at, *metrics);
    finish(backend, *metrics, M, series, bool(m.ref_logp));
  }

  template <objective O>
  void descend(B& backend, O const& o, Policy& policy, minibatch<T> const& m, std::ptrdiff_t series, double progress, update_metrics* metrics) {
    std::ptrdiff_t M = m.steps();
    if (update_.normalize == normalization::minibatch) update_.standardization(backend, m.advantage);

    constexpr int slots = 1 + detail::aggregations_in<O>, sums = detail::series_terms_in<O>, partials = 1 + detail::differentiable_count;
    backend.resize(weight_, slots * M);
    backend.resize(partial_, partials * M);
    backend.resize(series_, sums > 0 ? (1 + 2 * sums) * M : 0);
    constexpr unsigned bits = detail::bits_of_leaves<detail::leaves_of<O>>;
    for (int k = 1; k < 4; ++k)
      if (constexpr unsigned terms[] = {0, reads::logp, reads::entropy, reads::value}; !(bits & terms[k]))
        backend.map(outputs{partial_.all().part(k * M, M)}, detail::filled{0}, view<T const>(partial_.all().part(k * M, M)));

    // Selections and terms of series need all steps before the first one's derivative. Where a pass hands them over in several runs, they are evaluated once more.
    constexpr bool looks_ahead = sums > 0 || detail::selects_by_what_is_now<O>;
    std::array<view<T const>, std::size_t(slots)> weights;
    detail::series_sums<T, sums> along;
    auto look = [&](step_views<T> const& at) {
      weights = weigh(backend, o, m, series, at);
      along = detail::sum_series(backend, o, at, weights, series_.all());
    };
    bool seen = !looks_ahead;
    if constexpr (!looks_ahead) look(views_at(m, series, 0, M, 0));
    else if constexpr (requires { minibatches_.evaluate(backend, policy, weight_.all(), weight_.all()); }) {
      backend.resize(now_, 2 * M);
      minibatches_.evaluate(backend, policy, now_.all().part(0, M), now_.all().part(M, M));
      auto at = views_at(m, series, 0, M, 0);
      at.logp = now_.all().part(0, M), at.entropy = now_.all().part(M, M);
      look(at);
      seen = true;
    }
    minibatches_.pass(backend, policy, [&](std::ptrdiff_t first, auto const& now) {
      std::ptrdiff_t n = now.logp.rows;
      step_views<T> at = views_at(m, series, first, n, now);
      if (!std::exchange(seen, true)) look(at);
      auto partial = [&](int k) { return partial_.all().part(k * M + first, n); };
      auto here = weights;
      for (auto& w : here) w = w.part(first, n);
      detail::series_sums<T, sums> sums_here;
      if constexpr (sums > 0) sums_here = along.part(first, n);
      detail::differentiate_steps(backend, o, at, here, sums_here, {partial(0), partial(1), partial(2), partial(3), partial(4), partial(5)});
      if (metrics) add_sums(backend, o, view<T const>(partial(0)), at, *metrics);
      struct {
        view<T const> logp, entropy, value, kl, old_kl;
      } slope{partial(1), partial(2), partial(3), at.kl ? view<T const>(partial(4)) : view<T const>{}, at.old_kl ? view<T const>(partial(5)) : view<T const>{}};
      return slope;
    });

    optimize(backend, policy, progress);
    if (!metrics) return;
    finish(backend, *metrics, M, series, bool(m.ref_logp));
    std::apply([&](auto const&... leaf) { ((metrics->kl_weight += leaf.factor * detail::kl_weight_of(leaf.term)), ...); }, detail::leaves<1, 0>(o, 1));
  }

  void optimize(B& backend, Policy& policy, double progress) {
    view<T> squares = norm_.all().part(0, 1), scale = norm_.all().part(1, 1);
    gradient_norm_scale(backend, update_.max_gradient_norm, view<T const>(policy.gradient()), squares, scale);
    update_.optimizer.update(backend, optimizer_, progress, policy.parameters(), view<T const>(policy.gradient()), view<T const>(scale));
  }
  /// From sums over the steps to means.
  void finish(B& backend, update_metrics& m, std::ptrdiff_t steps, std::ptrdiff_t series, bool has_reference) {
    T square[1];
    backend.download(std::span<T>(square), view<T const>(norm_.all().part(0, 1)));
    for (double* x : {&m.entropy, &m.approximate_kl, &m.reference_kl, &m.clip_low, &m.clip_high}) *x /= double(steps);
    if (!has_reference) m.reference_kl = 0;
    m.gradient_norm = std::sqrt(double(square[0]));
    m.series = double(series);
  }

  /// Steps first ... first + n - 1 of a minibatch, with what the policy says of them now.
  template <class Now>
  static step_views<T> views_at(minibatch<T> const& m, std::ptrdiff_t series, std::ptrdiff_t first, std::ptrdiff_t n, [[maybe_unused]] Now const& now) {
    auto in = [&](auto v) { return v ? v.part(first, n) : v; };
    step_views<T> at{.sampler_logp = in(m.sampler_logp), .old_logp = in(m.old_logp), .ref_logp = in(m.ref_logp), .advantage = in(view<T const>(m.advantage)),
                     .old_value = in(m.old_value), .target = in(m.target), .series_of = in(m.series_of), .series = series};
    if constexpr (requires { now.logp; }) at.logp = now.logp, at.entropy = now.entropy, at.value = now.value;
    if constexpr (requires { now.kl; }) at.kl = now.kl, at.old_kl = now.old_kl;
    return at;
  }

  /// The weights of all terms: of the algorithm's aggregation, then those that stand in the objective.
  template <class O>
  std::array<view<T const>, 1 + std::size_t(detail::aggregations_in<O>)> weigh(B& backend, O const& o, minibatch<T> const& m, std::ptrdiff_t series,
                                                                                 step_views<T> const& at) {
    std::ptrdiff_t M = m.steps();
    aggregated_steps<T> all{M, series, m.series_of, {}};
    std::array<view<T const>, 1 + std::size_t(detail::aggregations_in<O>)> weights;
    auto slot = [&](int k) { return weight_.all().part(k * M, M); };
    for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = slot(int(k));
    aggregation_(backend, all, slot(0));
    auto make = [&]<class Mode>(Mode const& mode, int k) {
      if constexpr (requires { mode.selection; }) {
        mode.selection(backend, at, stream{seed_, purpose::selection, std::uint32_t(selections_++)}, slot(k));
        backend.map(outputs{slot(k)}, detail::times{}, weights[std::size_t(k)], weights[std::size_t(mode.base)]);
      } else {
        mode(backend, all, slot(k));
      }
    };
    std::apply([&, k = 1](auto const&... mode) mutable { (make(mode, k++), ...); }, detail::modes(o));
    return weights;
  }

  /// Adds what a run of steps gives to the metrics that are sums.
  template <class O>
  void add_sums(B& backend, O const& o, view<T const> loss, step_views<T> const& at, update_metrics& m) {
    double low = 0, high = std::numeric_limits<double>::infinity();
    if constexpr (objective<O>) std::apply([&](auto const&... leaf) { (detail::find_clip(leaf.term, low, high), ...); }, detail::leaves<1, 0>(o, 1));
    auto scratch = backend.template temporary<T>(6);
    backend.reduce(scratch.all(), detail::metric_terms{low, high}, loss, at.entropy, at.logp, at.old_logp, at.ref_logp ? at.ref_logp : at.logp, at.advantage);
    T found[6];
    backend.download(std::span<T>(found), view<T const>(scratch.all()));
    int k = 0;
    for (double* x : {&m.loss, &m.entropy, &m.approximate_kl, &m.reference_kl, &m.clip_low, &m.clip_high}) *x += double(found[k++]);
  }

  Update update_;
  Aggregation aggregation_;
  typename decltype(Update::optimizer)::template state<B> optimizer_;
  std::uint64_t seed_;
  std::int64_t rounds_ = 0, selections_ = 0;
  typename Batch::template minibatches<Policy> minibatches_;
  array weight_, partial_, series_, now_, norm_;
  std::vector<std::int32_t> order_;
};

}  // namespace cohort
