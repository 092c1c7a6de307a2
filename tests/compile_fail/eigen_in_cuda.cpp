// expect: the Eigen backend cannot be included in a CUDA source
#ifndef CONTROL
#define __CUDACC__ 12
#endif
#include <cohort/backend/eigen.hpp>

cohort::eigen::backend cpu;
