// cohort/version.hpp: the one place that says which version this is; CMake reads it from here.
#pragma once

#define COHORT_VERSION_MAJOR 0
#define COHORT_VERSION_MINOR 2
#define COHORT_VERSION_PATCH 0
