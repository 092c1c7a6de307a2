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
set(python "${environment}/bin/python")
if(NOT EXISTS "${environment}/made")
  file(REMOVE_RECURSE "${environment}" "${BUILD}/module")
  execute_process(COMMAND "${PYTHON}" -m venv "${environment}" RESULT_VARIABLE failed)
  if(failed)
    skip("${PYTHON} makes no virtual environment (Debian, Ubuntu: python3-venv).")
    return()
  endif()
endif()
execute_process(COMMAND "${python}" -m pip install --quiet --disable-pip-version-check --retries 1 -r "${CMAKE_CURRENT_LIST_DIR}/requirements.txt" RESULT_VARIABLE failed)
if(failed)
  skip("the packages of tests/python/requirements.txt were not to be had for ${PYTHON}.")
  return()
endif()
file(TOUCH "${environment}/made")

# Not optimized: that is twice as fast to build, and its tests take seconds.
execute_process(COMMAND "${CMAKE_COMMAND}" -E env CMAKE_BUILD_PARALLEL_LEVEL=1 "SKBUILD_BUILD_DIR=${BUILD}/module"
  "CXX=${COMPILER}" "CMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}" "${python}" -m pip install --quiet
  --disable-pip-version-check --no-build-isolation --no-deps --no-index --force-reinstall
  --config-settings=cmake.define.CMAKE_CXX_FLAGS_RELEASE=-O0 "${ROOT}/backends/python" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" -E env PYTHONDONTWRITEBYTECODE=1 "${python}" -m pytest -q -p no:cacheprovider "${ROOT}/tests/python" COMMAND_ERROR_IS_FATAL ANY)
