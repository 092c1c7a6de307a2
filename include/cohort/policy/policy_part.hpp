#pragma once

namespace cohort {

/// What of a policy a pass is about.
enum class policy_part { all, actor, critic };

}  // namespace cohort
