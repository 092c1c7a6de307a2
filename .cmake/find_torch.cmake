# What the component torch needs; read by the project's own build and by the installed package.
# Sets cohort_torch_FOUND and, where it is false, the half sentence cohort_torch_missing.
set(cohort_torch_FOUND FALSE)
set(cohort_torch_needs_gxx FALSE)
# Torch's own file looks for Caffe2 on the whole system first: given a Torch_DIR, it would link a system's other version.
if(Torch_DIR AND NOT Caffe2_DIR AND EXISTS "${Torch_DIR}/../Caffe2/Caffe2Config.cmake")
  set(Caffe2_DIR "${Torch_DIR}/../Caffe2")
endif()
set(cohort_torch_log_level "${CMAKE_MESSAGE_LOG_LEVEL}")
set(CMAKE_MESSAGE_LOG_LEVEL WARNING)  # QUIET does not reach what Torch's own files print
find_package(Torch QUIET CONFIG)
set(CMAKE_MESSAGE_LOG_LEVEL "${cohort_torch_log_level}")
if(NOT Torch_FOUND OR NOT TARGET torch)
  set(cohort_torch_missing
    "LibTorch was not found (Debian, Ubuntu: libtorch-dev; or pip install torch and -DTorch_DIR=$(python3 -c 'import torch; print(torch.utils.cmake_prefix_path)')/Torch)")
else()
  set(cohort_torch_version "${Torch_VERSION}")
  if(cohort_torch_version VERSION_LESS 1.13)
    set(cohort_torch_missing "LibTorch ${cohort_torch_version} was found and 1.13 or newer is needed (Debian, Ubuntu: libtorch-dev)")
  elseif(cohort_torch_version VERSION_LESS 2.1 AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    set(cohort_torch_needs_gxx TRUE)
    # They use vectors of types that are not complete yet, which C++20 forbids and g++ alone lets pass (pytorch's pull request 93978).
    set(cohort_torch_missing
      "the headers of LibTorch ${cohort_torch_version} are C++20 to g++ alone, and the compiler is ${CMAKE_CXX_COMPILER_ID}: take g++, or LibTorch 2.1 or newer")
  else()
    set(cohort_torch_FOUND TRUE)
  endif()
endif()
