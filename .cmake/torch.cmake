# The LibTorch backend.
add_library(cohort_torch INTERFACE)
set_target_properties(cohort_torch PROPERTIES EXPORT_NAME torch)
target_include_directories(cohort_torch INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/backends/torch>")
include(.cmake/find_torch.cmake)
target_link_libraries(cohort_torch INTERFACE cohort torch "$<TARGET_NAME_IF_EXISTS:torch_library>")

if(cohort_torch_FOUND)
  add_library(cohort::torch ALIAS cohort_torch)
else()
  message(STATUS "Cohort: without the LibTorch backend, since ${cohort_torch_missing}")
endif()
