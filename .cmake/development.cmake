# What Cohort's own tests, benchmarks and examples share. Nothing here reaches a user.
set(CMAKE_CXX_EXTENSIONS OFF)

# psabi: how vectors wider than the target's registers are passed changes nothing inside one program.
add_library(cohort_warnings INTERFACE)
target_compile_options(cohort_warnings INTERFACE -Wall -Wextra -Wpedantic -Wno-psabi
  $<$<CXX_COMPILER_ID:GNU>:-Wno-ignored-attributes> $<$<BOOL:${COHORT_WARNINGS_AS_ERRORS}>:-Werror>)
