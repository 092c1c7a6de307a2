# Language models' files and rewards that need more than the standard library: a part of include/, and a component of the package.
add_library(cohort_language INTERFACE)
set_target_properties(cohort_language PROPERTIES EXPORT_NAME language)
target_link_libraries(cohort_language INTERFACE cohort_file re2::re2)
set(cohort_language_headers "cohort/language/(files/|reward/format)")  # which is no part of the core

include(.cmake/find_language.cmake)
if(cohort_language_FOUND)
  add_library(cohort::language ALIAS cohort_language)
else()
  message(STATUS "Cohort: without the component language, since ${cohort_language_missing}")
endif()
