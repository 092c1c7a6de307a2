#include <cohort/backend/host_array.hpp>
#include <cstdint>

#include "../catch.hpp"
#include "allocation.hpp"

using cohort::host_array;

static_assert(std::is_nothrow_move_constructible_v<host_array<float>>);

TEST_CASE("host_array: it starts empty, and new memory is zero and aligned to 64 bytes") {
  host_array<float> empty;
  REQUIRE(empty.size() == 0);
  REQUIRE(empty.all().size() == 0);
  for (std::ptrdiff_t n : {1, 3, 16, 1000}) {
    host_array<double> a(n);
    REQUIRE(a.size() == n);
    REQUIRE(reinterpret_cast<std::uintptr_t>(a.data()) % 64 == 0);
    for (std::ptrdiff_t i = 0; i < n; ++i) REQUIRE(a.data()[i] == 0);
  }
}

TEST_CASE("host_array: growing gives zeros, and shrinking and growing back allocates nothing") {
  host_array<std::int32_t> a(10);
  a.data()[0] = 7;
  a.resize(20);
  REQUIRE(a.size() == 20);
  for (int i = 0; i < 20; ++i) REQUIRE(a.data()[i] == 0);
  std::int32_t* memory = a.data();
  long before = allocations();
  for (std::ptrdiff_t n : {5, 0, 20}) {
    a.resize(n);
    REQUIRE(a.size() == n);
  }
  REQUIRE(allocations() == before);
  REQUIRE(a.data() == memory);
}

TEST_CASE("host_array: copies are independent, and what was moved from is empty") {
  host_array<float> a(4);
  for (int i = 0; i < 4; ++i) a.data()[i] = float(i);
  host_array<float> b = a, c(2);
  c = b;
  b.data()[0] = 100;
  REQUIRE(a.data()[0] == 0);
  REQUIRE(c.size() == 4);
  REQUIRE(c.data()[0] == 0);
  REQUIRE(c.data()[3] == 3);
  float* memory = a.data();
  host_array<float> d = std::move(a);
  REQUIRE(d.data() == memory);
  REQUIRE(a.size() == 0);
  c = std::move(d);
  REQUIRE(c.data() == memory);
  auto& itself = c;
  c = itself;
  REQUIRE(c.size() == 4);
  REQUIRE(c.data()[3] == 3);
}

TEST_CASE("host_array: its views are of all elements in a column, or of a matrix row by row") {
  host_array<float> a(6);
  a.all()[4] = 5;
  REQUIRE(a.all().rows == 6);
  REQUIRE(a.all().columns == 1);
  REQUIRE(a.matrix(2, 3)(1, 1) == 5);
  host_array<float> const& constant = a;
  REQUIRE(constant.matrix(3, 2)(2, 0) == 5);
  REQUIRE(constant.all()[4] == 5);
}

TEST_CASE("host_array: where memory runs out it is empty and can be used again") {
  host_array<float> a(4);
  REQUIRE_THROWS_AS(a.resize(std::ptrdiff_t(largest_allocation)), std::bad_alloc);
  REQUIRE(a.size() == 0);
  a.resize(3);
  REQUIRE(a.size() == 3);
  REQUIRE(a.data()[2] == 0);
}
