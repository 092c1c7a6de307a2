#pragma once
#include <cohort/advantage/normalize.hpp>
#include <cohort/aggregation/means.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/expression.hpp>
#include <optional>

namespace COHORT_NAMESPACE::preset::as_in {

/// What a library does by default, a sentence a rule. Each convention is a struct with these as `rules` and the same as
/// components: `advantage()`, `normalize()` of the advantages (or nothing), `ratio()` (the policy's term), `kl()` with
/// `kl_weight` and `kl_at` where there is one, `mean()`, `loss()` (of the policy, with a KL that is part of it) and
/// `objective()` (with the terms of value and entropy as well); `kl_to_sampler` where that KL is to what sampled and
/// not to a reference, `leaves_out_zero_advantages` where steps without an advantage count as not valid, and `update()`
/// for whole updates, of some. `loss(weight)`, or `advantage(weight)` where the KL is taken from advantages, has the KL
/// with that weight.
struct rules_in_words {
  char const* name;
  char const* library;  ///< with its version, and the algorithm whose defaults these are
  char const* advantage;
  char const* normalization;
  char const* ratio;
  char const* kl;
  char const* mean;
  char const* source;  ///< what the test compares with
};

/// Where a library's KL stands, as its defaults have it: nowhere, in the loss, or taken from advantages.
enum class kl_place { none, loss, advantage };

}  // namespace COHORT_NAMESPACE::preset::as_in
