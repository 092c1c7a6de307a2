#pragma once
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/differentiate.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/training/minibatch.hpp>
#include <limits>

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
  double step = 0;            ///< of a trust_region: the share of its full step that the line search took; 0 where it took none
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

}  // namespace detail

/// The loss of an objective on a minibatch, aggregated, and by the policy's backward its gradient. It owns the arrays on the way.
template <backend B>
class objective_pass {
  using T = value_t<B>;

 public:
  /// `minibatches` are those that made m; `series` is how many the whole batch has. Of the metrics, if any are asked for, all but the gradient's norm are written.
  template <class Aggregation, objective O, class Policy, class Minibatches>
  void operator()(B& backend, Aggregation const& aggregation, O const& o, Policy& policy, Minibatches& minibatches, minibatch<T> const& m, std::ptrdiff_t series,
                  update_metrics* metrics) {
    std::ptrdiff_t M = m.steps();
    constexpr int modes = detail::aggregations_in<O>;
    backend.resize(weight_, (1 + modes) * M);
    constexpr int partials = 1 + detail::differentiable_count;
    backend.resize(partial_, partials * M);
    aggregated_steps<T> all{M, series, m.series_of, {}};
    auto weight = [&](int k) { return weight_.all().part(k * M, M); };
    aggregation(backend, all, weight(0));
    std::apply([&, k = 1](auto const&... mode) mutable { (mode(backend, all, weight(k++)), ...); }, detail::modes(o));

    constexpr unsigned bits = detail::terms_read_by_type<O>();
    for (int k = 1; k < 4; ++k)
      if (constexpr unsigned terms[] = {0, reads::logp, reads::entropy, reads::value}; !(bits & terms[k]))
        backend.map(outputs{partial_.all().part(k * M, M)}, detail::filled{0}, view<T const>(partial_.all().part(k * M, M)));
    double sums[6] = {};
    minibatches.pass(backend, policy, [&](std::ptrdiff_t first, auto const& now) {
      std::ptrdiff_t n = now.logp.rows;
      auto in = [&](auto v) { return v ? v.part(first, n) : v; };
      auto partial = [&](int k) { return partial_.all().part(k * M + first, n); };
      std::array<view<T const>, 1 + modes> weights;
      for (int k = 0; k <= modes; ++k) weights[std::size_t(k)] = weight(k).part(first, n);
      auto divergence = [&](auto member) {
        if constexpr (requires { now.kl; }) return member(now);
        else return view<T const>{};
      };
      step_views<T> at{.sampler_logp = in(m.sampler_logp), .old_logp = in(m.old_logp), .logp = now.logp, .ref_logp = in(m.ref_logp),
                       .advantage = in(view<T const>(m.advantage)), .entropy = now.entropy, .value = now.value, .old_value = in(m.old_value),
                       .target = in(m.target),
                       .kl = divergence([](auto const& n) { return n.kl; }), .old_kl = divergence([](auto const& n) { return n.old_kl; })};
      differentiate(backend, o, at, weights, {partial(0), partial(1), partial(2), partial(3), partial(4), partial(5)});
      if (metrics) add_metrics(backend, o, view<T const>(partial(0)), at, sums);
      struct {
        view<T const> logp, entropy, value, kl, old_kl;
      } slope{partial(1), partial(2), partial(3), at.kl ? view<T const>(partial(4)) : view<T const>{}, at.old_kl ? view<T const>(partial(5)) : view<T const>{}};
      return slope;
    });
    if (!metrics) return;
    double n = double(M);
    *metrics = {sums[0], sums[1] / n, sums[2] / n, 0, m.ref_logp ? sums[3] / n : 0, sums[4] / n, sums[5] / n, 0, double(series)};
    std::apply([&](auto const&... leaf) { ((metrics->kl_weight += leaf.factor * detail::kl_weight_of(leaf.term)), ...); }, detail::leaves<1, 0>(o, 1));
  }

 private:
  template <class O>
  void add_metrics(B& backend, O const& o, view<T const> loss, step_views<T> const& at, double (&sums)[6]) {
    double low = 0, high = std::numeric_limits<double>::infinity();
    std::apply([&](auto const&... leaf) { (detail::find_clip(leaf.term, low, high), ...); }, detail::leaves<1, 0>(o, 1));
    auto scratch = backend.template temporary<T>(6);
    backend.reduce(scratch.all(), detail::metric_terms{low, high}, loss, at.entropy, at.logp, at.old_logp, at.ref_logp ? at.ref_logp : at.logp, at.advantage);
    T found[6];
    backend.download(std::span<T>(found), view<T const>(scratch.all()));
    for (int k = 0; k < 6; ++k) sums[k] += double(found[k]);
  }

  typename B::template array<T> weight_, partial_;
};

}  // namespace cohort
