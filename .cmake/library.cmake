# The target of a library from its own CMake package or, where it comes without one, as in Debian 12, from its header and
# its file. What follows those is for find_package.
macro(cohort_library target package header library)
  if(NOT TARGET ${target})
    find_package(${package} QUIET CONFIG ${ARGN})
  endif()
  if(NOT TARGET ${target})
    find_package(Threads QUIET)
    find_path(cohort_${package}_include ${header} NO_CACHE)
    find_library(cohort_${package}_library ${library} NO_CACHE)
    if(cohort_${package}_include AND cohort_${package}_library AND TARGET Threads::Threads)
      add_library(${target} UNKNOWN IMPORTED)
      set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${cohort_${package}_library}" INTERFACE_INCLUDE_DIRECTORIES "${cohort_${package}_include}"
        INTERFACE_LINK_LIBRARIES Threads::Threads)
    endif()
  endif()
endmacro()
