#pragma once
// The backend over Thrust: cohort::thrust::backend on the device system of the target that the program links (see
// thrust/system.hpp). Write the namespace in full: after `using namespace cohort`, thrust:: by itself means two things.
#include <cohort/compiler.hpp>  // first: it says where the compiler is too old
//
#include <cohort/thrust/system.hpp>
#ifdef COHORT_THRUST_CHOSEN
#include <cohort/thrust/view_of.hpp>
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
#include <cohort/thrust/device.hpp>
#else
#include <cohort/thrust/host.hpp>
#endif
#endif
