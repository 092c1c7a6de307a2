#pragma once
#include <cohort/thrust/system.hpp>
#include <cohort/thrust/view_of.hpp>
#if THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CUDA
#include <cohort/thrust/device.hpp>
#else
#include <cohort/thrust/host.hpp>
#endif
