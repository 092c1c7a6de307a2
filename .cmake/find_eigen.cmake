# What the component eigen needs; read by the project's own build and by the installed package.
# Sets cohort_eigen_FOUND and, where it is false, the half sentence cohort_eigen_missing.
#
# The version is compared here, because Eigen's own version file calls 5.0 incompatible with a request for 3.4.
find_package(Eigen3 QUIET CONFIG)
if(NOT TARGET Eigen3::Eigen)
  set(cohort_eigen_FOUND FALSE)
  set(cohort_eigen_missing "Eigen was not found (Debian, Ubuntu: libeigen3-dev; elsewhere: eigen 3.4 or newer; or set Eigen3_DIR)")
elseif(DEFINED Eigen3_VERSION AND Eigen3_VERSION VERSION_LESS 3.4)
  set(cohort_eigen_FOUND FALSE)
  set(cohort_eigen_missing "Eigen ${Eigen3_VERSION} was found and 3.4 or newer is needed (Debian, Ubuntu: libeigen3-dev)")
else()
  set(cohort_eigen_FOUND TRUE)
  find_package(OpenMP QUIET COMPONENTS CXX)  # optional: without it the backend runs on one thread
endif()
