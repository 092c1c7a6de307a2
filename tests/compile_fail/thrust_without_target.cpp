// expect: no device system was chosen for Thrust: link cohort::thrust_cpp
// at most: 6 lines
#ifdef CONTROL
#define THRUST_DEVICE_SYSTEM THRUST_DEVICE_SYSTEM_CPP
#endif
#include <cohort/backend/thrust.hpp>
