#pragma once
#include <cohort/advantage/group_relative.hpp>

// verl's estimators of groups.
namespace verl {

inline cohort::group_relative const centered{.scale = cohort::group_scale::none, .single = cohort::group_of_one::raw};
inline cohort::group_relative const rloo{.baseline = cohort::group_baseline::leave_one_out,
                                         .scale = cohort::group_scale::none,
                                         .single = cohort::group_of_one::raw};
inline cohort::group_relative const rloo_vectorized{.baseline = cohort::group_baseline::leave_one_out,
                                                    .scale = cohort::group_scale::none};

}  // namespace verl
