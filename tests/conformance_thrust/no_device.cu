// Run where CUDA sees no device: CMake hides whatever there is.
#include <cohort/backend/thrust.hpp>
#include <cstdio>
#include <cstring>

int main() {
  try {
    cohort::thrust::backend backend;
    std::puts("a backend was made without a device");
  } catch (cohort::device_error const& e) {
    std::puts(e.what());
    return std::strstr(e.what(), "no CUDA device") && std::strstr(e.what(), "cudaGetDeviceCount") ? 0 : 1;
  }
  return 1;
}
