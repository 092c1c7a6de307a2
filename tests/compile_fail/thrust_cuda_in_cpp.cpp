// expect: Thrust's device system is CUDA, and this is no CUDA source
// at most: 6 lines
#ifdef CONTROL
#define THRUST_DEVICE_SYSTEM THRUST_DEVICE_SYSTEM_CPP
#else
#define THRUST_DEVICE_SYSTEM THRUST_DEVICE_SYSTEM_CUDA
#endif
#include <cohort/backend/thrust.hpp>
