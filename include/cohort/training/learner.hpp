#pragma once
#include <cohort/objective/differentiate.hpp>
#include <cohort/optimizer/gradient_norm.hpp>
#include <cohort/training/algorithm.hpp>

namespace cohort {

/// What the last minibatch of an update looked like.
struct update_metrics {
  double loss = 0;           ///< the objective, aggregated
  double entropy = 0;        ///< mean over steps, in nats
  double approximate_kl = 0;  ///< of the old policy from the new: mean of r - 1 - log r, r = exp(logp - old_logp)
  double gradient_norm = 0;  ///< before clipping
};

namespace detail {

struct metric_terms {
  template <class S>
  constexpr several<S, 3> operator()(S loss, S entropy, S logp, S old_logp) const {
    S x = logp - old_logp;
    return {{loss, entropy, expm1(x) - x}};
  }
};

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
template <backend B, class Update, class Aggregation, class Policy>
class learner {
  using T = value_t<B>;
  using action = typename Policy::action;
  template <class U>
  using array = typename B::template array<U>;

 public:
  learner(B& backend, Update const& update, Aggregation const& aggregation, Policy& policy, std::uint64_t seed)
      : update_(update), aggregation_(aggregation), optimizer_(update.optimizer.template start<B>(backend, policy.parameters().rows)), seed_(seed) {
    update.check();
    backend.resize(norm_, 2);
  }

  std::size_t optimizer_bytes() const { return optimizer_.bytes(); }

  template <objective O>
  update_metrics learn(B& backend, O const& o, Policy& policy, batch<B, action>& batch, double progress) {
    if (update_.normalize == normalization::batch) update_.standardization(backend, batch.advantage.all());
    std::ptrdiff_t rows = update_.minibatch.count == 0 ? batch.R : std::max<std::ptrdiff_t>(1, update_.minibatch.count / batch.G);
    bool whole = rows >= batch.R;
    update_metrics metrics;
    for (int epoch = 0; epoch < update_.epochs; ++epoch) {
      if (!whole) {
        detail::shuffle(shuffled_, batch.R, stream{seed_, purpose::shuffle, std::uint32_t(rounds_++)});
        backend.assign(order_, std::span<std::int32_t const>(shuffled_));
      }
      for (std::ptrdiff_t first = 0; first < batch.R; first += rows) {
        std::ptrdiff_t count = std::min(rows, batch.R - first);
        bool last = epoch + 1 == update_.epochs && first + count == batch.R;
        minibatch m = whole ? all_of(backend, batch) : part_of(backend, batch, order_.all().part(first, count));
        descend(backend, o, policy, m, batch, progress, last ? &metrics : nullptr);
      }
    }
    return metrics;
  }

 private:
  struct minibatch {
    view<T const> observation;
    view<action const> action_;
    view<T const> old_logp, ref_logp, old_value, target;
    view<T> advantage;
    view<std::int32_t const> series_of;
  };

  minibatch all_of(B& backend, batch<B, action>& b) {
    backend.resize(advantage_, b.M());
    // Normalization writes it, and the next epoch wants it as it was.
    backend.map(outputs{advantage_.all()}, detail::same{}, view<T const>(b.advantage.all()));
    return {b.observation.matrix(b.R, b.observation_size),
            b.action.matrix(b.R, b.G * b.action_width),
            b.sampler_logp.all(),
            b.ref_logp.size() ? b.ref_logp.all() : view<T>{},
            {},
            Policy::has_critic ? b.target.all() : view<T>{},
            advantage_.all(),
            series_of_steps(backend, b, {})};
  }
  minibatch part_of(B& backend, batch<B, action>& b, view<std::int32_t const> rows) {
    auto take = [&]<class U>(array<U>& to, array<U>& from, std::ptrdiff_t columns) {
      backend.resize(to, rows.rows * columns);
      backend.gather(to.matrix(rows.rows, columns), view<U const>(from.data(), b.R, columns), rows);
      return to.all().reshaped(rows.rows * columns);
    };
    minibatch m;
    take(observation_, b.observation, b.observation_size);
    take(action_, b.action, b.G * b.action_width);
    m.observation = observation_.matrix(rows.rows, b.observation_size);
    m.action_ = action_.matrix(rows.rows, b.G * b.action_width);
    m.old_logp = take(old_logp_, b.sampler_logp, b.G);
    if (b.ref_logp.size()) m.ref_logp = take(ref_logp_, b.ref_logp, b.G);
    if constexpr (Policy::has_critic) m.target = take(target_, b.target, b.G);
    m.advantage = take(advantage_, b.advantage, b.G);
    m.series_of = series_of_steps(backend, b, rows);
    return m;
  }
  /// The series of each of the G steps of each decision, of some rows or (none given) of all.
  view<std::int32_t const> series_of_steps(B& backend, batch<B, action>& b, view<std::int32_t const> rows) {
    if (!rows && b.G == 1) return b.series_of.all();
    if (!rows) {
      if (every_row_.size() != b.R) {
        std::vector<std::int32_t> all(std::size_t(b.R));
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = std::int32_t(i);
        backend.assign(every_row_, std::span<std::int32_t const>(all));
      }
      rows = every_row_.all();
    }
    backend.resize(series_, rows.rows * b.G);
    backend.gather(series_.matrix(rows.rows, b.G), view<std::int32_t const>(b.series_of.data(), b.R, b.G, 1, 0), rows);
    return series_.all();
  }

