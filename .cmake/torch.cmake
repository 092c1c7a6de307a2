# The LibTorch backend.
add_library(cohort_torch INTERFACE)
set_target_properties(cohort_torch PROPERTIES EXPORT_NAME torch)
target_include_directories(cohort_torch ${COHORT_SYSTEM} INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/backends/torch>")
if(COHORT_TORCH)
  include(.cmake/find_torch.cmake)
else()
  set(cohort_torch_FOUND FALSE)
  set(cohort_torch_missing "COHORT_TORCH is off")
endif()
target_link_libraries(cohort_torch INTERFACE cohort torch "$<TARGET_NAME_IF_EXISTS:torch_library>")

# Cohort's own build makes such an old LibTorch readable to clang.
if(PROJECT_IS_TOP_LEVEL AND cohort_torch_needs_gxx AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(cohort_torch INTERFACE
    "$<BUILD_INTERFACE:SHELL:-include ${PROJECT_SOURCE_DIR}/tests/support/vector_of_incomplete_type.hpp>")
  set(cohort_torch_FOUND TRUE)
endif()

if(cohort_torch_FOUND)
  add_library(cohort::torch ALIAS cohort_torch)
else()
  message(STATUS "Cohort: without the LibTorch backend, since ${cohort_torch_missing}")
endif()
