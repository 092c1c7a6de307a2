# CMake optimizes nothing where nobody says so.
get_property(cohort_has_configurations GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT cohort_has_configurations AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CXX_FLAGS MATCHES "-O[1-3sz]")
  message(STATUS "Cohort: CMAKE_BUILD_TYPE is not set, so programs are not optimized and a hundred times slower: -DCMAKE_BUILD_TYPE=Release")
endif()
