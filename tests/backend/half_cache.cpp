// Keys and values in 16 bits on the Eigen backend: rounded once, and then the numbers that they mean.
#include <cohort/backend/eigen.hpp>
#include <cstring>

#include "../catch.hpp"
#include "../conformance/attention.hpp"

using namespace cohort;

namespace {

static_assert(half_caches<eigen::backend> && !half_caches<eigen::basic_backend<double>>);

std::uint16_t rounded(stored_type type, float x) { return type == stored_type::f16 ? to_half(x) : to_bfloat16(x); }
float meant(stored_type type, std::uint16_t bits) {
  return type == stored_type::f16 ? from_half(bits) : from_bfloat16(bits);
}

struct halves {
  stored_type type;
  std::ptrdiff_t rows, columns;
  std::vector<std::uint16_t> bits{std::vector<std::uint16_t>(std::size_t(rows * columns), 0)};
  half_matrix matrix() { return {type, reinterpret_cast<unsigned char*>(bits.data()), rows, columns}; }
};

std::vector<float> drawn(std::ptrdiff_t n, std::uint32_t number) {
  random_stream draws(stream_id{number, draw_purpose::user});
  std::vector<float> x(std::size_t(n), 0);
  for (auto& v : x) v = float(draws.uniform(-2, 2));
  return x;
}

}  // namespace

TEST_CASE("half_cache: scattered rows are rounded as to_half and to_bfloat16 do it, of every magnitude") {
  eigen::backend cpu{{.threads = 1}};
  random_stream draws(stream_id{4, draw_purpose::user});
  constexpr std::ptrdiff_t rows = 1200, columns = 37;
  std::vector<float> x(std::size_t(rows * columns), 0);
  for (auto& v : x) {
    auto const bits = std::uint32_t(draws.integer(1u << 31)) << 1 | std::uint32_t(draws.integer(2));
    std::uint32_t const ties[] = {bits, (bits & 0xffffe000) | 0x1000, (bits & 0xffff0000) | 0x8000};
    v = std::bit_cast<float>(ties[draws.integer(3)]);
  }
  float const edges[] = {0,        -0.f,      65519.99f, 65520,   -65536,  3.4e38f,
                         INFINITY, -INFINITY, NAN,       5.9e-8f, 2.9e-8f, 1e-40f};
  std::copy(std::begin(edges), std::end(edges), x.begin());
  std::vector<std::int32_t> to(rows);
  for (std::int32_t r = 0; r < rows; ++r) to[std::size_t(r)] = (r * 7 + 3) % rows;
  for (auto type : {stored_type::f16, stored_type::bf16})
    for (bool turned : {false, true}) {
      halves h{type, rows, columns};
      std::vector<float> lying(x);
      if (turned)
        for (std::ptrdiff_t r = 0; r < rows; ++r)
          for (std::ptrdiff_t c = 0; c < columns; ++c)
            lying[std::size_t(c * rows + r)] = x[std::size_t(r * columns + c)];
      cpu.scatter(h.matrix(), {lying.data(), rows, columns, turned ? 1 : columns, turned ? rows : 1},
                  {to.data(), rows});
      int wrong = 0;
      for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c)
          wrong += h.bits[std::size_t(to[r]) * columns + c] != rounded(type, x[r * columns + c]);
      CHECK(wrong == 0);
    }
}

TEST_CASE("half_cache: attention to halves has the bits of attention to the numbers that they mean") {
  using conformance::segments_of_tokens;
  segments_of_tokens prompts;
  prompts.family(70, {5, 1, 50});
  prompts.add(3, 3, -1);
  for (auto const& tokens : {segments_of_tokens::decoding({5, 1, 60}, 2, 7, 9), prompts})
    for (conformance::head_shape shape :
         {conformance::head_shape{6, 2, 16}, {3, 1, 64}, {4, 2, 10}, {2, 2, 32, 6}, {2, 1, 48, 0, .7, 2}})
      for (auto type : {stored_type::f16, stored_type::bf16})
        for (int threads : {1, 2}) {
          auto const [heads, kv_heads, size, window, factor, cap] = shape;
          eigen::backend cpu{{.threads = threads}};
          conformance::placed_layout<eigen::backend> placed(cpu, tokens, heads, kv_heads, size);
          placed.layout.window = window, placed.layout.factor = factor, placed.layout.cap = cap;
          std::ptrdiff_t const Q = tokens.queries, K = tokens.keys, narrow = kv_heads * size, wide = heads * size;
          halves keys{type, K, narrow}, values{type, K, narrow};
          auto q = drawn(Q * wide, 1), k = drawn(K * narrow, 2), v = drawn(K * narrow, 3);
          for (auto [in, of] : {std::pair(&k, &keys), {&v, &values}})
            for (std::size_t i = 0; i < in->size(); ++i) {
              of->bits[i] = rounded(type, (*in)[i]);
              (*in)[i] = meant(type, of->bits[i]);
            }
          std::vector<float> want(std::size_t(Q * wide + Q * heads)), got(want);
          auto const out = [&](auto& all) { return view<float>(all.data(), Q, wide); };
          auto const total = [&](auto& all) { return view<float>(all.data() + Q * wide, Q, heads); };
          cpu.attention(placed.layout, out(want), total(want), {q.data(), Q, wide}, {k.data(), K, narrow},
                        {v.data(), K, narrow});
          cpu.attention(placed.layout, out(got), total(got), {q.data(), Q, wide}, keys.matrix(), values.matrix());
          CAPTURE(heads, size, window, facts_of(type).name, threads);
          REQUIRE(got == want);
        }
}

TEST_CASE("half_cache: what does not fit is refused with what was given and what was expected") {
  eigen::backend cpu{{.threads = 1}};
  conformance::segments_of_tokens one;
  one.add(2, 2, -1);
  conformance::placed_layout<eigen::backend> placed(cpu, one, 1, 1, 4);
  float x[8] = {};
  std::int32_t const rows[] = {0, 1};
  view<float> const out(x, 2, 4), total(x, 2, 1);
  halves h{stored_type::f16, 2, 4}, narrower{stored_type::f16, 2, 3}, blocks{stored_type::q8_0, 2, 4};
  CHECK_THROWS_WITH(cpu.scatter(narrower.matrix(), out, {rows, 2}), "scatter: the input is 2 x 4, expected 2 x 3");
  CHECK_THROWS_WITH(cpu.scatter(blocks.matrix(), out, {rows, 2}),
                    "numbers in 16 bits of type Q8_0, expected F16 or BF16");
  CHECK_THROWS_WITH(cpu.attention(placed.layout, out, total, out, narrower.matrix(), h.matrix()),
                    "attention: the keys' matrix is 2 x 3, expected 2 x 4");
  auto other = h.matrix();
  other.type = stored_type::bf16;
  CHECK_THROWS_WITH(cpu.attention(placed.layout, out, total, out, h.matrix(), other),
                    "attention: the keys are F16 and the values BF16, expected one type");
}
