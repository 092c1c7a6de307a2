# What the component language needs; read by the project's own build and by the installed package.
# Sets cohort_language_FOUND and, where it is false, the half sentence cohort_language_missing.
include("${CMAKE_CURRENT_LIST_DIR}/find_file.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/library.cmake")
cohort_library(re2::re2 re2 re2/re2.h re2)
cohort_library(PCRE2::8BIT PCRE2 pcre2.h pcre2-8 COMPONENTS 8BIT)
cohort_library(utf8proc::utf8proc utf8proc utf8proc.h utf8proc)

set(cohort_language_FOUND FALSE)
if(NOT cohort_file_FOUND)
  set(cohort_language_missing "${cohort_file_missing}")
elseif(NOT TARGET re2::re2)
  set(cohort_language_missing "RE2 was not found (Debian, Ubuntu: libre2-dev; or set re2_DIR)")
elseif(NOT TARGET PCRE2::8BIT OR NOT TARGET utf8proc::utf8proc)
  set(cohort_language_missing "PCRE2 or utf8proc was not found (Debian, Ubuntu: libpcre2-dev, libutf8proc-dev; or set PCRE2_DIR, utf8proc_DIR)")
else()
  set(cohort_language_FOUND TRUE)
endif()
