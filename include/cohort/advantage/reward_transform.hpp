#pragma once
#include <cohort/advantage/batch_view.hpp>
#include <cohort/advantage/normalize.hpp>
#include <cohort/backend/concept.hpp>
#include <limits>

namespace COHORT_NAMESPACE {

/// What f(r) is summed in a reward's place:
///
///     none                  r
///     tanh                  tanh(tau r)
///     tanh_of_group_score   tanh(tau z), z = (r - mean) / (std + epsilon) over the samples of the state
///     tanh_of_batch_score   the same over the whole batch
///     weighted_in_group     r tanh(2.5 tau (r - min) / (max - min + epsilon)),
///                           min and max over the samples of the state
///
/// With longer probes statistics are over those that are still running at the same step. Where all of a group's rewards
/// are equal, up to rounding, the score and the weight are 0. All but none change what is optimized.
enum class reward_transform { none, tanh, tanh_of_group_score, tanh_of_batch_score, weighted_in_group };

namespace detail {

constexpr bool within_group(reward_transform t) {
  return t == reward_transform::tanh_of_group_score || t == reward_transform::weighted_in_group;
}

/// Which of its K steps a probe was still running in.
struct running_steps {
  int K;
  template <class M, class Out>
  constexpr void operator()(M terminated, M truncated, Out running) const {
    using S = typename Out::scalar;
    S still = 1;
    for (int k = 0; k < K; ++k) {
      running.set(k, still);
      still = select(terminated[k] | truncated[k], S(0), still);
    }
  }
};

/// tanh(tau z), z over those of the G columns of a row that are running.
struct group_score {
  int G, ddof;
  double tau, epsilon, rounding;

  template <class R, class M, class Out>
  constexpr void operator()(R reward, M running, Out out) const {
    using S = typename R::scalar;
    S count = 0, sum = 0, squares = 0,
      unit = unit_of_row<S>(G, [&](int g) { return select(running[g], reward[g], S(0)); });
    auto from = [&](int g, S mean) { return unit * reward[g] - mean; };
    for (int g = 0; g < G; ++g) {
      count += select(running[g], S(1), S(0));
      sum += select(running[g], unit * reward[g], S(0));
    }
    S mean = sum / max(count, S(1));
    for (int g = 0; g < G; ++g) squares += select(running[g], from(g, mean) * from(g, mean), S(0));
    S deviation = sqrt(squares / max(count - ddof, S(1)));
    auto equal = deviation <= rounding * std::max(8, G) * abs(mean);
    for (int g = 0; g < G; ++g)
      out.set(g, select(equal, S(0), tanh(tau * (from(g, mean) / (deviation + epsilon * unit)))));
  }
};

/// Each reward times the tanh of where it stands between the least and the largest of those of its row that are
/// running.
struct group_weight {
  int G;
  double tau, epsilon, rounding;

  template <class R, class M, class Out>
  constexpr void operator()(R reward, M running, Out out) const {
    using S = typename R::scalar;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    S least = infinity, most = -infinity;
    for (int g = 0; g < G; ++g) {
      least = min(least, select(running[g], reward[g], S(infinity)));
      most = max(most, select(running[g], reward[g], S(-infinity)));
    }
    S range = most - least;
    mask_t<S> apart = range > rounding * 8 * max(abs(least), abs(most));
    for (int g = 0; g < G; ++g)
      out.set(
          g, select(apart & running[g], reward[g] * tanh(2.5 * tau * ((reward[g] - least) / (range + epsilon))), S(0)));
  }
};

struct batch_score {
  double tau, epsilon;
  int ddof;
  template <class S>
  constexpr S operator()(S x, S count, S sum, S squares) const {
    return tanh(tau * standardized{epsilon, ddof}(x, count, sum, squares));
  }
};

struct hyperbolic_tangent {
  double tau;
  constexpr auto operator()(auto x) const { return tanh(tau * x); }
};

struct reward_scaling {
  reward_transform transform;
  double tau, epsilon;
  int ddof;

  /// f of the batch's K x M rewards, in `to` (K M) or where they were; `scalars` has room for 3.
  template <backend B, class T>
  view<T const> operator()(B& backend, batch_view<T> const& batch, view<T> to, view<T> scalars) const {
    std::ptrdiff_t n = to.rows;
    view<T const> in = batch.reward.reshaped(n);
    if (transform == reward_transform::none) return in;
    if (transform == reward_transform::tanh) {
      backend.map(outputs{to}, hyperbolic_tangent{tau}, in);
      return to;
    }
    std::ptrdiff_t G = batch.group, K = batch.depth, M = n / K, rows = n / G;
    auto rounding = double(std::numeric_limits<T>::epsilon());
    auto flags = backend.template temporary<std::uint8_t>(n);
    auto columns = [&](auto all) { return decltype(all)(all.data, M, K, 1, M); };
    backend.map_rows(M, running_steps{int(K)}, columns(batch.terminated), columns(batch.truncated),
                     columns(flags.all()));
    view<std::uint8_t const> running = flags.all();
    auto by_group = [&](auto f) {
      backend.map_rows(rows, f, in.reshaped(rows, G), running.reshaped(rows, G), to.reshaped(rows, G));
    };
    if (transform == reward_transform::tanh_of_group_score) by_group(group_score{int(G), ddof, tau, epsilon, rounding});
    else if (transform == reward_transform::weighted_in_group) by_group(group_weight{int(G), tau, epsilon, rounding});
    else {
      view<T> sums = scalars.part(0, 2), squares = scalars.part(2, 1);
      view<T const> count = broadcast<T const>(sums.part(0, 1), n), sum = broadcast<T const>(sums.part(1, 1), n);
      double unit = measure_deviations(backend, in, running, sums, squares);
      if (unit != 1) {
        backend.map(outputs{to}, scaled_by{unit}, in);
        in = to;
      }
      backend.map(outputs{to}, batch_score{tau, epsilon * unit, ddof}, in, count, sum, broadcast<T const>(squares, n));
    }
    return to;
  }
};

}  // namespace detail
}  // namespace COHORT_NAMESPACE
