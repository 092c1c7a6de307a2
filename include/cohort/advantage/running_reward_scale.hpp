#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/advantage/following.hpp>
#include <cohort/advantage/returns.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/backend/units.hpp>
#include <cohort/describe/about.hpp>
#include <span>
#include <vector>

namespace COHORT_NAMESPACE {

namespace detail {

struct goes_on_after {
  template <class S, class M>
  constexpr S operator()(S, M terminated, M truncated) const {
    return select(terminated | truncated, S(0), S(1));
  }
};
/// The discounted return so far, which begins anew behind an end.
struct return_so_far {
  static constexpr bool affine = true;
  double gamma;
  constexpr auto operator()(auto before, auto reward, auto goes_on) const { return reward + gamma * goes_on * before; }
};
struct plus_carried {
  double gamma;
  template <class S>
  constexpr S operator()(S reward, S carried, S goes_on) const {
    return reward + gamma * goes_on * carried;
  }
};
struct over_deviation {
  double clip;
  constexpr auto operator()(auto reward, auto deviation) const { return clamp(reward / deviation, -clip, clip); }
};

/// Count, mean and variance of numbers that come in bundles (Chan, Golub and LeVeque 1979).
struct running_moments {
  double count = 1e-4, mean = 0, variance = 1;
  double unit = 1;  ///< of mean and variance

  void persist(auto const& f) { f("count", count), f("mean", mean), f("variance", variance), f("unit", unit); }
  /// From now on.
  void measure_in(double other) {
    double change = other / unit;
    mean *= change, variance *= change, variance *= change, unit = other;
  }
  void add(double n, double other_mean, double squares) {
    double delta = other_mean - mean, total = count + n;
    variance = (variance * count + squares + delta * delta * count * n / total) / total;
    mean += delta * n / total;
    count = total;
  }
};

}  // namespace detail

/// Rewards in units of the standard deviation of the discounted return, over all that was seen so far:
///
///     R_t = r_t + gamma (1 - ended_{t-1}) R_{t-1},     r_t <- clamp(r_t / sqrt(var(R) + epsilon), +-clip)
///
/// In lanes the returns go on from one rollout to the next and the statistics take in the N returns of each time step
/// before that step's rewards are divided: that is Stable-Baselines3's VecNormalize. (Of lanes of which some made fewer
/// steps than others, it takes in the returns of their first steps, then of their second, on the host.) Elsewhere each
/// rollout's returns are taken in at once, before. The statistics begin with variance 1 and the weight of 1e-4 of a
/// number. No mean is taken away, so the sign of a reward stays. Raises value_error for invalid steps, and for probes
/// of more than one action.
struct running_reward_scale {
  double gamma = .99;  ///< of the returns, in [0, 1]
  double epsilon = 1e-8;
  double clip = 10;  ///< > 0

  static constexpr about notes{
      "running_reward_scale", "clamp(r / sqrt(running variance of the return + epsilon), +-clip)",
      "Engstrom et al. 2020, arXiv:2005.12729, A.2; Huang et al. 2022, 37 details, 7 and 8", "SB3 (VecNormalize)"};

  constexpr void parameters(auto f) const { f("gamma", gamma), f("clip", clip), f("epsilon", epsilon, false); }
  void check() const {
    detail::require(gamma >= 0 && gamma <= 1, "running_reward_scale", "gamma", gamma, "a number in [0, 1]");
    detail::require(epsilon >= 0, "running_reward_scale", "epsilon", epsilon, "0 or a positive number");
    detail::require(clip > 0, "running_reward_scale", "clip", clip, "a positive number (infinity: no limit)");
  }

  template <backend B>
  struct state {
    detail::running_moments moments;
    typename B::template array<value_t<B>> carried,
        goes_on;  ///< N: the last returns of lanes, and whether their episodes go on
    std::ptrdiff_t lanes = 0;
    std::vector<value_t<B>> mean, squares, deviation;

