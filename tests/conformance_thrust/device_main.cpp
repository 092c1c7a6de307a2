// Catch2's runner for tests that need a GPU: without one each test is skipped, which list_tests.cmake is told by the
// value returned.
#define CATCH_CONFIG_RUNNER
#include "../catch.hpp"
#if __has_include(<catch2/catch_session.hpp>)
#include <catch2/catch_session.hpp>
#endif
#include <cuda_runtime_api.h>

#include <cstdio>
#include <cstring>

int main(int argc, char* argv[]) {
  bool lists = argc > 1 && std::strncmp(argv[1], "--list", 6) == 0;
  int devices = 0;
  if (!lists && (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0)) {
    std::puts("skipped: there is no GPU");
    return 77;
  }
  int failed = Catch::Session().run(argc, argv);
  return lists ? failed : failed != 0;
}
