#pragma once
#include "support.hpp"

namespace cohort::conformance {

struct first_of {
  template <class S, class... Others>
  constexpr S operator()(S x, Others...) const {
    return x;
  }
};
struct two_sums {
  template <class S>
  constexpr several<S, 2> operator()(S x) const {
    return {{x, x}};
  }
};
struct copied {
  template <class From, class To>
  constexpr void operator()(From from, To to) const {
    to.set(0, from[0]);
  }
};

/// The shape_error of f names both extents.
template <class F>
void refuses(char const* primitive, F f, char const* given, char const* expected) {
  using Catch::Matchers::ContainsSubstring;
  std::string message = complaint(f);
  CAPTURE(message);
  REQUIRE_THAT(message, ContainsSubstring(primitive) && ContainsSubstring(given) && ContainsSubstring(expected));
}

template <class B>
void extents_that_do_not_fit(B& backend) {
  using T = value_t<B>;
  placed<B, T> memory(backend, integers<T>(200, 1, 1));
  placed<B, std::int32_t> indices(backend, integers<std::int32_t>(20, 1, 2, 0, 1));
  auto out = [&](std::ptrdiff_t rows, std::ptrdiff_t columns = 1) { return memory.out().reshaped(rows, columns); };
  auto in = [&](std::ptrdiff_t rows, std::ptrdiff_t columns = 1) { return memory.in().reshaped(rows, columns); };
  auto index = [&](std::ptrdiff_t n) { return indices.in().part(0, n); };

  SECTION("map, map_rows and reduce refuse arrays of different extents and name them") {
    refuses("map", [&] { backend.map(outputs{out(5, 4)}, first_of{}, in(5, 4), in(5, 3)); }, "5 x 3", "5 x 4");
    refuses("map", [&] { backend.map(outputs{out(5, 4)}, first_of{}, in(4, 5)); }, "4 x 5", "5 x 4");
    refuses("map", [&] { backend.map(outputs{out(6), out(7)}, two_sums{}, in(6)); }, "7 x 1", "6 x 1");
    refuses("map_rows", [&] { backend.map_rows(5, copied{}, in(4, 2), out(5, 2)); }, "4 x 2", "5 x 2");
    refuses("reduce", [&] { backend.reduce(out(1), first_of{}, in(8), in(9)); }, "9 x 1", "8 x 1");
    refuses("reduce", [&] { backend.reduce(out(3), two_sums{}, in(8)); }, "3 x 1", "2 x 1");
    refuses("reduce", [&] { backend.reduce(out(1), two_sums{}, in(8)); }, "1 x 1", "2 x 1");
  }
  SECTION("scan, segment_reduce and spread refuse arrays that are not of the series' steps or number") {
    for (std::ptrdiff_t N : {2, 40}) {
      auto s = series::lanes(3, N);
      std::string steps = std::to_string(3 * N) + " x 1", count = std::to_string(N) + " x 1";
      for (auto d : {direction::forward, direction::backward}) {
        refuses("scan", [&] { backend.scan(s, d, first_of{}, 0, out(5), in(3 * N)); }, "5 x 1", steps.c_str());
        refuses("scan", [&] { backend.scan(s, d, first_of{}, 0, out(3 * N), in(3 * N), in(7)); }, "7 x 1", steps.c_str());
        refuses("scan", [&] { backend.scan(s, d, first_of{}, 0, out(3 * N), in(3, N)); }, ("3 x " + std::to_string(N)).c_str(), steps.c_str());
      }
      refuses("segment_reduce", [&] { backend.segment_reduce(s, out(N + 1), first_of{}, in(3 * N)); }, std::to_string(N + 1).c_str(), count.c_str());
      refuses("segment_reduce", [&] { backend.segment_reduce(s, out(N), first_of{}, in(7)); }, "7 x 1", steps.c_str());
      refuses("spread", [&] { backend.spread(s, out(3 * N), in(N + 1)); }, std::to_string(N + 1).c_str(), count.c_str());
      refuses("spread", [&] { backend.spread(s, out(N), in(N)); }, count.c_str(), steps.c_str());
    }
  }
  SECTION("gather and scatter_add refuse indices of another number than the rows, and rows of another width") {
    for (std::ptrdiff_t columns : {1, 3}) {
      std::string width = " x " + std::to_string(columns);
      refuses("gather", [&] { backend.gather(out(4, columns), in(9, columns), index(5)); }, ("4" + width).c_str(), ("5" + width).c_str());
      refuses("gather", [&] { backend.gather(out(4, 2), in(9, columns), index(4)); }, "4 x 2", ("4" + width).c_str());
      refuses("scatter_add", [&] { backend.scatter_add(out(9, columns), in(4, columns), index(5)); }, ("4" + width).c_str(), ("5" + width).c_str());
      refuses("scatter_add", [&] { backend.scatter_add(out(9, columns), in(4, 2), index(4)); }, "4 x 2", ("4" + width).c_str());
    }
  }
  SECTION("matmul, dense and column_sum refuse matrices that do not fit together") {
    refuses("matmul", [&] { backend.matmul(out(3, 5), in(3, 4), in(5, 4)); }, "3 x 4", "5 x 4");
    refuses("matmul", [&] { backend.matmul(out(3, 4), in(3, 4), in(4, 5)); }, "4 x 5", "3 x 4");
    refuses("matmul", [&] { backend.matmul(out(5, 3).transposed(), in(4, 4), in(4, 5)); }, "4 x 4", "3 x 5");
    for (bool transposed : {false, true}) {
      auto y = transposed ? out(5, 3).transposed() : out(3, 5);
      refuses("matmul", [&] { backend.dense(y, in(3, 4), in(3, 5), in(1, 5), first_of{}); }, "3 x 4", "3 x 5");
      refuses("dense", [&] { backend.dense(y, in(3, 4), in(4, 5), in(1, 4), first_of{}); }, "1 x 4", "1 x 5");
    }
    for (std::ptrdiff_t columns : {2, 20}) {
      std::string sums = "1 x " + std::to_string(columns);
      refuses("column_sum", [&] { backend.column_sum(out(1, columns + 1), in(6, columns)); }, std::to_string(columns + 1).c_str(), sums.c_str());
      refuses("column_sum", [&] { backend.column_sum(out(columns), in(6, columns)); }, "x 1", sums.c_str());
    }
  }
  REQUIRE(difference(memory.now(), memory.host) == "");  // what was refused has left everything as it was
}

}  // namespace cohort::conformance
