# Writes LIST, a file for CTest with one test for each test case of PROGRAM. Catch2's own catch_discover_tests does this too, but
# the one of version 2 cuts names at a semicolon, and test cases here are named by sentences. SKIP, if given, is what PROGRAM returns
# where a test cannot be run.
if(CATCH VERSION_LESS 3)
  set(listing --list-test-names-only "~[.]")  # without the hidden ones, which version 2 lists
else()
  set(listing --list-tests --verbosity quiet)
endif()
execute_process(COMMAND "${PROGRAM}" ${listing} OUTPUT_VARIABLE names ERROR_VARIABLE errors RESULT_VARIABLE result)
if(NOT names OR NOT result MATCHES "^[0-9]+$")  # version 2 exits with the number of its tests
  message(FATAL_ERROR "${PROGRAM} lists no tests (${result}):\n${names}${errors}")
endif()

# No list holds the names: a semicolon or a bracket in one would split or join them.
set(script "")
set(properties "LABELS [==[${NAME}]==]")
if(NOT "${SKIP}" STREQUAL "")
  string(APPEND properties " SKIP_RETURN_CODE ${SKIP}")
endif()
while(names MATCHES "^([^\n]*)\n(.*)$")
  set(names "${CMAKE_MATCH_2}")
  string(STRIP "${CMAKE_MATCH_1}" test)
  if(test STREQUAL "")
    continue()
  endif()
  string(REGEX REPLACE "([][,\\])" "\\\\\\1" pattern "${test}")  # what Catch2 reads as syntax
  string(APPEND script "add_test([==[${NAME}/${test}]==] [==[${PROGRAM}]==] [==[${pattern}]==])\n"
    "set_tests_properties([==[${NAME}/${test}]==] PROPERTIES ${properties})\n")
endwhile()
file(WRITE "${LIST}" "${script}")
