#include <cohort/backend/eigen.hpp>
#include <cstring>

#include "../catch.hpp"
#include "../support/archetype.hpp"
#include "../support/stored_weights.hpp"

using namespace cohort;

namespace {

std::vector<float> inputs(std::ptrdiff_t n) {
  random_stream draws(stream_id{8, draw_purpose::user});
  std::vector<float> x(std::size_t(n), 0);
  for (auto& v : x) v = float(draws.uniform(-1, 1));
  return x;
}

/// The largest difference of c from start + a W^T in double, as a part of the sum of the products' magnitudes.
template <class T>
double error(view<T const> c, view<T const> a, stored_weights const& w, double start) {
  double worst = 0;
  for (std::ptrdiff_t r = 0; r < c.rows; ++r)
    for (std::ptrdiff_t n = 0; n < c.columns; ++n) {
      double sum = start, magnitude = std::abs(start) + 1e-30;
      for (std::ptrdiff_t k = 0; k < a.columns; ++k) {
        double const product = double(a(r, k)) * double(w.numbers[std::size_t(n * a.columns + k)]);
        sum += product, magnitude += std::abs(product);
      }
      worst = std::max(worst, std::abs(double(c(r, n)) - sum) / magnitude);
    }
  return worst;
}

std::ptrdiff_t columns_of(stored_type type, std::ptrdiff_t blocks) {
  auto const elements = std::ptrdiff_t(facts_of(type).elements);
  return elements == 1 ? 37 * blocks : elements * blocks;
}

}  // namespace

TEST_CASE("stored_product: every type, any number of rows: the product in double, and a row's bits are those alone") {
  for (auto const& of : stored_types)
    for (auto [N, blocks] : {std::pair{1, 1}, {33, 2}, {70, 3}}) {
      std::ptrdiff_t const K = columns_of(of.type, blocks);
      stored_weights const w(of.type, N, K);
      auto const x = inputs(70 * K);
      std::vector<float> alone;
      for (int threads : {1, 2}) {
        eigen::backend cpu{{.threads = threads}};
        for (std::ptrdiff_t R : {1, 2, 3, 5, 8, 9, 70})
          for (bool accumulate : {false, true}) {
            std::vector<float> c(std::size_t(R * N), 2);
            view<float> const out(c.data(), R, N);
            view<float const> const in(x.data(), R, K);
            cpu.matmul_prepared(out, in, w.matrix, accumulate);
            CAPTURE(of.name, N, K, R, threads, accumulate);
            REQUIRE(error<float>(out, in, w, accumulate ? 2 : 0) < 3e-7);
            if (accumulate) continue;
            if (alone.empty()) alone = c;
            REQUIRE(std::memcmp(alone.data(), c.data(), std::size_t(N) * sizeof(float)) == 0);
          }
      }
    }
}

TEST_CASE("stored_product: rows of several pieces, on one thread and two, alone and in a batch") {
  for (auto type : {stored_type::f32, stored_type::bf16, stored_type::q8_0, stored_type::q4_k}) {
    std::ptrdiff_t const N = 130, K = type == stored_type::bf16 ? 2309 : 2304;
    stored_weights const w(type, N, K);
    auto const x = inputs(300 * K);
    std::vector<float> all;
    for (int threads : {1, 2}) {
      eigen::backend cpu{{.threads = threads}};
      std::vector<float> batch(std::size_t(300 * N), 0), one(std::size_t(N), 0);
      view<float const> const in(x.data(), 300, K);
      cpu.matmul_prepared(view<float>(batch.data(), 300, N), in, w.matrix);
      cpu.matmul_prepared(view<float>(one.data(), 1, N), in.part(299, 1), w.matrix);
      REQUIRE(std::memcmp(one.data(), batch.data() + 299 * N, std::size_t(N) * sizeof(float)) == 0);
      if (all.empty()) all = batch;
      REQUIRE(all == batch);
    }
    CHECK(error<float>({all.data(), 300, N}, {x.data(), 300, K}, w, 0) < 3e-7);
  }
}

