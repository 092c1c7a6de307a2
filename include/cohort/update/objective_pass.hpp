#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/backend/copies.hpp>
#include <cohort/erased/any_objective.hpp>
#include <cohort/kl/estimators.hpp>
#include <cohort/update/minibatch.hpp>
#include <limits>
#include <utility>

namespace COHORT_NAMESPACE {

namespace detail {

struct metric_terms {
  template <class S>
  constexpr several<S, 6> operator()(S loss, S entropy, S logp, S old_logp, S ref_logp, S value, S target) const {
    S x = logp - old_logp, error = value - target;
    return {{loss, entropy, expm1(x) - x, k3{}(logp, ref_logp), exp(x), error * error}};
  }
};

/// log r and its negative.
struct log_ratio_both_ways {
  template <class S>
  constexpr several<S, 2> operator()(S logp, S old_logp) const {
    return {{logp - old_logp, old_logp - logp}};
  }
};

/// The largest of n numbers, by rows of about as many columns, since a device walks along each row.
template <backend B>
void largest(B& backend, in_view<B> x, out_view<B> out) {
  std::ptrdiff_t rows = 1;
  while (rows * rows < x.rows) rows *= 2;
  std::ptrdiff_t columns = x.rows / rows, left = x.rows - rows * columns;
  auto by_row = backend.template temporary<value_t<B>>(rows + 1);
  view<value_t<B>> found = by_row.all().part(0, rows + (left > 0));
  if (columns > 0) backend.row_max(found.part(0, rows), in_view<B>(x.data, rows, columns));
  if (left > 0) backend.row_max(found.part(rows, 1), in_view<B>(x.data + rows * columns, 1, left));
  backend.row_max(out, in_view<B>(found.data, 1, found.rows));
}

}  // namespace detail

/// The loss of an objective on a minibatch, aggregated, and by the policy's backward its gradient. It owns the arrays
/// on the way.
template <backend B>
class objective_pass {
  using T = value_t<B>;
  using array = typename B::template array<T>;
  using erased = detail::erased_objective<B>;

 public:
  /// `seed` is that of the draws of selections.
  explicit objective_pass(std::uint64_t seed = 0) : seed_(seed) {}

  void persist(auto const& f) { f("selections", selections_); }

  /// The selections of the next pass draw what those of the last one drew.
  void repeat_draws() { selections_ = first_selection_; }

  /// `minibatches` are those that made m. Of the metrics, if any are asked for, all but the gradient's norm are
  /// written.
  template <class Policy, class Minibatches>
  void operator()(B& backend, any_aggregation<B> const& aggregation, erased& o, Policy& policy,
                  Minibatches& minibatches, minibatch<T> const& m, update_metrics* metrics) {
    if (metrics) *metrics = nothing_yet();
    first_selection_ = selections_;
    auto shape = o.shape();
    if (shape.of_pairs) return over_pairs(backend, o, policy, minibatches, m, metrics);
    std::ptrdiff_t M = m.size();
    backend.resize(weight_, shape.weights * M);
    backend.resize(partial_, (1 + detail::differentiable_count) * M);
    backend.resize(series_, shape.sums * M);

    // Selections and terms of series need all steps before the first one's derivative. Where a pass hands them over in
    // several runs, they are evaluated once more.
    detail::objective_rooms<T> rooms{weight_.all(), series_.all(), seed_, selections_,
                                     metrics ? &metrics->effective_sample_size : nullptr};
    aggregated_steps<T> steps{M, m.steps.series, m.steps.series_of, {}, m.groups};
    auto look = [&](step_views<T> const& at) { o.prepare(backend, aggregation, steps, at, rooms); };
    bool seen = !shape.looks_ahead;
    if (seen) look(m.steps);
    else if constexpr (requires { minibatches.evaluate(backend, policy, weight_.all(), weight_.all()); }) {
      backend.resize(now_, 2 * M);
      minibatches.evaluate(backend, policy, now_.all().part(0, M), now_.all().part(M, M));
      auto at = m.steps;
      at.logp = now_.all().part(0, M), at.entropy = now_.all().part(M, M);
      look(at);
      seen = true;
    }
    minibatches.accumulate_gradient(backend, policy, [&](std::ptrdiff_t first, auto const& now) {
      std::ptrdiff_t n = now.logp.rows;
      step_views<T> at = steps_now(m, first, n, now);
      if (!std::exchange(seen, true)) {
        detail::require(n == M, "objective_pass", "the number of steps of a pass's first run", double(n),
                        "all of the minibatch: for terms of series and selections a minibatch that comes in several "
                        "runs needs evaluate(backend, policy, logp, entropy)");
        look(at);
      }
      auto out = partials(backend, shape.writes, M, at, first, n);
      o.differentiate(backend, at, first, n, out);
      if (metrics)
        add_sums(backend, out.loss, at, *metrics,
                 [&](view<T> low_and_high) { o.count_clipped(backend, at, first, n, low_and_high); });
      return out;
    });

    if (!metrics) return;
    average(*metrics, m);
    metrics->kl_weight = o.kl_weight();
  }

