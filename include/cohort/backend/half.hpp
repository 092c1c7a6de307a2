#pragma once
#include <cohort/backend/half.hpp>

namespace COHORT_NAMESPACE {

using COHORT_NAMESPACE::from_bfloat16;
using COHORT_NAMESPACE::from_half;

}  // namespace COHORT_NAMESPACE
