# What the component language needs; read by the project's own build and by the installed package.
# Sets cohort_language_FOUND and, where it is false, the half sentence cohort_language_missing.
include("${CMAKE_CURRENT_LIST_DIR}/find_file.cmake")
find_package(re2 QUIET CONFIG)
if(NOT TARGET re2::re2)  # before RE2 had CMake files, as in Debian 12
  find_package(Threads QUIET)
  find_path(cohort_re2_include re2/re2.h NO_CACHE)
  find_library(cohort_re2_library re2 NO_CACHE)
  if(cohort_re2_include AND cohort_re2_library AND TARGET Threads::Threads)
    add_library(re2::re2 UNKNOWN IMPORTED)
    set_target_properties(re2::re2 PROPERTIES IMPORTED_LOCATION "${cohort_re2_library}" INTERFACE_INCLUDE_DIRECTORIES "${cohort_re2_include}"
      INTERFACE_LINK_LIBRARIES Threads::Threads)
  endif()
endif()

set(cohort_language_FOUND FALSE)
if(NOT cohort_file_FOUND)
  set(cohort_language_missing "${cohort_file_missing}")
elseif(NOT TARGET re2::re2)
  set(cohort_language_missing "RE2 was not found (Debian, Ubuntu: libre2-dev; or set re2_DIR)")
else()
  set(cohort_language_FOUND TRUE)
endif()
