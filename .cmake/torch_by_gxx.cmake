# Where the compiler cannot read an old LibTorch and g++ can, the parts that need it are built by g++ in a folder of
# their own, by half of the cores, since the other parts are built meanwhile; its tests are one test here.
if(cohort_torch_FOUND OR NOT TARGET torch OR NOT COHORT_TESTS)
  return()
endif()
find_program(COHORT_GXX g++)
if(NOT COHORT_GXX)
  return()
endif()
include(ExternalProject)
cmake_host_system_information(RESULT jobs QUERY NUMBER_OF_LOGICAL_CORES)
math(EXPR jobs "(${jobs} + 1) / 2")
ExternalProject_Add(torch_by_gxx
  SOURCE_DIR "${PROJECT_SOURCE_DIR}"
  BINARY_DIR "${PROJECT_BINARY_DIR}/torch"
  CMAKE_ARGS "-DCMAKE_CXX_COMPILER=${COHORT_GXX}" "-DCMAKE_CXX_FLAGS=-march=native" "-DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE}"
    "-DCMAKE_CXX_FLAGS_QUICK=${CMAKE_CXX_FLAGS_QUICK}" "-DTorch_DIR=${Torch_DIR}" -DCOHORT_ONLY_TORCH=ON
    -DCOHORT_INSTALL=OFF -DCOHORT_BENCH=OFF
  BUILD_COMMAND "${CMAKE_COMMAND}" --build <BINARY_DIR> --parallel ${jobs}
  INSTALL_COMMAND ""
  BUILD_ALWAYS ON)
add_test(NAME torch/by_gxx COMMAND "${CMAKE_CTEST_COMMAND}" --test-dir "${PROJECT_BINARY_DIR}/torch" --output-on-failure --no-tests=error -j 2)
set_tests_properties(torch/by_gxx PROPERTIES LABELS torch PROCESSORS 2)
