#include <cohort/backend/thrust.hpp>

#include "device_cases.hpp"

TEST_CASE("thrust on CUDA: a formula reads and writes a vector of Thrust's where it is, in a stream of the user's") {
  cudaStream_t mine;
  REQUIRE(cudaStreamCreate(&mine) == cudaSuccess);
  {
    device backend({.stream = &mine});
    REQUIRE(backend.stream() == mine);
    ::thrust::device_vector<float> x(1000, 2.f);
    auto const& read_only = x;
    backend.map(cohort::outputs{cohort::thrust::view_of(x)}, plus_one{}, cohort::thrust::view_of(read_only));
    REQUIRE(downloaded(backend, cohort::thrust::view_of(read_only)) == std::vector<float>(1000, 3.f));
  }
  REQUIRE(cudaStreamDestroy(mine) == cudaSuccess);
}
