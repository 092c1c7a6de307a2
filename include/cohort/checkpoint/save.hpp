#pragma once
#include <cohort/checkpoint/description.hpp>
#include <cohort/file/state_file.hpp>
#include <cohort/policy/policy_numbers.hpp>
#include <cohort/run/training.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

template <class Run>
inline constexpr bool is_run = false;
template <class B, class Rollout, class Update, class E, class Policy>
inline constexpr bool is_run<training<B, Rollout, Update, E, Policy>> = true;

/// What lies between two updates can be saved; what is under way is completed first.
template <class Saved>
void complete_step(Saved& saved) {
  if constexpr (is_run<Saved>) saved.complete_step();
}

/// A policy's numbers as a state.
template <class Policy>
struct policy_state {
  Policy& policy;
  void persist(auto const& f) const { persist_policy(policy, f); }
};

template <class Run>
file::json run_json(Run const& run) {
  auto const& r = run.report();
  file::json about{{"kind", "run"}, {"steps", r.steps}, {"updates", r.updates}, {"made_of", file::json::object()}};
  for (auto const& [part, name] : run.composition()) about["made_of"][part] = name;
  return about;
}

/// What is said of a policy or a run in its file.
template <class Saved>
file::json description_of(Saved& saved) {
  if constexpr (is_run<Saved>) {
    file::json about = run_json(saved);
    about["policy"] = policy_json(saved.policy());
    return about;
  } else {
    return {{"kind", "policy"}, {"policy", policy_json(saved)}};
  }
}
template <backend B, class Saved>
state_sources sources_of_saved(B& backend, Saved& saved) {
  if constexpr (is_run<Saved>) return sources_of(backend, saved);
  else {
    policy_state<Saved> numbers{saved};
    return sources_of(backend, numbers);
  }
}

}  // namespace detail

/// Writes a policy, or a run with all that it keeps, to a file; `load` reads it. The file appears under its name when
/// it is whole, and what stood there stays until then. A step of a run that is under way (step_for) is completed first.
/// Raises io_error, naming the file and the system's reason, and value_error for a part of a run that does not list its
/// state (docs/runs.md).
///
///     save(cpu, policy, "cart_pole.cohort");
template <backend B, class Saved>
void save(B& backend, Saved& saved, std::filesystem::path const& path, file::write_options const& o = {}) {
  detail::complete_step(saved);
  file::write_state(path, detail::description_of(saved), detail::sources_of_saved(backend, saved), o);
}

/// The bytes of that file, in memory.
template <backend B, class Saved>
std::vector<std::byte> saved_bytes(B& backend, Saved& saved) {
  detail::complete_step(saved);
  return file::state_bytes(detail::description_of(saved), detail::sources_of_saved(backend, saved));
}

}  // namespace COHORT_NAMESPACE
