#pragma once
#include <algorithm>
#include <cohort/advantage/batch_view.hpp>
#include <cohort/backend/concept.hpp>
#include <cohort/describe/about.hpp>
#include <utility>

namespace COHORT_NAMESPACE {

namespace detail {

/// What each step adds to the return of the one before, R_t = offset + slope R_{t+1} with slope 0 where nothing
/// follows, and its return that looks no further than next_value. The carry is 1 behind every step but the last of its
/// series.
struct n_step_terms {
  static constexpr bool affine = true;
  double gamma;
  template <class S, class M>
  constexpr several<S, 4> operator()(S goes_on, S reward, S next_value, M terminated, M truncated) const {
    S first = select(terminated, reward, reward + gamma * next_value);
    M ends = terminated | truncated | !(goes_on > 0);
    return {{S(1), select(ends, first, reward), select(ends, S(0), S(gamma)), first}};
  }
};
/// The return of K steps more, from that of the K-th step after and the terms of those between, in turn.
struct more_steps {
  template <class S, class... Terms>
  constexpr S operator()(S after, Terms... offset_and_slope) const {
    constexpr int K = sizeof...(Terms) / 2;
    S terms[2 * K + 1] = {offset_and_slope...};
    for (int k = 2 * K; k > 0; k -= 2)
      after = select(terms[k - 1] > 0, terms[k - 2] + terms[k - 1] * after, terms[k - 2]);
    return after;
  }
};
struct more_steps_above {
  template <class S, class... Terms>
  constexpr several<S, 2> operator()(S value, S after, Terms... offset_and_slope) const {
    S target = more_steps{}(after, offset_and_slope...);
    return {{target - value, target}};
  }
};

}  // namespace detail

/// n-step returns with a critic, A2C's and A3C's:
///
///     R_t = r_t + gamma r_{t+1} + ... + gamma^(n-1) r_{t+n-1} + gamma^n V_{t+n},    A_t = R_t - V_t,
///     target_t = R_t
///
/// cut short where the series ends: without a bootstrap after a termination, with V of the true last observation after
/// a truncation and at the end of what was collected. n = 1 is gae with lambda = 0, and with n of the longest series'
/// length it is lambda = 1. Four steps more cost a pass. In the units of the reward.
///
/// Source: Mnih et al. 2016, arXiv:1602.01783, eq. 1 and supplement S3 (there n falls towards the end of the rollout: n
/// = infinity here).
struct n_step {
  static constexpr unsigned reads = needs::critic;
  int n = 5;           ///< > 0
  double gamma = .99;  ///< discount, in [0, 1]

  static constexpr about notes{"n_step", "r_t + ... + gamma^(n-1) r_{t+n-1} + gamma^n V_{t+n} - V_t",
                               "Mnih et al. 2016, arXiv:1602.01783, eq. 1", "TorchRL (TD(0), TD(1))"};
  constexpr void parameters(auto f) const { f("n", n), f("gamma", gamma); }
  void check() const {
    detail::require(n > 0, "n_step", "n", n, "a positive number");
    detail::require(gamma >= 0 && gamma <= 1, "n_step", "gamma", gamma, "a number in [0, 1]");
  }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const& batch, estimates<T> const& out) const {
    check();
    detail::require_no_probes(batch, "n_step");
    detail::require_critic(batch, "n_step");
    if (batch.valid) throw value_error("n_step counts steps, and this batch has invalid ones: use gae");
    // A step's terms are read from up to four steps before it, those beyond the last step only to be dropped.
    std::ptrdiff_t M = batch.series.steps(), apart = batch.series.is_lanes() ? batch.series.count() : 1,
                   room = M + 4 * apart;
    auto scratch = backend.template temporary<T>(4 * room);
    auto part = [&](int k) { return scratch.all().part(k * room, room); };
    view<T> offset = part(0), slope = part(1), now = part(2), next = part(3);
    backend.scan(batch.series, direction::backward, detail::n_step_terms{gamma}, 0,
                 outputs{view<T>(), offset.part(0, M), slope.part(0, M), now.part(0, M)}, batch.reward,
                 batch.next_value, batch.terminated, batch.truncated);
    auto look_further = [&]<int... K>(std::integer_sequence<int, K...>, auto f, auto to, auto... value) {
      backend.map(to, f, value..., view<T const>(now.part(std::ptrdiff_t(sizeof...(K) / 2) * apart, M)),
                  view<T const>((K % 2 ? slope : offset).part(K / 2 * apart, M))...);
    };
    auto steps = [](auto k) { return std::make_integer_sequence<int, 2 * k>(); };
    std::ptrdiff_t more = std::min<std::ptrdiff_t>(n, std::max<std::ptrdiff_t>(1, batch.series.longest())) - 1;
    for (; more > 4; more -= 4, std::swap(now, next))
      look_further(steps(std::integral_constant<int, 4>()), detail::more_steps{}, outputs{next.part(0, M)});
    auto finish = [&](auto k) {
      if (more != k) return;
      look_further(steps(k), detail::more_steps_above{},
                   outputs{out.advantage, out.target ? out.target : next.part(0, M)}, batch.value);
    };
    [&]<int... K>(std::integer_sequence<int, K...>) {
      (finish(std::integral_constant<int, K>()), ...);
    }(std::make_integer_sequence<int, 5>());
  }
};

}  // namespace COHORT_NAMESPACE
