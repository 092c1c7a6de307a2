# What Cohort's own tests, benchmarks and examples share. Nothing here reaches a user.
set(CMAKE_CXX_EXTENSIONS OFF)

# psabi: how vectors wider than the target's registers are passed changes nothing inside one program.
# restrict, stringop-overflow: g++ 12 reports them inside std::string, wrongly (its bugs 105329 and 105651).
add_library(cohort_warnings INTERFACE)
target_compile_options(cohort_warnings INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wno-psabi>" "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra>"
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-ignored-attributes>
  $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict$<SEMICOLON>-Wno-stringop-overflow>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${COHORT_WARNINGS_AS_ERRORS}>>:-Werror>)

# A compiler cache where there is one, told that clones in other folders compile the same.
find_program(COHORT_CCACHE ccache)
mark_as_advanced(COHORT_CCACHE)
if(COHORT_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=1
    CCACHE_PCH_EXTSUM=1 CCACHE_SLOPPINESS=pch_defines,time_macros "${COHORT_CCACHE}")
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()

# A linker that takes a sixth of the time, where there is one.
include(CheckLinkerFlag)
check_linker_flag(CXX -fuse-ld=lld COHORT_LLD)
if(COHORT_LLD)
  add_link_options($<$<CONFIG:Quick>:-fuse-ld=lld>)
endif()

# The preset dev optimizes nothing but these: where a second of compiling saves more than one of running, or where what
# the optimizer makes of the code is what is tested.
#
# optimized(LEVEL TARGET...), optimized_sources(LEVEL SOURCE...)
function(optimized level)
  if(level STREQUAL "-O1" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    string(APPEND level "$<SEMICOLON>SHELL:-mllvm -inline-threshold=20")  # a sixth quicker to compile, and hardly slower
  endif()
  foreach(target IN LISTS ARGN)
    target_compile_options(${target} PRIVATE "$<$<CONFIG:Quick>:${level}>")
    set_target_properties(${target} PROPERTIES COHORT_OPTIMIZED ON)
  endforeach()
endfunction()
function(optimized_sources level)
  if(CMAKE_BUILD_TYPE STREQUAL "Quick")  # precompiled headers are not optimized
    set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS ${level} SKIP_PRECOMPILE_HEADERS ON)
  endif()
endfunction()

include(.cmake/precompiled.cmake)

# Programs need not read all of Cohort again, nor LibTorch, which takes 20 s and a gigabyte.
if(TARGET cohort::eigen)
  precompiled(cohort_eigen_pch "cohort::eigen;cohort_warnings" <cohort/cohort.hpp> <cohort/backend/eigen.hpp>)
endif()
if(TARGET cohort::torch)
  precompiled(cohort_torch_pch "cohort::torch;$<TARGET_NAME_IF_EXISTS:cohort::eigen>;cohort_warnings" <cohort/backend/torch.hpp>)
endif()

# program_headers(TARGET LIBRARY... [NAME]): in the preset dev, the precompiled header of a target that is linked with
# these, or the one of this name.
function(program_headers target)
  set(named ${ARGN})
  list(FILTER named INCLUDE REGEX "_pch$")
  foreach(backend IN ITEMS torch eigen)
    if(CMAKE_BUILD_TYPE STREQUAL "Quick" AND "cohort::${backend}" IN_LIST ARGN)
      if(NOT named)
        set(named cohort_${backend}_pch)
      endif()
      use_precompiled(${named} ${target})
      target_link_libraries(${target} PRIVATE $<TARGET_NAME_IF_EXISTS:cohort::eigen>)  # for the tests' flags
      return()
    endif()
  endforeach()
endfunction()

# untested(NAME SOURCE LIBRARY...): a program that no test runs. It is built when it is asked for; in the preset dev `all`
# compiles it, so that it keeps compiling. Those of a folder on the Eigen backend are compiled as one, at the folder's end,
# since what they instantiate alike is then compiled once.
function(untested name source)
  add_executable(${name} EXCLUDE_FROM_ALL ${source})
  target_link_libraries(${name} PRIVATE ${ARGN} cohort_warnings)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Quick")
    return()
  endif()
  if(ARGV2 STREQUAL "cohort::eigen")
    get_property(begun DIRECTORY PROPERTY COHORT_UNTESTED SET)
    if(NOT begun)
      cmake_language(DEFER CALL compile_untested)
    endif()
    cmake_path(ABSOLUTE_PATH source)
    set_property(DIRECTORY APPEND PROPERTY COHORT_UNTESTED "${source}")
    set_property(DIRECTORY APPEND PROPERTY COHORT_UNTESTED_LIBRARIES ${ARGN})
    return()
  endif()
  add_library(compiles_${name} OBJECT ${source})
  target_link_libraries(compiles_${name} PRIVATE ${ARGN} cohort_warnings)
  target_compile_definitions(compiles_${name} PRIVATE $<TARGET_PROPERTY:${name},COMPILE_DEFINITIONS>)
  target_include_directories(compiles_${name} PRIVATE $<TARGET_PROPERTY:${name},INCLUDE_DIRECTORIES>)
  program_headers(compiles_${name} ${ARGN})
endfunction()
function(compile_untested)
  get_property(sources DIRECTORY PROPERTY COHORT_UNTESTED)
  get_property(libraries DIRECTORY PROPERTY COHORT_UNTESTED_LIBRARIES)
  list(REMOVE_DUPLICATES libraries)
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME folder)
  set(unit "${CMAKE_CURRENT_BINARY_DIR}/untested.cpp")
  add_custom_command(OUTPUT "${unit}" DEPENDS ${sources} "${PROJECT_SOURCE_DIR}/.cmake/write_together.cmake" VERBATIM
    COMMAND "${CMAKE_COMMAND}" "-DUNIT=${unit}" "-DFILES=${sources}" "-DROOT=${PROJECT_SOURCE_DIR}"
      -P "${PROJECT_SOURCE_DIR}/.cmake/write_together.cmake")
  add_library(compiles_${folder} OBJECT "${unit}")
  target_include_directories(compiles_${folder} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(compiles_${folder} PRIVATE ${libraries} cohort_warnings)
  program_headers(compiles_${folder} ${libraries})
endfunction()

# Device code takes minutes, so it is compiled where it is asked for (the preset cuda), and run where there is a device.
option(COHORT_DEVICE_CODE "Build the tests, benchmarks and examples for CUDA devices" OFF)
if(COHORT_DEVICE_CODE AND TARGET cohort::thrust_cuda)
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 90)
  endif()
  if(NOT DEFINED CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
    set(CMAKE_CUDA_COMPILER "${CUDAToolkit_NVCC_EXECUTABLE}")
  endif()
  set(CMAKE_CUDA_EXTENSIONS OFF)
  include(CheckLanguage)
  check_language(CUDA)
  if(CMAKE_CUDA_COMPILER)
    enable_language(CUDA)
  else()
    message(STATUS "Cohort: without the CUDA tests and examples, since ${CUDAToolkit_NVCC_EXECUTABLE} compiles nothing with this host compiler")
  endif()
elseif(COHORT_DEVICE_CODE)
  message(STATUS "Cohort: without the CUDA tests and examples, since ${cohort_thrust_cuda_missing}")
endif()
