#pragma once
#include <cohort/objective/differentiate_pairs.hpp>
#include <cohort/selection/effective_sample_size.hpp>
#include <cohort/update/minibatch.hpp>
#include <cohort/update/term_weights.hpp>
#include <cohort/update/update_metrics.hpp>
#include <utility>

namespace cohort {

/// The loss of an objective on a minibatch, aggregated, and by the policy's backward its gradient. It owns the arrays
/// on the way.
template <backend B>
class objective_pass {
  using T = value_t<B>;
  using array = typename B::template array<T>;

 public:
  /// `seed` is that of the draws of selections.
  explicit objective_pass(std::uint64_t seed = 0) : seed_(seed) {}

  void persist(auto const& f) { f("selections", selections_); }

  /// The selections of the next pass draw what those of the last one drew.
  void repeat_draws() { selections_ = first_selection_; }

  /// `minibatches` are those that made m; `series` is how many the whole batch has. Of the metrics, if any are asked
  /// for, all but the gradient's norm are written.
  template <class Aggregation, objective O, class Policy, class Minibatches>
  void operator()(B& backend, Aggregation const& aggregation, O const& o, Policy& policy, Minibatches& minibatches,
                  minibatch<T> const& m, std::ptrdiff_t series, update_metrics* metrics) {
    if (metrics) *metrics = {};
    first_selection_ = selections_;
    std::ptrdiff_t M = m.steps();
    constexpr int slots = 1 + detail::aggregations_in<O>, sums = detail::series_totals_in<O>,
                  partials = 1 + detail::differentiable_count;
    backend.resize(weight_, slots * M);
    backend.resize(partial_, partials * M);
    backend.resize(series_, sums > 0 ? (1 + 2 * sums) * M : 0);
    constexpr unsigned bits = detail::bits_of_leaves<detail::leaves_of<O>>;
    for (int k = 1; k < 4; ++k)
      if (constexpr unsigned terms[] = {0, needs::logp, needs::entropy, needs::value}; !(bits & terms[k]))
        backend.map(outputs{partial_.all().part(k * M, M)}, detail::filled{0},
                    view<T const>(partial_.all().part(k * M, M)));

    // Selections and terms of series need all steps before the first one's derivative. Where a pass hands them over in
    // several runs, they are evaluated once more.
    constexpr bool looks_ahead = sums > 0 || detail::selects_by_what_is_now<O>;
    std::array<view<T const>, std::size_t(slots)> weights;
    detail::series_sums<T, sums> along;
    auto look = [&](step_views<T> const& at) {
      weights = weigh(backend, aggregation, o, m, series, at, metrics);
      along = detail::sum_series(backend, o, at, weights, series_.all());
    };
    bool seen = !looks_ahead;
    if constexpr (!looks_ahead) look(views_at(m, series, 0, M, 0));
    else if constexpr (requires { minibatches.evaluate(backend, policy, weight_.all(), weight_.all()); }) {
      backend.resize(now_, 2 * M);
      minibatches.evaluate(backend, policy, now_.all().part(0, M), now_.all().part(M, M));
      auto at = views_at(m, series, 0, M, 0);
      at.logp = now_.all().part(0, M), at.entropy = now_.all().part(M, M);
      look(at);
      seen = true;
    }
    minibatches.accumulate_gradient(backend, policy, [&](std::ptrdiff_t first, auto const& now) {
      std::ptrdiff_t n = now.logp.rows;
      step_views<T> at = views_at(m, series, first, n, now);
      if (!std::exchange(seen, true)) {
        detail::require(n == M, "objective_pass", "the number of steps of a pass's first run", double(n),
                        "all of the minibatch: for terms of series and selections a minibatch that comes in several "
                        "runs needs evaluate(backend, policy, logp, entropy)");
        look(at);
      }
      auto partial = [&](int k) { return partial_.all().part(k * M + first, n); };
      auto here = weights;
      for (auto& w : here) w = w.part(first, n);
      detail::series_sums<T, sums> sums_here;
      if constexpr (sums > 0) sums_here = along.part(first, n);
      detail::differentiate_steps(backend, o, at, here, sums_here,
                                  {partial(0), partial(1), partial(2), partial(3), partial(4), partial(5)});
      if (metrics)
        add_sums(backend, view<T const>(partial(0)), at, *metrics, [&]([[maybe_unused]] view<T> low_and_high) {
          if constexpr (detail::has_clip<O>) detail::count_clipped(backend, o, at, here, sums_here, low_and_high);
        });
      struct {
        view<T const> logp, entropy, value, kl, old_kl;
      } slope{partial(1), partial(2), partial(3), at.kl ? view<T const>(partial(4)) : view<T const>{},
              at.old_kl ? view<T const>(partial(5)) : view<T const>{}};
      return slope;
    });

    if (!metrics) return;
    average(*metrics, m, series);
    detail::each_leaf(o,
                      [&](auto const& leaf) { metrics->kl_weight += leaf.factor * detail::kl_weight_of(leaf.term); });
  }

