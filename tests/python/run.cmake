# What the test `python` does: a virtual environment, the packages of requirements.txt, the module, its tests. All of it stays in BUILD, so that a second run compiles
# only what has changed.
function(skip why)
  message("SKIPPED: ${why}")
endfunction()

if(NOT FOUND)
  skip("there is no Python 3.9 or newer with its headers here (Debian, Ubuntu: python3-dev).")
  return()
endif()

set(environment "${BUILD}/environment")
if(NOT EXISTS "${environment}/made")
  file(REMOVE_RECURSE "${BUILD}/module")
endif()
include("${ROOT}/.cmake/python_environment.cmake")
python_environment("${PYTHON}" "${environment}" "${CMAKE_CURRENT_LIST_DIR}/requirements.txt")
if(failed)
  skip("${failed}")
  return()
endif()

# Not optimized, and several files at once: that is four times as fast to build, and its tests take seconds.
execute_process(COMMAND "${CMAKE_COMMAND}" -E env CMAKE_BUILD_PARALLEL_LEVEL=1 "SKBUILD_BUILD_DIR=${BUILD}/module"
  "CXX=${COMPILER}" "CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}" "${python}" -m pip install --quiet
  --disable-pip-version-check --no-build-isolation --no-deps --no-index --force-reinstall
  --config-settings=cmake.define.CMAKE_CXX_FLAGS_RELEASE=-O0 --config-settings=cmake.define.CMAKE_UNITY_BUILD=ON
  "${ROOT}/backends/python" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" -E env PYTHONDONTWRITEBYTECODE=1 "${python}" -m pytest -q -p no:cacheprovider "${ROOT}/tests/python" COMMAND_ERROR_IS_FATAL ANY)
