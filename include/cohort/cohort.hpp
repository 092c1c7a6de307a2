#pragma once
// The core, and what is of controllers. Beside it stand cohort/language.hpp (language models), cohort/presets.hpp
// (algorithms by the names of their papers) and the backends, each included by itself: cohort/backend/eigen.hpp.
#include <cohort/compiler.hpp>  // first: it says where the compiler is too old
//
#include <cohort/advantage/all.hpp>
#include <cohort/aggregation/all.hpp>
#include <cohort/backend/saved_state.hpp>
#include <cohort/environment/all.hpp>
#include <cohort/error.hpp>
#include <cohort/hook/csv_log.hpp>
#include <cohort/hook/diagnosis.hpp>
#include <cohort/hook/early_stop.hpp>
#include <cohort/hook/evaluation.hpp>
#include <cohort/hook/json_lines.hpp>
#include <cohort/hook/moving_average.hpp>
#include <cohort/hook/progress_bar.hpp>
#include <cohort/hook/stop_on_signal.hpp>
#include <cohort/kl/all.hpp>
#include <cohort/network/all.hpp>
#include <cohort/objective/all.hpp>
#include <cohort/objective/differentiate.hpp>
#include <cohort/objective/differentiate_pairs.hpp>
#include <cohort/objective/expression.hpp>
#include <cohort/objective/text.hpp>
#include <cohort/optimizer/all.hpp>
#include <cohort/policy/actor.hpp>
#include <cohort/policy/actor_critic.hpp>
#include <cohort/policy/controller.hpp>
#include <cohort/rollout/all.hpp>
#include <cohort/run/algorithm.hpp>
#include <cohort/run/evaluate.hpp>
#include <cohort/run/imitate.hpp>
#include <cohort/run/text.hpp>
#include <cohort/run/train.hpp>
#include <cohort/sampler/all.hpp>
#include <cohort/scalar/dependency.hpp>
#include <cohort/scalar/dual.hpp>
#include <cohort/scalar/real.hpp>
#include <cohort/schedule/all.hpp>
#include <cohort/selection/all.hpp>
#include <cohort/update/all.hpp>
#include <cohort/version.hpp>
