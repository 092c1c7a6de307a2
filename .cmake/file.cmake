# Files: checkpoints of runs and policies, and what models are stored in. A part of include/, and a component of the package.
add_library(cohort_file INTERFACE)
set_target_properties(cohort_file PROPERTIES EXPORT_NAME file)
target_link_libraries(cohort_file INTERFACE cohort nlohmann_json::nlohmann_json)
set(cohort_file_headers "cohort/(file/|checkpoint|deploy)")  # which are no part of the core

include(.cmake/find_file.cmake)
if(cohort_file_FOUND)
  add_library(cohort::file ALIAS cohort_file)
else()
  message(STATUS "Cohort: without the component file, since ${cohort_file_missing}")
endif()
