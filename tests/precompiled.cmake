# Precompiled headers that a compiler cache can work with. Such a header bears the path of its build folder, so a cache
# would find nothing again in another clone; it is told to go by a sum of what the header is made of instead.

# precompiled(NAME LIBRARIES HEADER...): the headers, compiled as a user of the libraries would.
function(precompiled name libraries)
  file(CONFIGURE OUTPUT ${name}.cpp CONTENT "")  # a header is precompiled only where some file of the target uses it
  add_library(${name} OBJECT "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  target_link_libraries(${name} PRIVATE ${libraries})
  target_precompile_headers(${name} PRIVATE ${ARGN})
  set_target_properties(${name} PROPERTIES CXX_COMPILER_LAUNCHER "")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS catch.hpp)
  file(READ catch.hpp sum)
  string(APPEND sum "${ARGN} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_CXX_FLAGS} ${CMAKE_BUILD_TYPE} ${Catch2_VERSION} "
    "${Eigen3_VERSION} ${Torch_VERSION} ${CMAKE_CXX_FLAGS_${CMAKE_BUILD_TYPE}}")
  string(SHA256 sum "${sum}")
  foreach(extension IN ITEMS pch gch)
    file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.dir/cmake_pch.hxx.${extension}.sum" "${sum}")
  endforeach()
endfunction()

# use_precompiled(NAME TARGET...)
function(use_precompiled name)
  foreach(target IN LISTS ARGN)
    target_precompile_headers(${target} REUSE_FROM ${name})
  endforeach()
endfunction()
