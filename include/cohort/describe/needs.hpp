#pragma once

/// What a component reads, as bits. A selection or an estimator says it in a member, `static constexpr unsigned reads =
/// needs::old_logp | needs::advantage;`; of an objective it is found by evaluating it.
namespace cohort::needs {

/// The terms of a step, in the order of their declaration in step_terms.
inline constexpr unsigned sampler_logp = 1, old_logp = 2, logp = 4, ref_logp = 8, advantage = 16, entropy = 32,
                          value = 64, old_value = 128, target = 256, kl = 512, old_kl = 1024;
inline constexpr unsigned differentiable = logp | entropy | value | kl | old_kl, everything = 2047,
                          reference = ref_logp | kl;  ///< `train` keeps a reference policy for these

/// What an estimator may read beside rewards, values and terms.
inline constexpr unsigned anchor = 1 << 16;  ///< `train` numbers equal observations
inline constexpr unsigned scores = 1 << 17;  ///< in the place of reward

}  // namespace cohort::needs
