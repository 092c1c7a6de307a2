# What the component http needs; read by the project's own build and by the installed package.
# Sets cohort_http_FOUND and, where it is false, the half sentence cohort_http_missing.
include("${CMAKE_CURRENT_LIST_DIR}/find_file.cmake")
find_package(Threads QUIET)
find_package(httplib QUIET CONFIG)
if(NOT TARGET httplib::httplib)  # which Debian has without CMake files
  find_path(cohort_httplib_include httplib.h NO_CACHE)
  find_library(cohort_httplib_library cpp-httplib NO_CACHE)
  if(cohort_httplib_include AND cohort_httplib_library AND TARGET Threads::Threads)
    add_library(httplib::httplib UNKNOWN IMPORTED)
    set_target_properties(httplib::httplib PROPERTIES IMPORTED_LOCATION "${cohort_httplib_library}" INTERFACE_INCLUDE_DIRECTORIES "${cohort_httplib_include}"
      INTERFACE_LINK_LIBRARIES Threads::Threads)
  endif()
endif()
set(cohort_http_FOUND FALSE)
if(NOT cohort_file_FOUND)
  set(cohort_http_missing "${cohort_file_missing}")
elseif(NOT TARGET httplib::httplib)
  set(cohort_http_missing "cpp-httplib was not found (Debian, Ubuntu: libcpp-httplib-dev; or set httplib_DIR)")
else()
  set(cohort_http_FOUND TRUE)
endif()
