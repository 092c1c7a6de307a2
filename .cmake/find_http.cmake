# What the component http needs; read by the project's own build and by the installed package.
# Sets cohort_http_FOUND and, where it is false, the half sentence cohort_http_missing.
include("${CMAKE_CURRENT_LIST_DIR}/find_file.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/library.cmake")
cohort_library(httplib::httplib httplib httplib.h cpp-httplib)
set(cohort_http_FOUND FALSE)
if(NOT cohort_file_FOUND)
  set(cohort_http_missing "${cohort_file_missing}")
elseif(NOT TARGET httplib::httplib)
  set(cohort_http_missing "cpp-httplib was not found (Debian, Ubuntu: libcpp-httplib-dev; or set httplib_DIR)")
else()
  set(cohort_http_FOUND TRUE)
endif()
