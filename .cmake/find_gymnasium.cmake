# What the component gymnasium needs; read by the project's own build and by the installed package.
# Sets cohort_gymnasium_FOUND and, where it is false, the half sentence cohort_gymnasium_missing.
find_package(Python 3.10 QUIET COMPONENTS Interpreter Development.Embed)
set(PYBIND11_NOPYTHON ON)  # its headers alone: it would look for another Python
find_package(pybind11 2.10 QUIET CONFIG)
unset(PYBIND11_NOPYTHON)
set(cohort_gymnasium_FOUND FALSE)
if(NOT TARGET Python::Python)
  set(cohort_gymnasium_missing "a Python to embed was not found (Debian, Ubuntu: python3-dev; or set Python_EXECUTABLE)")
elseif(NOT TARGET pybind11::headers)
  set(cohort_gymnasium_missing "pybind11 2.10 or newer was not found (Debian, Ubuntu: pybind11-dev; or set pybind11_DIR)")
else()
  set(cohort_gymnasium_FOUND TRUE)
endif()
