# With CONTROL the FILES must compile, so that each fails for the reason that it is about. They are one unit, UNIT, since
# what they instantiate alike is then compiled once. Otherwise as .cmake/compile_fail.cmake.
string(REPLACE "|" ";" INCLUDES "${INCLUDES}")
string(REPLACE "|" ";" FILES "${FILES}")
list(REMOVE_DUPLICATES INCLUDES)
list(TRANSFORM INCLUDES PREPEND "-I")
include("${CMAKE_CURRENT_LIST_DIR}/../../.cmake/write_together.cmake")
execute_process(COMMAND "${COMPILER}" -std=c++20 -fsyntax-only -Wno-ignored-attributes -DCONTROL ${INCLUDES} "-I${ROOT}" "${UNIT}"
  -include "${PRECOMPILED}" COMMAND_ERROR_IS_FATAL ANY)