TEST_CASE("stored_product: several matrices of several types, as one after the other") {
  constexpr stored_type types[] = {stored_type::q8_0, stored_type::bf16, stored_type::q4_k,
                                   stored_type::f32,  stored_type::q4_1, stored_type::q8_0};
  constexpr std::ptrdiff_t sizes[] = {40, 3, 130, 0, 33, 1}, N = 207;
  for (std::ptrdiff_t K : {256, 2304}) {
    std::vector<stored_weights> kept;
    std::vector<stored_matrix> all;
    for (int i = 0; i < 6; ++i) kept.emplace_back(types[i], sizes[i], K);
    for (auto const& w : kept) all.push_back(w.matrix);
    auto const x = inputs(300 * K);
    for (int threads : {1, 2})
      for (std::ptrdiff_t R : {1, 7, 300})
        for (bool accumulate : {false, true}) {
          eigen::backend cpu{{.threads = threads}};
          std::vector<float> want(std::size_t(R * N), 2), c = want;
          view<float const> const in(x.data(), R, K);
          std::ptrdiff_t first = 0;
          for (auto const& w : all) {
            cpu.matmul_prepared(view<float>(want.data(), R, N).columns_part(first, w.rows), in, w, accumulate);
            first += w.rows;
          }
          cpu.matmul_prepared(view<float>(c.data(), R, N), in, std::span<stored_matrix const>(all), accumulate);
          CAPTURE(K, threads, R, accumulate);
          REQUIRE(c == want);
        }
  }
  eigen::backend cpu{{.threads = 1}};
  stored_weights const w(stored_type::f32, 3, 4);
  stored_matrix const two[] = {w.matrix, w.matrix};
  float x[5] = {}, c[7];
  CHECK_THROWS_WITH(cpu.matmul_prepared(view<float>(c, 1, 7), view<float const>(x, 1, 4), two),
                    "matmul: 1 x 4 times 4 x 6 into 1 x 7");
  CHECK_THROWS_WITH(cpu.matmul_prepared(view<float>(c, 1, 6), view<float const>(x, 1, 5), two),
                    "matmul: 1 x 5 times 4 x 3 into 1 x 3");
}

TEST_CASE(
    "stored_product: inputs rounded to bfloat16 like the weights, where the processor multiplies pairs of these") {
  for (auto [N, K] : {std::pair<std::ptrdiff_t, std::ptrdiff_t>{1, 1}, {33, 37}, {70, 96}, {130, 2309}}) {
    stored_weights w(stored_type::bf16, N, K);
    auto x = inputs(300 * K);
    std::vector<float> exact(std::size_t(2 * N)), all;
    eigen::backend one{{.threads = 1}}, two{{.threads = 2}};
    one.matmul_prepared(view<float>(exact.data(), 2, N), view<float const>(x.data(), 2, K), w.matrix);
    w.matrix.round_inputs = true;
    for (std::ptrdiff_t R : {1, 3, 8, 9, 300})
      for (auto* cpu : {&one, &two}) {
        std::vector<float> c(std::size_t(R * N), 2), more = c;
        view<float const> const in(x.data(), R, K);
        cpu->matmul_prepared(view<float>(c.data(), R, N), in, w.matrix);
        cpu->matmul_prepared(view<float>(more.data(), R, N), in, w.matrix, true);
        CAPTURE(N, K, R);
        if (all.empty()) all = c;  // a row's bits are those alone
        REQUIRE(std::memcmp(all.data(), c.data(), std::size_t(N) * sizeof(float)) == 0);
        float off = 0;
        for (std::size_t i = 0; i < c.size(); ++i) off = std::max(off, std::abs(more[i] - c[i] - 2));
        REQUIRE(off < 1e-4);
        auto rounded = x;
        if (eigen::has_pairs)
          for (auto& v : rounded) v = from_bfloat16(to_bfloat16(v));
        REQUIRE(error<float>({c.data(), R, N}, {rounded.data(), R, K}, w, 0) < 1e-6);
      }
    if (!eigen::has_pairs) CHECK(std::memcmp(exact.data(), all.data(), std::size_t(N) * sizeof(float)) == 0);
    // Matrices of both kinds in one product.
    stored_weights const plain(stored_type::q8_0, 5, 64), narrow(stored_type::bf16, 7, 64);
    stored_matrix some[] = {narrow.matrix, plain.matrix, narrow.matrix};
    some[0].round_inputs = true;
    std::vector<float> c(19), want(19);
    view<float const> const in(x.data(), 1, 64);
    if (x.size() < 64) continue;
    for (std::ptrdiff_t i = 0, first = 0; i < 3; first += some[i++].rows)
      one.matmul_prepared(view<float>(want.data() + first, 1, some[i].rows), in, some[i]);
    one.matmul_prepared(view<float>(c.data(), 1, 19), in, some);
    CHECK(c == want);
  }
}

