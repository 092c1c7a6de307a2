#include <cohort/objective/cispo.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/dppo.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/gmpo.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/update/objective_pass.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"

// The metrics of an update, counted by hand from a minibatch whose log-probabilities are known.

using namespace cohort;
using namespace arrays;

namespace {

constexpr int M = 240, N = 12;

struct known {
  numbers sampler_logp = uniform(M, 1, -2, 0), old_logp = uniform(M, 2, -2, 0), logp = uniform(M, 3, -2, 0),
          entropy = uniform(M, 4, 0, 1), advantage = uniform(M, 5, -1, 1);
  integers series_of = integers(M);
  known() {
    for (int i = 0; i < M; ++i) series_of[i] = i * N / M;
  }
  double ratio(int i) const { return std::exp(logp[i] - old_logp[i]); }
  double series_ratio(int i) const {
    double total = 0;
    for (int j = 0; j < M; ++j) total += series_of[j] == series_of[i] ? logp[j] - old_logp[j] : 0;
    return std::exp(total * N / M);
  }
  template <class F>
  double share(F f) const {
    int count = 0;
    for (int i = 0; i < M; ++i) count += bool(f(i));
    return count / double(M);
  }
};

struct no_policy {
  static constexpr bool has_critic = false;
};
/// Hands a minibatch over in several runs of steps.
struct in_runs {
  known const& b;
  int runs;
  void evaluate(cpu& backend, no_policy&, view<double> logp, view<double> entropy, view<double> = {}) {
    backend.upload(logp, std::span<double const>(b.logp)), backend.upload(entropy, std::span<double const>(b.entropy));
  }
  template <class F>
  void accumulate_gradient(cpu&, no_policy&, F partials) {
    struct {
      view<double const> logp, entropy, value;
    } now;
    for (int k = 0; k < runs; ++k) {
      now.logp = all(b.logp).part(k * M / runs, M / runs), now.entropy = all(b.entropy).part(k * M / runs, M / runs),
      now.value = now.logp;
      partials(std::ptrdiff_t(k * M / runs), now);
    }
  }
};

template <class O>
update_metrics metrics_of(O const& o, known const& b, int runs, numbers const& target = {}) {
  cpu backend;
  no_policy policy;
  in_runs minibatches{b, runs};
  numbers advantage = b.advantage;
  minibatch<double> m{.steps = {.sampler_logp = all(b.sampler_logp),
                                .old_logp = all(b.old_logp),
                                .advantage = all(advantage),
                                .target = target.empty() ? view<double const>{} : all(target),
                                .series_of = all(b.series_of),
                                .series = N},
                      .advantage = all(advantage)};
  objective_pass<cpu> pass;
  update_metrics found;
  pass(backend, step_mean{}, any_objective<cpu>(o).whole(), policy, minibatches, m, &found);
  return found;
}

}  // namespace

TEST_CASE(
    "update_metrics: the shares of steps that are clipped, whatever clips them and however a minibatch is cut into "
    "passes") {
  known b;
  for (int runs : {1, 3}) {
    auto check = [&](auto const& o, auto low, auto high) {
      auto found = metrics_of(o, b, runs);
      CHECK(close(found.clip_low, b.share(low), 1e-14));
      CHECK(close(found.clip_high, b.share(high), 1e-14));
      CHECK(found.clip_high > 0);
    };
    auto down = [&](double low) { return [&b, low](int i) { return b.advantage[i] < 0 && b.ratio(i) < low; }; };
    auto up = [&](double high) { return [&b, high](int i) { return b.advantage[i] > 0 && b.ratio(i) > high; }; };
    check(clipped_ratio{.epsilon = .2, .epsilon_high = .3}, down(.8), up(1.3));
    check(.5 * clipped_ratio{.epsilon = .2, .epsilon_high = .3}, down(.8), up(1.3));
    auto both = [&](int i) { return up(1.3)(i) || (b.advantage[i] < 0 && b.ratio(i) > 2); };
    check(dual_clip{.epsilon = .2, .epsilon_high = .3, .c = 2}, down(.8), both);
    check(two_sided_clip{.epsilon = .2, .epsilon_high = .3, .delta = 2}, down(.8), both);
    check(gmpo{.epsilon = .2, .epsilon_high = .3}, down(std::exp(-.2)), up(std::exp(.3)));
    check(
        cispo{.low = .8, .high = 1.3}, [&](int i) { return b.ratio(i) < .8; }, [&](int i) { return b.ratio(i) > 1.3; });
    auto moved = [&](int i) { return std::exp(b.logp[i]) - std::exp(b.old_logp[i]); };
    check(
        dppo_tv{.low = .1, .high = .2}, [&](int i) { return b.advantage[i] < 0 && moved(i) < -.1; },
        [&](int i) { return b.advantage[i] > 0 && moved(i) > .2; });
    auto series_down = [&](int i) { return b.advantage[i] < 0 && b.series_ratio(i) < .95; };
    auto series_up = [&](int i) { return b.advantage[i] > 0 && b.series_ratio(i) > 1.05; };
    check(gspo{.epsilon = .05, .epsilon_high = .05}, series_down, series_up);
    check(gspo_step{.epsilon = .05, .epsilon_high = .05}, series_down, series_up);
  }
}

TEST_CASE("update_metrics: the ratio's mean and extremes and the values' error, in several passes too") {
  for (int runs : {1, 3}) {
    known b;
    numbers const target = uniform(M, 6, -1, 1);
    double total = 0, least = 1e9, most = 0, error = 0;
    for (int i = 0; i < M; ++i) {
      total += b.ratio(i), least = std::min(least, b.ratio(i)), most = std::max(most, b.ratio(i));
      error += (b.logp[i] - target[i]) * (b.logp[i] - target[i]);  // the values are the log-probabilities here
    }
    auto found = metrics_of(clipped_ratio{}, b, runs, target);
    CHECK(close(found.ratio_mean, total / M, 1e-13));
    CHECK(close(found.ratio_min, least, 1e-13));
    CHECK(close(found.ratio_max, most, 1e-13));
    CHECK(close(found.value_loss, error / M, 1e-13));
    CHECK(std::isnan(metrics_of(clipped_ratio{}, b, runs).value_loss));
  }
}

TEST_CASE("largest: of any number of elements, wherever it stands") {
  cpu backend;
  for (int n : {1, 2, 3, 5, 16, 17, 63, 240}) {
    numbers x = uniform(n, 7, -2, -1), out(1);
    for (int k = 0; k < n; ++k) {
      x[k] += 5;
      detail::largest(backend, view<double const>(all(x)), view<double>(out.data(), 1));
      CHECK(out[0] == x[k]);
      x[k] -= 5;
    }
  }
}
