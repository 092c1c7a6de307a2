#include <cohort/backend/torch.hpp>

#include "../catch.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("torch: a user's tensor and a view of it are the same memory, in both directions and with any strides") {
  auto t = at::arange(12, at::kFloat).view({3, 4});
  auto v = cohort::torch::view_of<float>(t.t());
  REQUIRE(v.rows == 4);
  REQUIRE(v.columns == 3);
  REQUIRE(v(3, 2) == 11);
  v(0, 1) = 77;
  REQUIRE(t[1][0].item<float>() == 77);
  auto back = cohort::torch::tensor_of(v);
  REQUIRE(back.data_ptr() == t.data_ptr());
  REQUIRE(at::equal(back, t.t()));
  cohort::torch::backend backend;
  auto every_second = cohort::torch::view_of<float>(t.slice(1, 0, 4, 2));
  auto out = at::zeros({3, 2}, at::kFloat);
  backend.gather(cohort::torch::view_of<float>(out), view<float const>(every_second),
                 cohort::torch::view_of<std::int32_t>(at::tensor({2, 0, 1}, at::kInt)));
  REQUIRE(at::equal(out, t.slice(1, 0, 4, 2).index_select(0, at::tensor({2, 0, 1}))));
}

TEST_CASE("torch: a tensor of another type, shape or layout is refused by name, and so is a device that is not there") {
  CHECK_THROWS_WITH(cohort::torch::view_of<float>(at::ones({3}, at::kDouble)),
                    ContainsSubstring("Double [3] on cpu, expected Float"));
  CHECK_THROWS_WITH(cohort::torch::view_of<float>(at::ones({3, 1, 2}, at::kFloat)),
                    ContainsSubstring("Float [3, 1, 2]"));
  CHECK_THROWS_WITH(cohort::torch::view_of<float>(at::Tensor()), ContainsSubstring("undefined"));
  CHECK_THROWS_WITH(cohort::torch::view_of<float>(at::ones({3}, at::kFloat), at::Device(at::kCUDA)),
                    ContainsSubstring("expected one on cuda"));
  if (!at::hasCUDA())
    CHECK_THROWS_WITH(cohort::torch::backend({.device = at::kCUDA}),
                      ContainsSubstring("the device cuda cannot be used here"));
}
