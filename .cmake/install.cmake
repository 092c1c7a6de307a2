# Install rules, and the same package for use from the build tree. Each component has an export set of its own, so that
# reading the package never mentions the dependencies of a component that nobody asked for.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

target_include_directories(cohort INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
install(DIRECTORY include/cohort backends/eigen/cohort backends/thrust/cohort backends/torch/cohort backends/gymnasium/cohort DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp" PATTERN "*.inc")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/cohort")
install(TARGETS cohort EXPORT cohort)

set(package "${CMAKE_INSTALL_DATADIR}/cmake/cohort")
install(EXPORT cohort NAMESPACE cohort:: FILE cohort-targets.cmake DESTINATION "${package}")
export(EXPORT cohort NAMESPACE cohort:: FILE cohort-targets.cmake)
foreach(component IN ITEMS eigen thrust_cpp thrust_omp thrust_tbb thrust_cuda torch file language http gymnasium)
  install(TARGETS cohort_${component} EXPORT cohort-${component})
  install(EXPORT cohort-${component} NAMESPACE cohort:: FILE cohort-${component}-targets.cmake DESTINATION "${package}")
  export(EXPORT cohort-${component} NAMESPACE cohort:: FILE cohort-${component}-targets.cmake)
endforeach()

configure_package_config_file(.cmake/cohort-config.cmake.in "${PROJECT_BINARY_DIR}/cohort-config.cmake" INSTALL_DESTINATION "${package}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/cohort-config-version.cmake" COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/cohort-config.cmake" "${PROJECT_BINARY_DIR}/cohort-config-version.cmake" DESTINATION "${package}")
foreach(file IN ITEMS build_type library find_eigen find_thrust find_torch find_file find_language find_http find_gymnasium)
  configure_file(.cmake/${file}.cmake "${PROJECT_BINARY_DIR}/${file}.cmake" COPYONLY)
  install(FILES .cmake/${file}.cmake DESTINATION "${package}")
endforeach()
