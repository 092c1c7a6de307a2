#pragma once
#include <cohort/advantage/batch_view.hpp>
#include <cohort/backend/concept.hpp>

namespace COHORT_NAMESPACE::detail {

template <class T>
void require_probes(batch_view<T> const& batch, char const* who) {
  require_critic(batch, who);
  if (!batch.probe_value || !batch.executed)
    throw value_error(std::string(who) + " reads the values after each probe: use it with a rollout in probes");
  if (batch.valid)
    throw value_error(
        std::string(who) +
        ": each step of a probe is an action in an environment, and so valid; this batch has invalid ones");
}

/// The lanes that the executed probes form, as a batch of one action a decision: of K x M rewards (or other numbers)
/// those of the executed first steps, in `reward` (R), and their flags in `flags` (2 R).
template <backend B, class T>
batch_view<T> executed_lane(B& backend, batch_view<T> const& batch, view<T const> rewards, view<T> reward,
                            view<std::uint8_t> flags) {
  std::ptrdiff_t R = batch.series.steps(), all = batch.terminated.size();
  view<std::uint8_t> terminated = flags.part(0, R), truncated = flags.part(R, R);
  backend.gather(reward, rewards, batch.executed);
  backend.gather(terminated, batch.terminated.reshaped(all), batch.executed);
  backend.gather(truncated, batch.truncated.reshaped(all), batch.executed);
  batch_view<T> lane;
  lane.series = batch.series;
  lane.reward = reward;
  lane.terminated = terminated;
  lane.truncated = truncated;
  lane.value = batch.value;
  lane.next_value = batch.next_value;
  return lane;
}

}  // namespace COHORT_NAMESPACE::detail
