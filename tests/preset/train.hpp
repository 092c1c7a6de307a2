#pragma once
#include <cohort/preset/registry.hpp>
#include <cohort/run/train.hpp>

#include "../catch.hpp"

// Presets at the size of a test: the same types, fewer and shorter rollouts.
namespace small {

template <class R>
void shrink_rollout(R& r) {
  if constexpr (requires { r.prompts; })
    r.prompts = 4, r.group = std::min(r.group, 4), r.max_tokens = 4, r.resample = std::min(r.resample, 1);
  else if constexpr (std::is_same_v<R, cohort::lanes>) r.count = 2, r.horizon = 16;
  else if constexpr (std::is_same_v<R, cohort::probes>) r.lanes = 2, r.horizon = 16;
  else if constexpr (std::is_same_v<R, cohort::groups>) r.count = 2, r.group = 4;
  else if constexpr (std::is_same_v<R, cohort::vine>) r.lanes = 2, r.horizon = 8, r.rollouts = 2;
  else r.count = 8;
}
template <class U>
void shrink_update(U& u) {
  if constexpr (requires { u.then; }) u.updates = 0, shrink_update(u.then);
  else if constexpr (requires { u.minibatches; })
    u.minibatches = 2, u.epochs = std::min(u.epochs, 2), u.minibatch_size = 0;
}
template <class A>
A shrink(A a) {
  shrink_rollout(a.rollout), shrink_update(a.update);
  return a;
}
/// Whether a preset plays an environment.
template <class P>
constexpr bool plays() {
  return !requires { typename decltype(std::declval<P>()().rollout)::reads_a_task; };
}
/// Whether a preset needs a critic.
template <class P>
constexpr bool reads_value() {
  return (cohort::detail::terms_read_by_type<decltype(cohort::at_progress(std::declval<P>()().objective, 0.))>() &
          cohort::needs::value) != 0;
}
/// One update of a preset moves the parameters, and all numbers stay finite.
template <class B, class P, class Task, class Policy>
void check_update(B& backend, P const& p, Task const& task, Policy&& policy, cohort::train_options const& options) {
  INFO(p.from.name);
  auto parameters = [&] {
    auto now = policy.parameters();
    return std::vector<double>(now.data, now.data + now.rows);
  };
  auto before = parameters();
  auto report = cohort::train(backend, shrink(p()), task, policy, options);
  CHECK(report.updates == 1);
  CHECK(std::isfinite(report.metrics.loss));
  CHECK(report.metrics.gradient_norm > 0);
  auto after = parameters();
  CHECK(before != after);
  CHECK(std::all_of(after.begin(), after.end(), [](double x) { return std::isfinite(x); }));
}

}  // namespace small
