# Chooses the compiler for the CMake presets (as a toolchain file, so before CMake looks for one itself).
#
# A current clang makes Eigen's products 1.4 times as fast as g++ 12 does, so it is taken where there is one.
# CXX and -DCMAKE_CXX_COMPILER win over this; where no clang of these versions is installed, CMake takes its default.
if(NOT DEFINED CMAKE_CXX_COMPILER AND NOT DEFINED ENV{CXX})
  find_program(cohort_clang NAMES clang++-19 clang++-18 clang++-17 NO_CACHE)
  if(NOT cohort_clang)  # distributions that install a single clang call it just clang++
    find_program(cohort_clang NAMES clang++ NO_CACHE)
    if(cohort_clang)
      execute_process(COMMAND "${cohort_clang}" -dumpversion OUTPUT_VARIABLE cohort_clang_version OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
      if(NOT cohort_clang_version VERSION_GREATER_EQUAL 17)
        unset(cohort_clang)
      endif()
    endif()
  endif()
  if(cohort_clang)
    set(CMAKE_CXX_COMPILER "${cohort_clang}")
  endif()
endif()
