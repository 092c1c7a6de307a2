#pragma once
// Every optimizer.
#include <cohort/optimizer/adam.hpp>
#include <cohort/optimizer/adam_8bit.hpp>
#include <cohort/optimizer/adamw.hpp>
#include <cohort/optimizer/conjugate_gradients.hpp>
#include <cohort/optimizer/gradient_norm.hpp>
#include <cohort/optimizer/lion.hpp>
#include <cohort/optimizer/muon.hpp>
#include <cohort/optimizer/rmsprop.hpp>
#include <cohort/optimizer/sgd.hpp>
#include <tuple>

namespace COHORT_NAMESPACE::catalogue {

/// With a rate that is a number.
using optimizers = std::tuple<adam, adamw, sgd, rmsprop, lion, muon<>, adam_8bit>;

}  // namespace COHORT_NAMESPACE::catalogue
