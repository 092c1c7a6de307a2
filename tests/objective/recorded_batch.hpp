#pragma once
#include <cohort/aggregation/means.hpp>
#include <cohort/aggregation/sums.hpp>
#include <cohort/objective/differentiate.hpp>
#include <cohort/objective/gmpo.hpp>
#include <cohort/random/stream.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

// What tests/golden/*_objectives.py recorded: a batch of packed series, and losses and gradients by name.

using namespace cohort;
using namespace arrays;

struct recorded_batch {
  golden::table rows;
  integers series_of;
  flags valid;
  numbers advantage, sampler_logp;  ///< of steps
  std::ptrdiff_t M, N;

  explicit recorded_batch(std::string const& file, bool of_series = true) : rows(golden::read(file)) {
    auto const& offsets = row("offsets");
    N = std::ptrdiff_t(offsets.size()) - 1;
    M = std::ptrdiff_t(offsets.back());
    valid = cast<std::uint8_t>(row("valid"));
    for (std::ptrdiff_t n = 0; n < N; ++n)
      for (double i = offsets[std::size_t(n)]; i < offsets[std::size_t(n) + 1]; ++i) {
        series_of.push_back(std::int32_t(n));
        if (rows.count("advantage"))
          advantage.push_back(of_series ? row("advantage")[std::size_t(n)] : row("token_advantage")[std::size_t(i)]);
        if (rows.count("is_weight"))
          sampler_logp.push_back(row("old_logp")[std::size_t(i)] - std::log(row("is_weight")[std::size_t(i)]));
      }
  }
  numbers const& row(std::string const& name) const { return golden::row(rows, name); }

  /// The valid steps of its series, for each step.
  numbers steps_of_series() const {
    numbers steps(std::size_t(N), 0), result;
    for (std::size_t i = 0; i < valid.size(); ++i) steps[std::size_t(series_of[i])] += valid[i];
    for (auto n : series_of) result.push_back(steps[std::size_t(n)]);
    return result;
  }

  step_views<double> views() const {
    auto of = [&](char const* name) { return rows.count(name) ? all(row(name)) : view<double const>{}; };
    step_views<double> v{.old_logp = of("old_logp"),
                         .logp = of("logp"),
                         .ref_logp = of("ref_logp"),
                         .advantage = all(advantage),
                         .entropy = of("entropy")};
    if (!sampler_logp.empty()) v.sampler_logp = all(sampler_logp);
    v.valid = all(valid), v.series_of = all(series_of), v.series = N;
    return v;
  }
  /// What a selection makes of the batch, or of other views of it.
  template <class Selection>
  numbers selected(Selection const& selection, step_views<double> const& at, stream_id draws = {}) const {
    cpu backend;
    numbers result(std::size_t(M), -99);
    selection(backend, at, draws, all(result));
    return result;
  }
  struct result {
    double loss = 0;
    numbers logp, entropy;  ///< its gradient
  };
  /// Loss and gradient of an objective, aggregated so; the weights of `aggregate` and `weighted` inside it too.
  /// `by_step`: further weights of the steps.
  template <class O, class Mode>
  result operator()(O const& o, Mode const& mode, numbers const& by_step = {}, stream_id draws = {}) const {
    cpu backend;
    numbers w(std::size_t((1 + detail::aggregations_in<O>)*M)), loss(std::size_t(M), -99), slope(std::size_t(M), 0),
        entropy(std::size_t(M), 0);
    aggregated_steps<double> steps{M, N, all(series_of), all(valid)};
    mode(backend, steps, all(w).part(0, M));
    for (std::size_t i = 0; i < by_step.size(); ++i) w[i] *= by_step[i];
    auto weigh = [&](auto const& m, std::ptrdiff_t k) {
      if constexpr (requires { m.selection; }) {
        numbers chosen = selected(m.selection, views(), draws);
        for (std::ptrdiff_t i = 0; i < M; ++i)
          w[std::size_t(k * M + i)] = chosen[std::size_t(i)] * w[std::size_t(m.base * M + i)];
      } else {
        m(backend, steps, all(w).part(k * M, M));
      }
    };
    std::apply([&, k = 1](auto const&... m) mutable { (weigh(m, k++), ...); }, detail::composed(o).modes);
    std::array<view<double const>, 1 + detail::aggregations_in<O>> weights;
    for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = all(std::as_const(w)).part(std::ptrdiff_t(k) * M, M);
    differentiate(backend, o, views(), weights, {.loss = all(loss), .logp = all(slope), .entropy = all(entropy)});
    double total = 0;
    for (double x : loss) total += x;
    return {total, slope, entropy};
  }
  /// How far loss and gradient are from the recorded ones, relative to 1 or to their own size.
  template <class O, class Mode>
  double distance(O const& o, Mode const& mode, std::string const& name, numbers const& by_step = {},
                  stream_id draws = {}) const {
    auto found = (*this)(o, mode, by_step, draws);
    double worst = std::abs(found.loss - row(name)[0]) / std::max(1., std::abs(found.loss));
    auto compare = [&](numbers const& slope, std::string const& by) {
      for (std::ptrdiff_t i = 0; i < M; ++i) {
        double expected = row(by)[std::size_t(i)],
               d = std::abs(slope[std::size_t(i)] - expected) / std::max(1., std::abs(expected));
        worst = d <= worst ? worst : d;  // a NaN stays
      }
    };
    compare(found.logp, name + "/logp");
    if (rows.count(name + "/entropy")) compare(found.entropy, name + "/entropy");
    return worst;
  }
  /// A loss of the critic and its gradient by the value are the recorded ones.
  template <class O, class Mode>
  void same_value_loss(O const& o, Mode const& mode, std::string const& name, numbers const& by_step = {}) const {
    CAPTURE(name);
    cpu backend;
    numbers w(std::size_t(M), 0), loss(std::size_t(M), -99), slope(std::size_t(M), 0);
    mode(backend, aggregated_steps<double>{M, N, all(series_of), all(valid)}, all(w));
    for (std::size_t i = 0; i < by_step.size(); ++i) w[i] *= by_step[i];
    step_views<double> v{.value = all(row("value")), .old_value = all(row("old_value")), .target = all(row("return"))};
    v.valid = all(valid);
    differentiate(backend, o, v, {all(std::as_const(w))}, {.loss = all(loss), .value = all(slope)});
    double total = 0;
    for (double x : loss) total += x;
    CHECK(close(total, row(name)[0], 1e-10, 1e-10));
    for (std::size_t i = 0; i < slope.size(); ++i) CHECK(close(slope[i], row(name + "/value")[i], 1e-10, 1e-10));
  }
};

inline numbers product(numbers a, numbers const& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] *= b[i];
  return a;
}
/// verl divides a series' sum by its valid steps plus 1e-8: what that makes of a weight of 1 / steps, or with of_sum of
/// a weight of 1.
inline numbers verl_mean(recorded_batch const& b, bool of_sum = false, double factor = 1) {
  numbers result = b.steps_of_series();
  for (double& n : result) n = factor * (of_sum ? 1 : n) / (n + 1e-8);
  return result;
}
/// gmpo with verl's mean, which is divided by the length plus 1e-8.
struct verl_geo_mean : gmpo {
  template <class S>
  constexpr S operator()(series_terms<S> const& s) const {
    series_terms<S> longer = s;
    longer.length = s.length + 1e-8;
    return gmpo::operator()(longer);
  }
};
