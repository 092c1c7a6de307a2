# The environment of the tests in this folder.
include("${ROOT}/.cmake/python_environment.cmake")
python_environment("${PYTHON}" "${ENVIRONMENT}" "${CMAKE_CURRENT_LIST_DIR}/requirements.txt")
if(failed)
  message(FATAL_ERROR "${failed}")
endif()