  template <objective O>
  void descend(B& backend, O const& o, Policy& policy, minibatch const& m, batch<B, action> const& b, double progress, update_metrics* metrics) {
    std::ptrdiff_t M = m.advantage.rows;
    if (update_.normalize == normalization::minibatch) update_.standardization(backend, m.advantage);
    auto now = policy.evaluate(backend, m.observation, m.action_, int(b.G));

    constexpr int modes = detail::aggregations_in<O>;
    backend.resize(weight_, (1 + modes) * M);
    backend.resize(partial_, 4 * M);
    auto part = [&](int k) { return partial_.all().part(k * M, M); };
    aggregated_steps<T> all{M, b.decisions.count(), m.series_of, {}};
    std::array<view<T const>, 1 + modes> weights;
    for (int k = 0; k <= modes; ++k) weights[k] = weight_.all().part(k * M, M);
    aggregation_(backend, all, weight_.all().part(0, M));
    std::apply([&, k = 1](auto const&... mode) mutable { (mode(backend, all, weight_.all().part(k++ * M, M)), ...); }, detail::modes(o));

    constexpr unsigned bits = detail::terms_read_by_type<O>();
    for (int k = 1; k < 4; ++k)
      if (constexpr unsigned terms[] = {0, reads::logp, reads::entropy, reads::value}; !(bits & terms[k])) backend.map(outputs{part(k)}, detail::filled{0}, view<T const>(part(k)));
    step_views<T> at{.sampler_logp = m.old_logp, .old_logp = m.old_logp, .logp = now.logp, .ref_logp = m.ref_logp, .advantage = m.advantage,
                     .entropy = now.entropy, .value = now.value, .old_value = m.old_value, .target = m.target};
    differentiate(backend, o, at, weights, {part(0), part(1), part(2), part(3)});
    policy.backward(backend, view<T const>(part(1)), view<T const>(part(2)), view<T const>(part(3)));

    view<T> squares = norm_.all().part(0, 1), scale = norm_.all().part(1, 1);
    gradient_norm_scale(backend, update_.max_gradient_norm, view<T const>(policy.gradient()), squares, scale);
    update_.optimizer.update(backend, optimizer_, progress, policy.parameters(), view<T const>(policy.gradient()), view<T const>(scale));
    if (metrics) *metrics = measure(backend, view<T const>(part(0)), now.entropy, now.logp, m.old_logp);
  }

  update_metrics measure(B& backend, view<T const> loss, view<T const> entropy, view<T const> logp, view<T const> old_logp) {
    auto scratch = backend.template temporary<T>(3);
    backend.reduce(scratch.all(), detail::metric_terms{}, loss, entropy, logp, old_logp);
    T sums[3], squares[1];
    backend.download(std::span<T>(sums), view<T const>(scratch.all()));
    backend.download(std::span<T>(squares), view<T const>(norm_.all().part(0, 1)));
    double M = double(loss.rows);
    return {sums[0], sums[1] / M, sums[2] / M, std::sqrt(double(squares[0]))};
  }

  Update update_;
  Aggregation aggregation_;
  typename decltype(Update::optimizer)::template state<B> optimizer_;
  std::uint64_t seed_;
  std::int64_t rounds_ = 0;
  array<T> observation_, old_logp_, ref_logp_, target_, advantage_, weight_, partial_, norm_;
  array<action> action_;
  array<std::int32_t> order_, series_, every_row_;
  std::vector<std::int32_t> shuffled_;
};

}  // namespace cohort
