#pragma once
// Every environment and wrapper.
#include <cohort/environment/classic_control/acrobot.hpp>
#include <cohort/environment/classic_control/cart_pole.hpp>
#include <cohort/environment/classic_control/continuous_mountain_car.hpp>
#include <cohort/environment/classic_control/mountain_car.hpp>
#include <cohort/environment/classic_control/pendulum.hpp>
#include <cohort/environment/concept.hpp>
#include <cohort/environment/diagnostic/bandit.hpp>
#include <cohort/environment/diagnostic/chain.hpp>
#include <cohort/environment/diagnostic/frozen_lake.hpp>
#include <cohort/environment/diagnostic/linear_quadratic.hpp>
#include <cohort/environment/diagnostic/recall.hpp>
#include <cohort/environment/environment_run.hpp>
#include <cohort/environment/vector_environment.hpp>
#include <cohort/environment/wrappers.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// Classic control, and what tells one fault of an algorithm from another.
using environments =
    std::tuple<classic_control::cart_pole, classic_control::mountain_car, classic_control::continuous_mountain_car,
               classic_control::acrobot, classic_control::pendulum, diagnostic::chain, diagnostic::bandit<2>,
               diagnostic::frozen_lake<4>, diagnostic::linear_quadratic, diagnostic::recall>;

}  // namespace COHORT_NAMESPACE::catalogue
