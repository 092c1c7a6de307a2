# What the component file needs; read by the project's own build and by the installed package.
# Sets cohort_file_FOUND and, where it is false, the half sentence cohort_file_missing.
find_package(nlohmann_json QUIET CONFIG)
set(cohort_file_FOUND FALSE)
if(TARGET nlohmann_json::nlohmann_json)
  set(cohort_file_FOUND TRUE)
else()
  set(cohort_file_missing "nlohmann-json was not found (Debian, Ubuntu: nlohmann-json3-dev; or set nlohmann_json_DIR)")
endif()
