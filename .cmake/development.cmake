# What Cohort's own tests, benchmarks and examples share. Nothing here reaches a user.
set(CMAKE_CXX_EXTENSIONS OFF)

# psabi: how vectors wider than the target's registers are passed changes nothing inside one program.
# restrict, stringop-overflow: g++ 12 reports them inside std::string, wrongly (its bugs 105329 and 105651).
add_library(cohort_warnings INTERFACE)
target_compile_options(cohort_warnings INTERFACE -Wall -Wextra -Wpedantic -Wno-psabi
  $<$<CXX_COMPILER_ID:GNU>:-Wno-ignored-attributes>
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict$<SEMICOLON>-Wno-stringop-overflow>
  $<$<BOOL:${COHORT_WARNINGS_AS_ERRORS}>:-Werror>)
