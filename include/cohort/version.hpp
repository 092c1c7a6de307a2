// cohort/version.hpp: the one place that says which version this is; CMake reads it from here.
#pragma once

#define COHORT_VERSION_MAJOR 0
#define COHORT_VERSION_MINOR 2
#define COHORT_VERSION_PATCH 0

// COHORT_VERSION is the three as a text, "1.2.3".
#define COHORT_VERSION_AS_IT_IS(major, minor, patch) #major "." #minor "." #patch
#define COHORT_VERSION_TEXT(major, minor, patch) COHORT_VERSION_AS_IT_IS(major, minor, patch)
#define COHORT_VERSION COHORT_VERSION_TEXT(COHORT_VERSION_MAJOR, COHORT_VERSION_MINOR, COHORT_VERSION_PATCH)
