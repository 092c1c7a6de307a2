# cmake -DBASH=... -DSCRIPT=bench/device.sh -DBUILD=FOLDER -DFOLDER=FOLDER -P driver.cmake: packs programs for a device
# that the host plays, runs them, and then others that fail, and looks at what device.sh says and writes. (The
# conformance suite is a test of its own.)
file(REMOVE_RECURSE "${FOLDER}")
set(packed "${FOLDER}/packed")

# expect(STATUS PATTERN ARGUMENT...): that device.sh ends so and says that.
function(expect status pattern)
  execute_process(COMMAND "${BASH}" ${ARGN} RESULT_VARIABLE found OUTPUT_VARIABLE text ERROR_VARIABLE errors)
  if(NOT found EQUAL status OR NOT "${text}${errors}" MATCHES "${pattern}")
    message(FATAL_ERROR "${ARGN}\nended with ${found}, expected ${status}; it said\n${text}${errors}"
      "and was expected to say ${pattern}")
  endif()
endfunction()

# expect_part(NAME STATUS PATTERN [RESULTS]): that device.json says so of a part, in a message like that, with so many
# results or more.
function(expect_part name status pattern)
  file(READ "${packed}/device.json" json)
  string(JSON count LENGTH "${json}" parts)
  foreach(i RANGE 1 ${count})
    math(EXPR i "${i} - 1")
    string(JSON part GET "${json}" parts ${i} part)
    if(part STREQUAL name)
      string(JSON found GET "${json}" parts ${i} status)
      string(JSON message GET "${json}" parts ${i} message)
      string(JSON results LENGTH "${json}" parts ${i} results)
      if(NOT found STREQUAL status OR NOT message MATCHES "${pattern}" OR results LESS "0${ARGN}")
        message(FATAL_ERROR "${name} is ${found} (${message}) with ${results} results, expected ${status} (${pattern}) "
          "with ${ARGN}")
      endif()
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "device.json has no part ${name}:\n${json}")
endfunction()

function(program name text)
  file(WRITE "${packed}/device/${name}" "#!/usr/bin/env bash\n${text}")
  file(CHMOD "${packed}/device/${name}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endfunction()

expect(2 "nothing was asked for" "${SCRIPT}")
expect(2 "no command pick" "${SCRIPT}" pick "${packed}")
expect(2 "pack needs a FOLDER" "${SCRIPT}" pack)
expect(2 "pack has no option --small" "${SCRIPT}" pack --small "${packed}")
expect(2 "two folders, a and b" "${SCRIPT}" run a b)
expect(2 "was not packed" "${SCRIPT}" run "${FOLDER}")
expect(2 "has no program bench/device/emulated" "${SCRIPT}" pack --emulated --built "${FOLDER}" "${packed}")

expect(0 "device: emulated.*size: " "${SCRIPT}" pack --emulated --built "${BUILD}" "${packed}")
expect(2 "not empty" "${SCRIPT}" pack --emulated --built "${BUILD}" "${packed}")
set(here "${packed}/device.sh")
expect(2 "no part copies; the parts are" "${here}" run --only copies "${packed}")
expect(2 "a packed folder packs nothing" "${here}" pack "${FOLDER}/other")

set(lists [[if [ "$1" = --list-test-names-only ]; then printf '%s\n' 'one, [a]' 'two: "quoted" \'; exit 2; fi
]])
program(device_conformance "${lists}")
expect(0 "Adam [^\n]*parameters.* 0 failed" "${here}" run "${packed}")
foreach(part IN ITEMS copy:2 cublas:3 objective:2 gae:3 sampling:3 adam:2 cart_pole_speed:2 cart_pole_time:2
        generate:1 train:1 grpo:1)
  string(REPLACE ":" ";" part "${part}")
  list(GET part 0 name)
  list(GET part 1 results)
  expect_part(${name} passed "^$" ${results})
endforeach()
expect_part("conformance one, [a]" passed "^$")
foreach(name IN ITEMS machine "cuBLAS in TF32" "cuBLAS in bfloat16" "nvidia-smi before" "nvidia-smi after")
  expect_part("${name}" skipped "host")
endforeach()

program(device_conformance "${lists}case $1 in
  one*) echo \"$1: cudaErrorIllegalAddress, waited for: $CUDA_LAUNCH_BLOCKING\" >&2; exit 1 ;;
esac\n")
program(device_bench [[case $* in
  *gae)
    echo '{"what": "GAE", "size": "1", "value": 2, "unit": "steps/s"}'
    printf 'a "quoted" \\ sentence \303\244\n' >&2
    exit 1
    ;;
  *objective) kill -SEGV $$ ;;
  *adam) echo '{"what": "cut o' ;;
esac
]])
expect(1 "failed: gae: exit status 1: a \"quoted\"[^\n]*sentence"
  "${here}" run --only conformance,objective,gae,adam "${packed}")
expect_part(gae failed "exit status 1: a \"quoted\"" 1)
expect_part(objective failed "exit status 139")
expect_part(adam failed "printed no result")
expect_part(sampling skipped "was not asked for")
expect_part("conformance one, [a]" failed [[one\\, \\\[a\\\]: cudaErrorIllegalAddress, waited for:$]])
expect_part("conformance one, [a], waiting for each kernel" failed "waited for: 1")

program(device_conformance "echo 'libcublas.so.13: cannot open' >&2; exit 127\n")
expect(1 "failed: conformance: exit status 127: libcublas.so.13" "${here}" run --only conformance "${packed}")
program(device_conformance "exit 0\n")
expect(1 "failed: conformance: the program lists no test cases" "${here}" run --only conformance "${packed}")
file(REMOVE_RECURSE "${FOLDER}")
