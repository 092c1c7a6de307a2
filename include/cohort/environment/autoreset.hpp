#pragma once
#include <cohort/compiler.hpp>

namespace COHORT_NAMESPACE {

/// When the episode after the last one of a lane begins, as Gymnasium's AutoresetMode names it:
///
///     disabled     when the lane is reset
///     same_step    in the step that ends the last one, which shows both the final observation and the new first one
///     next_step    in the lane's next step: it ignores its action, gives reward 0 and the first observation, and ends
///                  nothing. It is no step of a policy
enum class autoreset { next_step, same_step, disabled };

}  // namespace COHORT_NAMESPACE