  /// For pairs: a series' sum must be known before the derivative of any of its steps.
  template <class Aggregation, pair_objective O, class Policy, class Minibatches>
  void operator()(B& backend, Aggregation const&, O const& o, Policy& policy, Minibatches& minibatches,
                  minibatch<T> const& m, std::ptrdiff_t series, update_metrics* metrics) {
    static_assert(
        requires { minibatches.evaluate(backend, policy, weight_.all(), weight_.all()); },
        "an objective of pairs needs a rollout whose series come in pairs: preferences");
    std::ptrdiff_t M = m.steps();
    backend.resize(now_, 3 * M);
    backend.resize(partial_, 4 * M);
    auto now = [&](int k) { return now_.all().part(k * M, M); };
    auto partial = [&](int k) { return partial_.all().part(k * M, M); };
    minibatches.evaluate(backend, policy, now(0), now(1), Policy::has_critic ? now(2) : view<T>{});
    step_views<T> at = views_at(m, series, 0, M, 0);
    at.logp = now(0);
    if constexpr (Policy::has_critic) at.value = now(2);
    for (int k = 1; k < 4; ++k) backend.map(outputs{partial(k)}, detail::filled{0}, view<T const>(partial(k)));
    differentiate_pairs(backend, o, at, m.last, {.loss = partial(0), .logp = partial(1), .value = partial(3)});
    minibatches.accumulate_gradient(backend, policy, [&](std::ptrdiff_t first, auto const& here) {
      struct {
        view<T const> logp, entropy, value;
      } slope{partial(1).part(first, here.logp.rows), partial(2).part(first, here.logp.rows),
              partial(3).part(first, here.logp.rows)};
      return slope;
    });
    if (!metrics) return;
    *metrics = {};
    at.entropy = now(1), at.old_logp = at.logp;  // there is no policy that they were drawn from
    add_sums(backend, view<T const>(partial(0)), at, *metrics, [](view<T>) {});
    average(*metrics, m, series);
  }

 private:
  /// Steps first ... first + n - 1 of a minibatch, with what the policy says of them now.
  template <class Now>
  static step_views<T> views_at(minibatch<T> const& m, std::ptrdiff_t series, std::ptrdiff_t first, std::ptrdiff_t n,
                                [[maybe_unused]] Now const& now) {
    auto in = [&](auto v) { return v ? v.part(first, n) : v; };
    step_views<T> at{.sampler_logp = in(m.sampler_logp),
                     .old_logp = in(m.old_logp),
                     .ref_logp = in(m.ref_logp),
                     .advantage = in(view<T const>(m.advantage)),
                     .old_value = in(m.old_value),
                     .target = in(m.target),
                     .series_of = in(m.series_of),
                     .series = series};
    if constexpr (requires { now.logp; }) at.logp = now.logp, at.entropy = now.entropy, at.value = now.value;
    if constexpr (requires { now.kl; }) at.kl = now.kl, at.old_kl = now.old_kl;
    return at;
  }

  template <class O>
  std::array<view<T const>, 1 + std::size_t(detail::aggregations_in<O>)> weigh(B& backend, auto const& aggregation,
                                                                               O const& o, minibatch<T> const& m,
                                                                               std::ptrdiff_t series,
                                                                               step_views<T> const& at,
                                                                               update_metrics* metrics) {
    aggregated_steps<T> all{m.steps(), series, m.series_of, {}, m.groups};
    auto draws = [&] { return stream_id{seed_, draw_purpose::selection, std::uint32_t(selections_++)}; };
    return detail::term_weights(backend, aggregation, o, all, at, draws, weight_.all(),
                                [&]<class S>(S const&, view<T const> weight) {
                                  if constexpr (requires { S::corrects_sampler; })
                                    if (metrics)
                                      metrics->effective_sample_size = effective_sample_size(backend, weight);
                                });
  }

  /// Adds what a run of steps gives to the metrics that are sums; `clipped` writes two of them, if any.
  template <class F>
  static void add_sums(B& backend, view<T const> loss, step_views<T> const& at, update_metrics& m, F clipped) {
    auto scratch = backend.template temporary<T>(6);
    backend.map(outputs{scratch.all()}, detail::filled{0}, view<T const>(scratch.all()));
    backend.reduce(scratch.all().part(0, 4), detail::metric_terms{}, loss, at.entropy, at.logp, at.old_logp,
                   at.ref_logp ? at.ref_logp : at.logp);
    clipped(scratch.all().part(4, 2));
    T found[6];
    backend.download(std::span<T>(found), view<T const>(scratch.all()));
    int k = 0;
    for (double* x : {&m.loss, &m.entropy, &m.approximate_kl, &m.reference_kl, &m.clip_low, &m.clip_high})
      *x += double(found[k++]);
  }

  /// From sums over the steps to means.
  static void average(update_metrics& found, minibatch<T> const& m, std::ptrdiff_t series) {
    for (double* x : {&found.entropy, &found.approximate_kl, &found.reference_kl, &found.clip_low, &found.clip_high})
      *x /= double(m.steps());
    if (!m.ref_logp) found.reference_kl = 0;
    found.series = double(series);
  }

  std::uint64_t seed_;
  std::int64_t selections_ = 0, first_selection_ = 0;
  array weight_, partial_, series_, now_;
};

}  // namespace cohort