 private:
  /// For pairs a series' sum must be known before the derivative of any of its steps.
  template <class Policy, class Minibatches>
  void over_pairs(B& backend, erased& o, Policy& policy, Minibatches& minibatches, minibatch<T> const& m,
                  update_metrics* metrics) {
    if constexpr (requires { minibatches.evaluate(backend, policy, weight_.all(), weight_.all(), weight_.all()); }) {
      std::ptrdiff_t M = m.size();
      backend.resize(now_, 3 * M);
      backend.resize(partial_, (1 + detail::differentiable_count) * M);
      auto now = [&](int k) { return now_.all().part(k * M, M); };
      minibatches.evaluate(backend, policy, now(0), now(1), Policy::has_critic ? now(2) : view<T>{});
      step_views<T> at = m.steps;
      at.logp = now(0), at.entropy = now(1);
      if constexpr (Policy::has_critic) at.value = now(2);
      auto out = partials(backend, needs::logp | needs::value, M, at, 0, M);
      o.differentiate_pairs(backend, at, m.last, out);
      minibatches.accumulate_gradient(backend, policy, [&](std::ptrdiff_t first, auto const& here) {
        auto all = detail::as_array(out);
        return detail::make_partials<T>([&](int k) {
          view<T> v = all[std::size_t(k)];
          return v ? v.part(first, here.logp.rows) : v;
        });
      });
      if (!metrics) return;
      at.old_logp = at.logp;  // there is no policy that they were drawn from
      add_sums(backend, out.loss, at, *metrics, [](view<T>) {});
      average(*metrics, m);
    } else {
      throw value_error("an objective of pairs needs a rollout whose series come in pairs: preferences");
    }
  }
  /// Where the results of steps first ... first + n - 1 go: of a term that the policy does not evaluate nowhere, of one
  /// that the objective does not write zeros stand there.
  partial_views<T> partials(B& backend, unsigned writes, std::ptrdiff_t M, step_views<T> const& at,
                            std::ptrdiff_t first, std::ptrdiff_t n) {
    return detail::make_partials<T>([&](int k) {
      view<T> here = partial_.all().part(k * M + first, n);
      if (k == 0) return here;
      int term = detail::nth_term(needs::differentiable, k - 1);
      if (!(at.*detail::term_members<step_views<T>>()[std::size_t(term)])) return view<T>{};
      if (!(writes >> term & 1)) detail::fill_with(backend, here, 0);
      return here;
    });
  }

  /// Steps first ... first + n - 1 of a minibatch, with what the policy says of them now.
  template <class Now>
  static step_views<T> steps_now(minibatch<T> const& m, std::ptrdiff_t first, std::ptrdiff_t n, Now const& now) {
    auto at = detail::part_of(m.steps, first, n);
    at.logp = now.logp, at.entropy = now.entropy, at.value = now.value;
    if constexpr (requires { now.kl; }) at.kl = now.kl, at.old_kl = now.old_kl;
    return at;
  }

  /// What sums begin with.
  static update_metrics nothing_yet() {
    update_metrics m;
    m.ratio_mean = m.value_loss = m.ratio_max = 0;
    m.ratio_min = std::numeric_limits<double>::infinity();
    return m;
  }

  /// Adds what a run of steps gives to the metrics that are sums; `clipped` writes two of them, if any.
  template <class F>
  static void add_sums(B& backend, view<T const> loss, step_views<T> const& at, update_metrics& m, F clipped) {
    bool const valued = at.value && at.target;
    auto scratch = backend.template temporary<T>(10);
    auto ratio = backend.template temporary<T>(2 * loss.rows);
    view<T> up = ratio.all().part(0, loss.rows), down = ratio.all().part(loss.rows, loss.rows);
    detail::fill_with(backend, scratch.all(), 0);
    backend.reduce(scratch.all().part(0, 6), detail::metric_terms{}, loss, at.entropy, at.logp, at.old_logp,
                   at.ref_logp ? at.ref_logp : at.logp, valued ? at.value : at.logp, valued ? at.target : at.logp);
    clipped(scratch.all().part(6, 2));
    backend.map(outputs{up, down}, detail::log_ratio_both_ways{}, at.logp, at.old_logp);
    detail::largest(backend, view<T const>(up), scratch.all().part(8, 1));
    detail::largest(backend, view<T const>(down), scratch.all().part(9, 1));
    T found[10];
    backend.download(std::span<T>(found), view<T const>(scratch.all()));
    int k = 0;
    for (double* x : {&m.loss, &m.entropy, &m.approximate_kl, &m.reference_kl, &m.ratio_mean, &m.value_loss,
                      &m.clip_low, &m.clip_high})
      *x += double(found[k++]);
    m.ratio_max = std::max(m.ratio_max, std::exp(double(found[8])));
    m.ratio_min = std::min(m.ratio_min, std::exp(-double(found[9])));
    if (!valued) m.value_loss = std::numeric_limits<double>::quiet_NaN();
  }

  /// From sums over the steps to means.
  static void average(update_metrics& found, minibatch<T> const& m) {
    for (double* x : {&found.entropy, &found.approximate_kl, &found.reference_kl, &found.ratio_mean, &found.value_loss,
                      &found.clip_low, &found.clip_high})
      *x /= double(m.size());
    if (!m.steps.ref_logp) found.reference_kl = 0;
    found.series = double(m.steps.series);
  }

  std::uint64_t seed_;
  std::int64_t selections_ = 0, first_selection_ = 0;
  array weight_, partial_, series_, now_;
};

}  // namespace COHORT_NAMESPACE
