#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/backend/view.hpp>
#include <cohort/hook/findings.hpp>
#include <cohort/network/built_layer.hpp>
#include <cohort/scalar/welford.hpp>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

namespace detail {

/// The columns of rows of `width` numbers, the first `count` of them; `space` says where they end.
template <class X>
std::vector<number_spread> spreads_of(std::vector<X> const& rows, std::size_t width, std::size_t count,
                                      space_values const& space) {
  std::vector<welford> sums(count);
  std::vector<number_spread> all(count);
  for (std::size_t i = 0; i + width <= rows.size(); i += width)
    for (std::size_t d = 0; d < count; ++d) {
      double const x = double(rows[i + d]);
      sums[d].add(x);
      all[d].largest = std::max(all[d].largest, std::abs(x));
      if (d < space.low.size()) all[d].outside += x < space.low[d] || x > space.high[d];
    }
  for (std::size_t d = 0; d < count; ++d) {
    all[d].mean = sums[d].mean(), all[d].deviation = sums[d].deviation();
    all[d].outside /= std::max(1., sums[d].count);
  }
  return all;
}

}  // namespace detail

/// A hook of train that says what is wrong with a run, and what to change:
///
///     diagnosis look;
///     train(cpu, ppo, environment, policy, {.steps = 100'000}, look);
///     for (finding const& f : look.findings()) std::printf("%s: %s\n", f.name.c_str(), f.text.c_str());
///
/// It keeps every report, and of the first batch how its observations and actions are spread. It can't see the limit of
/// the gradient's norm, diagnosis{{.max_gradient_norm = .5}}, nor evaluations, look.evaluated(watch.results().back()).
/// No findings do not mean that a run is a good one; docs/troubleshooting.md has each finding, and what it is measured
/// by.
class diagnosis {
 public:
  explicit diagnosis(run_history known = {}, finding_limits const& limits = {})
      : history_(std::move(known)), limits_(limits) {}

  void on_start(train_report const&) { history_.reports.clear(); }
  template <class Run>
  void on_run(Run& run) {
    if (history_.reports.empty()) look_at_batch(run);
    on_update(run.report());
  }
  /// For reports alone.
  void on_update(train_report const& r) {
    history_.reports.push_back(r);
    history_.reports.back().warnings.clear();
  }
  /// An `evaluation::result`, or what has the same members.
  void evaluated(auto const& result) {
    history_.evaluated = result.updates;
    history_.evaluation_mean = result.mean, history_.evaluation_deviation = result.deviation;
  }

  std::vector<finding> findings() const { return findings_of(history_, limits_); }
  run_history const& history() const { return history_; }

 private:
  template <class Run>
  void look_at_batch(Run& run) {
    if constexpr (requires { run.batch().observations(), run.policy().spaces(); }) {
      auto& policy = run.policy();
      using Policy = std::remove_cvref_t<decltype(policy)>;
      auto rows = [&]<class X>(view<X const> from, std::size_t width, std::size_t count, space_values const& space) {
        std::vector<X> numbers(std::size_t(from.size()));
        run.backend().download(std::span<X>(numbers), from);
        return detail::spreads_of(numbers, width, count, space);
      };
      history_.spaces = policy.spaces();
      history_.normalizes =
          policy.options().normalize_observations.has_value() || detail::has_embedding(policy.actor_layers());
      history_.first_entropy = -rows(view<typename Policy::T const>(run.batch().sampler_logp.all()), 1, 1, {})[0].mean;
      auto const& [seen, box] = history_.spaces;
      std::size_t const D = std::size_t(policy.observations());
      history_.observations =
          rows(run.batch().observations(), D, seen.kind == "box" ? std::min(D, seen.size()) : D, {});
      if (box.kind == "box")
        history_.actions = rows(view<typename Policy::action const>(run.batch().action.all()),
                                std::size_t(policy.distribution().action_width()), box.size(), box);
    }
  }

  run_history history_;
  finding_limits limits_;
};

}  // namespace COHORT_NAMESPACE
