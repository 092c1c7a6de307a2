#include <cohort/backend/thrust.hpp>

static_assert(THRUST_DEVICE_SYSTEM == EXPECTED);

int main() {
  cohort::thrust::backend backend;
  ::thrust::device_vector<float> x(10, 1.f), sum(1);
  backend.reduce(cohort::thrust::view_of(sum), cohort::detail::same{}, cohort::thrust::view_of(x));
  return sum[0] == 10 ? 0 : 1;
}
