#include <cohort/backend/view.hpp>

#include "../catch.hpp"

using namespace cohort;

namespace {
constexpr float numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
constexpr view<float const> matrix(numbers, 3, 4);
}  // namespace

static_assert(std::is_convertible_v<view<float>, view<float const>>);
static_assert(!std::is_convertible_v<view<float const>, view<float>>);
static_assert(!std::is_convertible_v<view<float>, view<double>>);

TEST_CASE("view: a vector is one column, and a matrix lies row by row") {
  constexpr view<float const> vector(numbers, 12);
  STATIC_REQUIRE(vector.rows == 12);
  STATIC_REQUIRE(vector.columns == 1);
  STATIC_REQUIRE(vector[7] == 7);
  STATIC_REQUIRE(vector(7) == 7);
  STATIC_REQUIRE(matrix(2, 1) == 9);
  STATIC_REQUIRE(matrix[2] == 8);
  STATIC_REQUIRE(matrix.size() == 12);
}

TEST_CASE("view: transposed, part, column, reshaped and broadcast show the same elements") {
  STATIC_REQUIRE(matrix.transposed()(1, 2) == matrix(2, 1));
  STATIC_REQUIRE(matrix.transposed().rows == 4);
  STATIC_REQUIRE(matrix.transposed().columns == 3);
  STATIC_REQUIRE(matrix.part(1, 2)(1, 3) == 11);
  STATIC_REQUIRE(matrix.part(1, 2).rows == 2);
  STATIC_REQUIRE(matrix.column(2)[1] == 6);
  STATIC_REQUIRE(matrix.column(2).rows == 3);
  STATIC_REQUIRE(matrix.column(2).columns == 1);
  STATIC_REQUIRE(matrix.transposed().column(2)[1] == 9);
  STATIC_REQUIRE(matrix.reshaped(6, 2)(4, 1) == 9);
  STATIC_REQUIRE(matrix.reshaped(12)[9] == 9);
  constexpr auto everywhere = broadcast(matrix.part(1, 1), 5, 6);
  STATIC_REQUIRE(everywhere(4, 5) == 4);
  STATIC_REQUIRE(everywhere.size() == 30);
}

TEST_CASE("view: contiguous means that all elements follow one another row by row") {
  STATIC_REQUIRE(matrix.contiguous());
  STATIC_REQUIRE(matrix.part(1, 2).contiguous());
  STATIC_REQUIRE(view<float const>(numbers, 12).contiguous());
  STATIC_REQUIRE(!matrix.transposed().contiguous());
  STATIC_REQUIRE(!matrix.column(1).contiguous());
  STATIC_REQUIRE(!view<float const>(numbers, 3, 2, 4, 1).contiguous());
  STATIC_REQUIRE(!broadcast(matrix.part(0, 1), 3).contiguous());
}

TEST_CASE("view: it is false only where there is nothing to look at") {
  STATIC_REQUIRE(!view<float>());
  STATIC_REQUIRE(bool(matrix));
  STATIC_REQUIRE(view<float>().size() == 0);
}

TEST_CASE("view: extents that differ are refused with both, the place and the name") {
  REQUIRE_NOTHROW(detail::require_same_extents("here", "the bias", matrix, view<int>(nullptr, 3, 4)));
  REQUIRE_THROWS_AS(detail::require_same_extents("here", "the bias", matrix, view<int>(nullptr, 4, 3)), shape_error);
  REQUIRE_THROWS_WITH(detail::require_same_extents("here", "the bias", matrix, view<int>(nullptr, 3, 5)),
                      "here: the bias is 3 x 4, expected 3 x 5");
}