TEST_CASE("stored_product: inputs and outputs however they lie, none of them, and numbers in double") {
  stored_weights const w(stored_type::q8_0, 70, 64);
  eigen::backend cpu{{.threads = 2}};
  auto const x = inputs(20 * 64);
  view<float const> const lying(x.data(), 20, 64, 1, 20);
  for (std::ptrdiff_t R : {1, 3, 20}) {
    std::vector<float> c(std::size_t(2 * 20 * 70), 1);
    view<float> const out(c.data(), R, 70, 1, 20), wide(c.data(), R, 70, 140, 2);
    cpu.matmul_prepared(out, lying.part(0, R), w.matrix);
    CHECK(error<float>(out, lying.part(0, R), w, 0) < 3e-7);
    c.assign(c.size(), 1);
    cpu.matmul_prepared(wide, lying.part(0, R), w.matrix, true);
    CHECK(error<float>(wide, lying.part(0, R), w, 1) < 3e-7);
  }
  float nothing[70] = {1};
  cpu.matmul_prepared(view<float>(nothing, 1, 70), view<float const>(nothing, 1, 0),
                      stored_matrix(stored_type::q8_0, w.bytes.data(), 70, 0));
  CHECK(nothing[0] == 0);
  cpu.matmul_prepared(view<float>(nothing, 0, 70), view<float const>(nothing, 0, 64), w.matrix);
  cpu.matmul_prepared(view<float>(nothing, 1, 0), view<float const>(x.data(), 1, 64), w.matrix.part(0, 0));

  eigen::host_backend<double> exact(eigen::on_own_threads(2));
  for (auto const& of : stored_types) {
    std::ptrdiff_t const K = columns_of(of.type, 2);
    stored_weights const weights(of.type, 70, K);
    std::vector<double> in(std::size_t(3 * K)), out(3 * 70, 0);
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = double(i % 17) / 16;
    exact.matmul_prepared(view<double>(out.data(), 3, 70), view<double const>(in.data(), 3, K), weights.matrix);
    CAPTURE(of.name);
    CHECK(error<double>({out.data(), 3, 70}, {in.data(), 3, K}, weights, 0) < 1e-15);
  }
}

TEST_CASE("stored_product: gathered rows are what the decoder makes of them") {
  std::int32_t const rows[] = {4, 0, 4, 2};
  view<std::int32_t const> const index(rows, 4);
  eigen::backend cpu{{.threads = 2}};
  eigen::host_backend<double> exact(eigen::on_own_threads(1));
  for (auto const& of : stored_types) {
    std::ptrdiff_t const K = columns_of(of.type, 3);
    stored_weights const w(of.type, 5, K);
    std::vector<float> out(std::size_t(4 * K)), turned(out);
    std::vector<double> in_double(std::size_t(4 * K));
    cpu.gather(view<float>(out.data(), 4, K), w.matrix, index);
    cpu.gather(view<float>(turned.data(), 4, K, 1, 4), w.matrix, index);
    exact.gather(view<double>(in_double.data(), 4, K), w.matrix, index);
    int wrong = 0;
    for (std::ptrdiff_t r = 0; r < 4; ++r)
      for (std::ptrdiff_t k = 0; k < K; ++k) {
        float const want = w.numbers[std::size_t(rows[r] * K + k)];
        wrong += out[std::size_t(r * K + k)] != want || turned[std::size_t(k * 4 + r)] != want ||
                 in_double[std::size_t(r * K + k)] != double(want);
      }
    CAPTURE(of.name);
    CHECK(wrong == 0);
  }
}

TEST_CASE("stored_product: halves widen exactly, all 65536 of both kinds") {
  std::vector<std::uint16_t> all(65536);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = std::uint16_t(i);
  eigen::backend cpu{{.threads = 1}};
  std::int32_t const first = 0;
  for (auto type : {stored_type::f16, stored_type::bf16}) {
    std::vector<float> out(all.size());
    cpu.gather(view<float>(out.data(), 1, 65536), stored_matrix(type, all.data(), 1, 65536),
               view<std::int32_t const>(&first, 1));
    int wrong = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      float const want = type == stored_type::f16 ? from_half(all[i]) : from_bfloat16(all[i]);
      wrong += want == want ? out[i] != want : out[i] == out[i];
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("stored_product: what does not fit is refused with what was given and what was expected") {
  using Catch::Matchers::ContainsSubstring;
  eigen::backend cpu{{.threads = 1}};
  std::vector<float> numbers(1000);
  std::vector<unsigned char> bytes(2000);
  view<float> const out(numbers.data(), 2, 4);
  view<float const> const in(numbers.data(), 2, 64);
  std::int32_t const zero[] = {0, 0};
  CHECK_THROWS_WITH(cpu.matmul_prepared(out, in, stored_matrix(stored_type::q8_0, bytes.data(), 4, 32)),
                    ContainsSubstring("matmul: 2 x 64 times 32 x 4 into 2 x 4"));
  CHECK_THROWS_WITH(cpu.matmul_prepared(out, in, stored_matrix(stored_type::q4_k, bytes.data(), 4, 64)),
                    ContainsSubstring("4 x 64 Q4_K with 0 bytes from a row to the next, expected a multiple of 256"));
  CHECK_THROWS_WITH(
      cpu.matmul_prepared(out, in, stored_matrix(stored_type::q8_0, bytes.data(), 4, 64, 34)),
      ContainsSubstring("with 34 bytes from a row to the next") && ContainsSubstring("at least 68 bytes"));
  CHECK_THROWS_WITH(
      cpu.gather(out, stored_matrix(stored_type::f32, bytes.data(), 4, 5), view<std::int32_t const>(zero, 2)),
      ContainsSubstring("gather: the output is 2 x 4, expected 2 x 5"));
}

TEST_CASE("stored_product: a backend has it, or says so") {
  STATIC_REQUIRE(stored_products<eigen::backend>);
  STATIC_REQUIRE(stored_products<eigen::host_backend<double>>);
  STATIC_REQUIRE(!stored_products<archetype<float>>);
}
