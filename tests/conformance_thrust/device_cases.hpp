#pragma once
#include <cohort/thrust/device.hpp>
#include <vector>

#include "../catch.hpp"

// What only the device backend promises; run on a GPU and on a device that the host plays.
using cohort::view;
using device = cohort::thrust::backend;

struct plus_one {
  template <class S>
  constexpr S operator()(S x) const {
    return x + 1;
  }
};
/// The carry is squared, so this is no affine formula; and is one, so both ways along packed series are taken.
struct squared_carry {
  template <class S>
  constexpr S operator()(S carry, S x) const {
    return x - carry * carry;
  }
};
struct difference_of_carry {
  static constexpr bool affine = true;
  template <class S, class M>
  constexpr S operator()(S carry, S x, M flag) const {
    return select(flag, x, x - carry);
  }
};

std::vector<float> downloaded(device& backend, view<float const> v) {
  std::vector<float> host(std::size_t(v.size()));
  backend.download(std::span<float>(host), v);
  return host;
}

TEST_CASE("thrust on a device: memory that is not there is a device_error with its bytes, and the array is as it was") {
  device backend;
  cohort::thrust::device_array<float> a;
  std::vector<float> numbers{1, 2, 3};
  backend.assign(a, std::span<float const>(numbers));
  REQUIRE_THROWS_AS(backend.resize(a, std::ptrdiff_t(1) << 46), cohort::device_error);
  REQUIRE_THROWS_WITH(backend.resize(a, std::ptrdiff_t(1) << 46),
                      Catch::Matchers::ContainsSubstring("281474976710656 bytes") &&
                          Catch::Matchers::ContainsSubstring("cudaErrorMemoryAllocation"));
  REQUIRE(a.size() == 3);
  REQUIRE(downloaded(backend, view<float const>(a.all())) == numbers);
}

TEST_CASE("thrust on a device: arrays outlive their backend, and copies are independent") {
  cohort::thrust::device_array<float> a, b;
  device other;
  {
    device backend;
    std::vector<float> numbers{1, 2, 3};
    backend.assign(a, std::span<float const>(numbers));
    b = a;
    backend.map(cohort::outputs{a.all()}, plus_one{}, view<float const>(a.all()));
    backend.synchronize();
  }
  REQUIRE(downloaded(other, view<float const>(a.all())) == std::vector<float>{2, 3, 4});
  REQUIRE(downloaded(other, view<float const>(b.all())) == std::vector<float>{1, 2, 3});
}

TEST_CASE(
    "thrust on a device: along packed series an affine formula, composed, and any other, step by step, give what a "
    "loop gives") {
  device backend;
  std::vector<std::int32_t> offsets{0};
  for (int n = 0; n < 3000; ++n) offsets.push_back(offsets.back() + (n * 7) % 40);
  auto M = std::size_t(offsets.back());
  std::vector<float> x(M), small(M);
  std::vector<std::uint8_t> flags(M);
  for (std::size_t i = 0; i < M; ++i)
    x[i] = float(int(i * 5 % 17) - 8), small[i] = float(i % 3) / 4, flags[i] = i % 11 == 0;
  cohort::thrust::device_array<float> dx, dsmall, out;
  cohort::thrust::device_array<std::uint8_t> dflags;
  cohort::thrust::device_array<std::int32_t> doffsets;
  backend.assign(dx, std::span<float const>(x));
  backend.assign(dsmall, std::span<float const>(small));
  backend.assign(dflags, std::span<std::uint8_t const>(flags));
  backend.assign(doffsets, std::span<std::int32_t const>(offsets));
  backend.resize(out, std::ptrdiff_t(M));
  auto s = cohort::partition::segments(view<std::int32_t const>(doffsets.all()), std::ptrdiff_t(M), 39);
  for (auto d : {cohort::direction::forward, cohort::direction::backward}) {
    std::vector<float> composed(M), walked(M);
    for (std::size_t n = 0; n + 1 < offsets.size(); ++n) {
      float a = 5, b = .5f;
      for (int k = 0, length = offsets[n + 1] - offsets[n]; k < length; ++k) {
        auto i = std::size_t(d == cohort::direction::forward ? offsets[n] + k : offsets[n + 1] - 1 - k);
        composed[i] = a = flags[i] ? x[i] : x[i] - a;
        walked[i] = b = small[i] - b * b;
      }
    }
    backend.scan(s, d, difference_of_carry{}, 5, out.all(), view<float const>(dx.all()),
                 view<std::uint8_t const>(dflags.all()));
    REQUIRE(downloaded(backend, view<float const>(out.all())) == composed);
    backend.scan(s, d, squared_carry{}, .5, out.all(), view<float const>(dsmall.all()));
    auto found = downloaded(backend, view<float const>(out.all()));
    for (std::size_t i = 0; i < M; ++i) REQUIRE(found[i] == Approx(walked[i]).margin(1e-6));
  }
}
