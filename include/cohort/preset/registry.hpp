#pragma once
#include <cohort/describe/names.hpp>
#include <cohort/preset/a2c.hpp>
#include <cohort/preset/best_of_group.hpp>
#include <cohort/preset/cispo.hpp>
#include <cohort/preset/clip_cov.hpp>
#include <cohort/preset/dapo.hpp>
#include <cohort/preset/deepseek_r1.hpp>
#include <cohort/preset/deepseek_v3_2.hpp>
#include <cohort/preset/dpo.hpp>
#include <cohort/preset/dppo.hpp>
#include <cohort/preset/dr_grpo.hpp>
#include <cohort/preset/dro.hpp>
#include <cohort/preset/gdpo.hpp>
#include <cohort/preset/gigpo.hpp>
#include <cohort/preset/gmpo.hpp>
#include <cohort/preset/gpg.hpp>
#include <cohort/preset/grpo.hpp>
#include <cohort/preset/gspo.hpp>
#include <cohort/preset/high_entropy.hpp>
#include <cohort/preset/hybrid_grpo.hpp>
#include <cohort/preset/intellect_2.hpp>
#include <cohort/preset/kl_cov.hpp>
#include <cohort/preset/lite_ppo.hpp>
#include <cohort/preset/luspo.hpp>
#include <cohort/preset/max_rl.hpp>
#include <cohort/preset/online_rft.hpp>
#include <cohort/preset/opo.hpp>
#include <cohort/preset/pf_ppo.hpp>
#include <cohort/preset/pkpo.hpp>
#include <cohort/preset/ppo.hpp>
#include <cohort/preset/reinforce_plus_plus.hpp>
#include <cohort/preset/remax.hpp>
#include <cohort/preset/rloo.hpp>
#include <cohort/preset/sane2025.hpp>
#include <cohort/preset/sapo.hpp>
#include <cohort/preset/scale_rl.hpp>
#include <cohort/preset/sft.hpp>
#include <cohort/preset/tic_grpo.hpp>
#include <cohort/preset/tis.hpp>
#include <cohort/preset/trpo.hpp>
#include <cohort/preset/vapo.hpp>
#include <cohort/preset/vespo.hpp>
#include <cohort/preset/vine_ppo.hpp>
#include <cohort/run/text.hpp>
#include <tuple>

// All named algorithms, by name. A program that knows which one it wants includes that family's header and calls
// preset::grpo_outcome().

namespace COHORT_NAMESPACE::preset {

/// Every preset, in the order of docs/presets.md.
// clang-format off
inline constexpr std::tuple all{
    ppo, ppo_atari, ppo_37, ppo_kl, a2c, trpo, vapo, pf_ppo, grpo_outcome, grpo_process, deepseek_r1, dr_grpo, dapo,
    lite_ppo, intellect_2, deepseek_v3_2, gdpo, gspo, luspo, gmpo, cispo, scale_rl, sapo, vespo, tic_grpo, dppo_tv,
    dppo_kl, dro, rloo, reinforce_plus_plus, reinforce_plus_plus_baseline, remax, opo, gpg, max_rl, pkpo,
    best_of_group, clip_cov, kl_cov, high_entropy, tis, hybrid_grpo, sane2025_paper, sane2025_first_pull_request,
    sane2025_pull_request, sane2025_second_pass, sane2025_fork, sane2025_fork_mean_target, sane2025_fork_positive,
    sane2025_fork_centered, vine_ppo, gigpo, sft, online_rft, dpo};
// clang-format on

/// f(preset) for each: preset.from says where it is from, preset() is the algorithm. Each is a type of its own, so f is
/// compiled for each.
template <class F>
void each(F f) {
  std::apply([&](auto const&... p) { (f(p), ...); }, all);
}

inline constexpr auto name_of = [](auto const& p) { return p.from.name; };
inline std::vector<std::string> names() { return detail::names_of(all, name_of); }

/// f(preset) for the one of this name:
///
///     preset::with_preset("dapo", [&](auto const& p) {
///       if constexpr (requires { p().rollout.prompts; }) train(cpu, p(), task, model, options);
///     });
///
/// f is compiled for all of them, and train for those that f trains; a program that only trains has `make` for it
/// (preset/make.hpp). "grpo" is grpo_outcome. Raises value_error naming the nearest names where there is none of this
/// one.
template <class F>
void with_preset(std::string_view name, F f) {
  if (name == "grpo") name = grpo_outcome.from.name;
  detail::with_named(all, name_of, "preset", "algorithm", name, f);
}

/// What a preset is, for a reader: where it is from, its parts with their formulas, what is certain and what is not.
template <class Preset>
  requires requires(Preset p) { p.from; }
std::string described(Preset const& p) {
  return std::string(p.from.name) + ": " + p.from.paper + "\n\n" + explained(p()) + "\ncertain: " + p.from.certain +
         "\nopen:    " + p.from.open + "\n";
}
template <class Name>  // a template, so that who includes this and does not call it does not compile all presets
  requires std::convertible_to<Name, std::string_view>
std::string described(Name const& name) {
  std::string result;
  with_preset(name, [&](auto const& p) { result = described(p); });
  return result;
}

}  // namespace COHORT_NAMESPACE::preset
