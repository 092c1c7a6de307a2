#pragma once
#include <functional>

#include "../support/refusal.hpp"
#include "attention.hpp"
#include "map.hpp"
#include "map_rows.hpp"
#include "product.hpp"
#include "reduce.hpp"
#include "scan.hpp"

namespace cohort::conformance {

inline std::string text(std::ptrdiff_t rows, std::ptrdiff_t columns = 1) {
  return std::to_string(rows) + " x " + std::to_string(columns);
}

/// f throws a shape_error that names the primitive, what was given and what was expected.
inline void refuses(std::string const& primitive, std::string const& given, std::string const& expected,
                    std::function<void()> const& f) {
  using Catch::Matchers::ContainsSubstring;
  CAPTURE(primitive);
  std::string const message = support::refusal<shape_error>(f);
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
    auto map = [&](auto a, auto b, auto c, auto x) {
      return [=, &backend] { backend.map(outputs{a, b, c}, three_results{}, x, x, in(5, 4)); };
    };
    refuses("map", text(4, 5), text(5, 4), map(out(5, 4), out(5, 4), out(5, 4), in(4, 5)));
    refuses("map", text(5, 4), text(5, 3), map(out(5, 3), out(5, 3), out(5, 3), in(5, 3)));
    refuses("map", text(6, 4), text(5, 4), map(out(5, 4), out(6, 4), out(5, 4), in(5, 4)));
    refuses("map", text(20), text(5, 4), map(out(5, 4), out(5, 4), out(20), in(5, 4)));
    refuses("map_rows", text(4, 2), text(5, 2), [&] { backend.map_rows(5, reversed{2}, out(4, 2)); });
    refuses("map_rows", text(6, 2), text(5, 2), [&] { backend.map_rows(5, reversed{2}, out(6, 2)); });
    refuses("reduce", text(9), text(8), [&] { backend.reduce(out(3), sums_of_two{}, in(8), in(9)); });
    refuses("reduce", text(2), text(3), [&] { backend.reduce(out(2), sums_of_two{}, in(8), in(8)); });
    refuses("reduce", text(4), text(3), [&] { backend.reduce(out(4), sums_of_two{}, in(8), in(8)); });
  }
  SECTION("scan, segment_reduce and spread refuse arrays that are not of the series' steps or number") {
    for (std::ptrdiff_t N : {2, 40}) {
      auto s = partition::lanes(3, N);
      auto scan = [&](auto to, auto x) {
        return [=, &backend] { backend.scan(s, direction::backward, decaying{}, 0, to, x); };
      };
      refuses("scan", text(5), text(3 * N), scan(out(5), in(3 * N)));
      refuses("scan", text(7), text(3 * N), scan(out(3 * N), in(7)));
      refuses("scan", text(3, N), text(3 * N), scan(out(3 * N), in(3, N)));
      auto sum = [&](auto to, auto x) {
        return [=, &backend] { backend.segment_reduce(s, to, detail::times{}, x, x); };
      };
      refuses("segment_reduce", text(N + 1), text(N), sum(out(N + 1), in(3 * N)));
      refuses("segment_reduce", text(7), text(3 * N), sum(out(N), in(7)));
      refuses("spread", text(N + 1), text(N), [&] { backend.broadcast_series(s, out(3 * N), in(N + 1)); });
      refuses("spread", text(N), text(3 * N), [&] { backend.broadcast_series(s, out(N), in(N)); });
    }
  }
  SECTION("gather, scatter and scatter_add refuse indices of another number than the rows, and rows of another width") {
    for (std::ptrdiff_t width : {1, 3}) {
      refuses("gather", text(4, width), text(5, width), [&] { backend.gather(out(4, width), in(9, width), index(5)); });
      refuses("gather", text(4, 2), text(4, width), [&] { backend.gather(out(4, 2), in(9, width), index(4)); });
      refuses("scatter_add", text(4, width), text(5, width),
              [&] { backend.scatter_add(out(9, width), in(4, width), index(5)); });
      refuses("scatter_add", text(4, 2), text(4, width),
              [&] { backend.scatter_add(out(9, width), in(4, 2), index(4)); });
      refuses("scatter", text(4, width), text(5, width),
              [&] { backend.scatter(out(9, width), in(4, width), index(5)); });
      refuses("scatter", text(4, 2), text(4, width), [&] { backend.scatter(out(9, width), in(4, 2), index(4)); });
    }
  }
  SECTION("matmul, dense and column_sum refuse matrices that do not fit together") {
    refuses("matmul", text(3, 4), text(5, 4), [&] { backend.matmul(out(3, 5), in(3, 4), in(5, 4)); });
    refuses("matmul", text(4, 5), text(3, 4), [&] { backend.matmul(out(3, 4), in(3, 4), in(4, 5)); });
    refuses("matmul", text(4, 4), text(3, 5), [&] { backend.matmul(out(5, 3).transposed(), in(4, 4), in(4, 5)); });
    for (view<T> y : {out(3, 5), out(5, 3).transposed()}) {
      refuses("matmul", text(3, 4), text(3, 5),
              [&] { backend.dense(y, in(3, 4), in(3, 5), in(1, 5), at_least_zero{}); });
      refuses("dense", text(1, 4), text(1, 5),
              [&] { backend.dense(y, in(3, 4), in(4, 5), in(1, 4), at_least_zero{}); });
    }
    for (std::ptrdiff_t columns : {2, 20}) {
      refuses("column_sum", text(1, columns + 1), text(1, columns),
              [&] { backend.column_sum(out(1, columns + 1), in(6, columns)); });
      refuses("column_sum", text(columns), text(1, columns), [&] { backend.column_sum(out(columns), in(6, columns)); });
      refuses("column_sum", text(columns), text(1, columns), [&] {
        backend.map_column_sum(out(6, columns), out(columns), detail::times{}, in(6, columns), in(6, columns));
      });
    }
  }
  SECTION("row_max and row_sums refuse results that are not one for each row") {
    refuses("row_max", text(6), text(5), [&] { backend.row_max(out(6), in(5, 4)); });
    refuses("row_max", text(5, 4), text(5), [&] { backend.row_max(out(5, 4), in(5, 4)); });
    refuses("row_sums", text(4, 5), text(5, 4), [&] { backend.row_sums(out(5), detail::times{}, in(5, 4), in(4, 5)); });
    refuses("row_sums", text(6), text(5), [&] { backend.row_sums(out(6), detail::times{}, in(5, 4), in(5, 4)); });
    refuses("row_sums", text(5), text(5, 3), [&] { backend.row_sums(out(5), sums_of_two{}, in(5, 4), in(5, 4)); });
  }
  SECTION("matmul_prepared refuses matrices that do not fit together") {
    typename B::template array<T> room;
    auto factor = backend.prepare(room, in(5, 4));
    refuses("matmul", text(3, 6), text(5, 4), [&] { backend.matmul_prepared(out(3, 4), in(3, 6), factor); });
    refuses("matmul", text(5, 4), text(3, 6), [&] { backend.matmul_prepared(out(3, 6), in(3, 5), factor); });
  }
  SECTION("attention refuses matrices that are not of its heads, queries and keys") {
    segments_of_tokens tokens;
    tokens.family(3, {2});
    placed_layout<B> placed_tokens(backend, tokens, 4, 2, 2);
    auto const& l = placed_tokens.layout;
    view<T> o = out(5, 8), total = out(5, 4), narrow = out(5, 4);
    view<T const> q = in(5, 8), k = in(5, 4);
    refuses("attention", text(4, 8), text(5, 8), [&] { backend.attention(l, o, total, in(4, 8), k, k); });
    refuses("attention", text(5, 4), text(5, 8), [&] { backend.attention(l, out(5, 4), total, q, k, k); });
    refuses("attention", text(5, 2), text(5, 4), [&] { backend.attention(l, o, out(5, 2), q, k, k); });
    refuses("attention", text(5, 8), text(5, 4), [&] { backend.attention(l, o, total, q, in(5, 8), k); });
    refuses("attention", text(4, 4), text(5, 4), [&] { backend.attention(l, o, total, q, k, in(4, 4)); });
    refuses("attention", text(4, 4), text(5, 4),
            [&] { backend.attention_backward(l, o, narrow, narrow, q, q, k, in(4, 4), q, k); });
    refuses("attention", text(5, 2), text(5, 4),
            [&] { backend.attention_backward(l, o, narrow, narrow, q, q, k, k, q, in(5, 2)); });
    refuses("attention_backward", text(4, 8), text(5, 8),
            [&] { backend.attention_backward(l, out(4, 8), narrow, narrow, q, q, k, k, q, k); });
    refuses("attention_backward", text(5, 2), text(5, 4),
            [&] { backend.attention_backward(l, o, out(5, 2), narrow, q, q, k, k, q, k); });
    refuses("attention_backward", text(5, 2), text(5, 4),
            [&] { backend.attention_backward(l, o, narrow, out(5, 2), q, q, k, k, q, k); });
    refuses("attention_backward", text(4, 8), text(5, 8),
            [&] { backend.attention_backward(l, o, narrow, narrow, in(4, 8), q, k, k, q, k); });
  }
  REQUIRE(difference(memory.now(), memory.host) == "");  // what was refused has left everything as it was
}

}  // namespace cohort::conformance
