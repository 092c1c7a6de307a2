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

# Device code is compiled wherever there is a compiler for it, and run where there is a device.
if(TARGET cohort::thrust_cuda AND NOT COHORT_ONLY_TORCH)
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
endif()
