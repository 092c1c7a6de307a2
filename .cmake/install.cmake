# Install rules, and the same package for use from the build tree. Each component has an export set of its own, so that
# reading the package never mentions the dependencies of a component that nobody asked for.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

target_include_directories(cohort INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
install(DIRECTORY include/cohort backends/eigen/cohort DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.hpp")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/cohort")
install(TARGETS cohort EXPORT cohort)
install(TARGETS cohort_eigen EXPORT cohort-eigen)

set(package "${CMAKE_INSTALL_DATADIR}/cmake/cohort")
install(EXPORT cohort NAMESPACE cohort:: FILE cohort-targets.cmake DESTINATION "${package}")
install(EXPORT cohort-eigen NAMESPACE cohort:: FILE cohort-eigen-targets.cmake DESTINATION "${package}")
export(EXPORT cohort NAMESPACE cohort:: FILE cohort-targets.cmake)
export(EXPORT cohort-eigen NAMESPACE cohort:: FILE cohort-eigen-targets.cmake)

configure_package_config_file(.cmake/cohort-config.cmake.in "${PROJECT_BINARY_DIR}/cohort-config.cmake" INSTALL_DESTINATION "${package}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/cohort-config-version.cmake" COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
configure_file(.cmake/find_eigen.cmake "${PROJECT_BINARY_DIR}/find_eigen.cmake" COPYONLY)
install(FILES "${PROJECT_BINARY_DIR}/cohort-config.cmake" "${PROJECT_BINARY_DIR}/cohort-config-version.cmake" .cmake/find_eigen.cmake
  DESTINATION "${package}")