    void persist(auto const& f) {
      f("moments", moments), f("carried", carried), f("goes_on", goes_on), f("lanes", lanes);
    }
  };
  template <backend B>
  state<B> start(B&) const {
    check();
    return {};
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, state<B>& s, batch_view<T> const& batch, view<T> reward) const {
    detail::require_no_probes(batch, "running_reward_scale");
    if (batch.valid) throw value_error("running_reward_scale counts every step, and this batch has invalid ones");
    if (batch.goes_on && !batch.series.is_lanes()) return scale_uneven_lanes(backend, s, batch, reward);
    bool lanes = batch.series.is_lanes();
    std::ptrdiff_t M = batch.series.steps(), N = lanes ? batch.series.count() : M, T_ = lanes ? M / N : 1;
    auto scratch = backend.template temporary<T>(3 * M + 2 * T_);
    view<T> goes_on = scratch.all().part(0, M), before = scratch.all().part(M, M),
            returns = scratch.all().part(2 * M, M), mean = scratch.all().part(3 * M, T_),
            squares = scratch.all().part(3 * M + T_, T_);
    detail::find_neighbors(backend, batch.series, direction::backward, before);
    backend.map(outputs{returns}, detail::goes_on_after{}, view<T const>(returns), batch.terminated, batch.truncated);
    detail::map_neighbors(backend, batch.series, direction::backward, goes_on, detail::times{}, view<T const>(returns),
                          view<T const>(before));
    view<T> first = before;  // the rewards, to the first of which the last rollout's returns are added
    detail::copy_to(backend, first, reward);
    if (lanes && s.lanes == N)
      backend.map(outputs{first.part(0, N)}, detail::plus_carried{gamma}, view<T const>(reward.part(0, N)),
                  view<T const>(s.carried.all()), view<T const>(s.goes_on.all()));
    backend.scan(batch.series, direction::forward, detail::return_so_far{gamma}, 0, returns, view<T const>(first),
                 view<T const>(goes_on));
    if (lanes) {
      s.lanes = N;
      backend.resize(s.carried, N);
      backend.resize(s.goes_on, N);
      detail::copy_to(backend, s.carried.all(), returns.part(M - N, N));
      backend.map(outputs{s.goes_on.all()}, detail::goes_on_after{}, view<T const>(s.carried.all()),
                  batch.terminated.part(M - N, N), batch.truncated.part(M - N, N));
    }

    view<T const> by_time = returns.reshaped(T_, N);
    for (auto* v : {&s.mean, &s.squares, &s.deviation}) v->resize(std::size_t(T_));
    auto measure = [&] {
      double unit = s.moments.unit;
      backend.row_sums(mean, detail::scaled_by{unit}, by_time);
      backend.map(outputs{mean}, detail::scaled_by{1 / double(N)}, view<T const>(mean));
      backend.row_sums(squares, detail::squared_difference{unit}, by_time, view<T const>(mean.data, T_, N, 1, 0));
      backend.download(std::span<T>(s.mean), view<T const>(mean));
      backend.download(std::span<T>(s.squares), view<T const>(squares));
      return std::all_of(s.squares.begin(), s.squares.end(), [](T x) { return std::isfinite(x); });
    };
    if (!measure() && s.moments.unit == 1 && detail::unit_of(backend, view<T const>(returns)) != 1)
      s.moments.measure_in(detail::small_unit<T>), measure();
    double unit = s.moments.unit;
    for (std::size_t t = 0; t < s.mean.size(); ++t) {
      s.moments.add(double(N), double(s.mean[t]), double(s.squares[t]));
      s.deviation[t] = T(std::sqrt(s.moments.variance + epsilon * unit * unit) / unit);
    }
    backend.upload(mean, std::span<T const>(s.deviation));
    view<T> all = reward.reshaped(T_, N);
    backend.map(outputs{all}, detail::over_deviation{clip}, view<T const>(all), view<T const>(mean.data, T_, N, 1, 0));
  }

 private:
  template <backend B, class T>
  void scale_uneven_lanes(B& backend, state<B>& s, batch_view<T> const& batch, view<T> reward) const {
    auto const N = std::size_t(batch.series.count()), M = std::size_t(batch.series.steps());
    std::vector<T> rewards(M), carried(N), goes_on(N);
    std::vector<std::uint8_t> terminated(M), truncated(M);
    std::vector<std::int32_t> offsets(N + 1);
    backend.download(std::span(rewards), view<T const>(reward));
    backend.download(std::span(terminated), batch.terminated);
    backend.download(std::span(truncated), batch.truncated);
    backend.download(std::span(offsets), batch.series.offsets());
    if (s.lanes == batch.series.count()) {
      backend.download(std::span(carried), view<T const>(s.carried.all()));
      backend.download(std::span(goes_on), view<T const>(s.goes_on.all()));
    }
    for (std::int32_t k = 0; k < batch.series.longest(); ++k) {
      std::vector<std::size_t> at;  // the k-th steps
      for (std::size_t n = 0; n < N; ++n) {
        if (offsets[n] + k >= offsets[n + 1]) continue;
        auto const i = std::size_t(offsets[n] + k);
        carried[n] = rewards[i] + T(gamma) * goes_on[n] * carried[n];
        goes_on[n] = !terminated[i] && !truncated[i];
        at.push_back(n);
      }
      double squares = 0;
      auto measure = [&] {
        double const unit = s.moments.unit, count = double(at.size());
        double mean = squares = 0;
        for (auto n : at) mean += unit * double(carried[n]) / count;
        for (auto n : at) squares += (unit * double(carried[n]) - mean) * (unit * double(carried[n]) - mean);
        return mean;
      };
      double mean = measure(), unit = s.moments.unit;
      if (!std::isfinite(squares) && unit == 1) s.moments.measure_in(unit = detail::small_unit<T>), mean = measure();
      s.moments.add(double(at.size()), mean, squares);
      T const deviation = T(std::sqrt(s.moments.variance + epsilon * unit * unit) / unit);
      for (auto n : at) {
        T& r = rewards[std::size_t(offsets[n] + k)];
        r = std::clamp(r / deviation, T(-clip), T(clip));
      }
    }
    backend.upload(reward, std::span<T const>(rewards));
    backend.assign(s.carried, std::span<T const>(carried));
    backend.assign(s.goes_on, std::span<T const>(goes_on));
    s.lanes = batch.series.count();
  }
};

}  // namespace COHORT_NAMESPACE
