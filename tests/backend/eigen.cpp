#include <atomic>
#include <chrono>
#include <cohort/backend/eigen.hpp>
#include <cohort/random/stream.hpp>
#include <cstring>
#include <thread>

#include "../catch.hpp"

using namespace cohort;

namespace {

template <class T>
host_array<T> reals(std::ptrdiff_t n, std::uint32_t which) {
  host_array<T> a(n);
  random_stream draws(stream_id{5, draw_purpose::user, which});
  for (std::ptrdiff_t i = 0; i < n; ++i) a.data()[i] = T(draws.uniform(-1, 1));
  return a;
}
template <class T>
view<T const> in(host_array<T> const& a, std::ptrdiff_t rows, std::ptrdiff_t columns = 1) {
  return a.matrix(rows, columns);
}
template <class T>
bool same_bits(host_array<T> const& a, host_array<T> const& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), std::size_t(a.size()) * sizeof(T)) == 0;
}

struct curve {
  template <class S>
  constexpr S operator()(S x, S y) const {
    return tanh(x * y + x) - y * y;
  }
};
struct two_moments {
  template <class S>
  constexpr several<S, 2> operator()(S x) const {
    return {{x, x * x}};
  }
};
struct decay {
  template <class S>
  constexpr S operator()(S carry, S x) const {
    return x + .95 * carry;
  }
};
struct hyperbolic {
  template <class S>
  constexpr S operator()(S x) const {
    return tanh(x);
  }
};

/// Throws where an element is 1234.
struct fragile {
  template <class S>
  S operator()(S x) const {
    for (int i = 0; i < S::width; ++i) {
      double lane = 0;
      if constexpr (S::width == 1) lane = double(x.value);
      else lane = double(x[i]);
      if (lane == 1234) throw std::domain_error("a formula met 1234");
    }
    return x;
  }
};

/// What f(backend, output) leaves in n elements has the same bits on 1, 2 and 3 threads, and whatever OpenMP would take
/// by itself.
template <class T, class F>
void requires_same_bits(std::ptrdiff_t n, F f) {
  auto result = [&](int threads) {
    eigen::basic_backend<T> backend(eigen::options{.threads = threads});
    host_array<T> out(n);
    f(backend, out);
    return out;
  };
  auto one = result(1);
  REQUIRE(same_bits(result(2), one));
  REQUIRE(same_bits(result(3), one));
  int before = eigen::hardware_threads();
  for (int available : {1, 2, 3}) {
    (void)available;
#ifdef _OPENMP
    omp_set_num_threads(available);
#endif
    auto again = result(1), all = result(0);
#ifdef _OPENMP
    omp_set_num_threads(before);
#endif
    REQUIRE(same_bits(again, one));
    REQUIRE(same_bits(all, one));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("eigen: map, reduce and scan give the same bits on any number of threads", "", float, double) {
  using T = TestType;
  std::ptrdiff_t n = 200'003;
  auto x = reals<T>(n, 1), y = reals<T>(n, 2);
  requires_same_bits<T>(n, [&](auto& b, auto& out) { b.map(outputs{out.all()}, curve{}, in(x, n), in(y, n)); });
  requires_same_bits<T>(300 * 600, [&](auto& b, auto& out) {
    b.map(outputs{out.matrix(300, 600)}, curve{}, in(x, 600, 300).transposed(), in(y, 300, 600));
  });
  requires_same_bits<T>(2, [&](auto& b, auto& out) { b.reduce(out.all(), two_moments{}, in(x, n)); });
  requires_same_bits<T>(2,
                        [&](auto& b, auto& out) { b.reduce(out.all(), two_moments{}, in(x, 600, 300).transposed()); });
  host_array<std::int32_t> offsets(2002);  // 2,001 series of 0 to 201 steps, the last of what is left
  for (std::ptrdiff_t i = 0, at = 0; i < 2002; ++i, at = std::min(n, at + i * 37 % 202))
    offsets.data()[i] = std::int32_t(i == 2001 ? n : at);
  partition packed = partition::segments(std::as_const(offsets).all(), n, n);
  for (auto d : {direction::forward, direction::backward}) {
    requires_same_bits<T>(40 * 5000, [&](auto& b, auto& out) {
      b.scan(partition::lanes(40, 5000), d, decay{}, 0, out.all(), in(x, 40 * 5000));
    });
    requires_same_bits<T>(40 * 4997, [&](auto& b, auto& out) {
      b.scan(partition::lanes(40, 4997), d, decay{}, 0, out.all(), in(x, 40 * 4997));
    });
    requires_same_bits<T>(n, [&](auto& b, auto& out) { b.scan(packed, d, decay{}, 0, out.all(), in(x, n)); });
  }
}

TEMPLATE_TEST_CASE("eigen: products, small and large, give the same bits on any number of threads", "", float, double) {
  using T = TestType;
  struct extents {
    std::ptrdiff_t M, K, N;
  };
  for (auto [M, K, N] :
       {extents{4000, 64, 64}, {3997, 63, 65}, {60'000, 64, 2}, {30'000, 4, 64}, {100, 600, 300}, {450, 380, 390}}) {
    auto a = reals<T>(M * K, 3), b = reals<T>(K * N, 4), bias = reals<T>(N, 5);
    CAPTURE(M, K, N);
    requires_same_bits<T>(
        M * N, [&](auto& backend, auto& out) { backend.matmul(out.matrix(M, N), in(a, M, K), in(b, K, N)); });
    requires_same_bits<T>(M * N, [&](auto& backend, auto& out) {
      backend.matmul(out.matrix(M, N), in(a, K, M).transposed(), in(b, N, K).transposed(), true);
    });
    requires_same_bits<T>(M * N, [&](auto& backend, auto& out) {
      backend.dense(out.matrix(M, N), in(a, M, K), in(b, K, N), in(bias, 1, N), hyperbolic{});
    });
  }
}

TEMPLATE_TEST_CASE("eigen: a row of a batch through a layer has the bits that it has alone", "", float, double) {
  using T = TestType;
  eigen::basic_backend<T> backend;
  for (auto [K, N] : {std::pair(4, 64), {64, 64}, {64, 2}, {64, 1}, {17, 9}, {64, 130}, {300, 400}}) {
    auto x = reals<T>(20 * K, 6), weight = reals<T>(K * N, 7), bias = reals<T>(N, 8);
    for (std::ptrdiff_t rows = 1; rows <= 20; ++rows) {
      host_array<T> batch(rows * N), alone(N);
      backend.dense(batch.matrix(rows, N), in(x, rows, K), in(weight, K, N), in(bias, 1, N), hyperbolic{});
      for (std::ptrdiff_t r = 0; r < rows; ++r) {
        backend.dense(alone.matrix(1, N), in(x, 20, K).part(r, 1), in(weight, K, N), in(bias, 1, N), hyperbolic{});
        CAPTURE(K, N, rows, r);
        REQUIRE(std::memcmp(alone.data(), batch.data() + r * N, std::size_t(N) * sizeof(T)) == 0);
      }
    }
  }
}

TEST_CASE("eigen: an exception that a formula throws on any thread arrives outside, and the backend can go on") {
  std::ptrdiff_t n = 300'000;
  for (int threads : {1, 2}) {
    eigen::backend backend(eigen::options{.threads = threads});
    for (std::ptrdiff_t where : {std::ptrdiff_t(0), n - 1}) {
      auto x = reals<float>(n, 9);
      x.data()[where] = 1234;
      host_array<float> out(n), sum(1);
      REQUIRE_THROWS_WITH(backend.map(outputs{out.all()}, fragile{}, in(x, n)), "a formula met 1234");
      REQUIRE_THROWS_AS(backend.reduce(sum.all(), fragile{}, in(x, n)), std::domain_error);
      REQUIRE_THROWS_AS(backend.for_each(n, [&](std::ptrdiff_t i) { fragile{}(real<float>(x.data()[i])); }),
                        std::domain_error);
      backend.map(outputs{out.all()}, hyperbolic{}, in(x, n));
      REQUIRE(out.data()[where] == 1);
    }
  }
}

#ifdef _OPENMP
TEST_CASE("eigen: an exception of another thread than the caller's arrives too") {
  eigen::backend backend(eigen::options{.threads = 2});
  auto const caller = std::this_thread::get_id();
  std::atomic<bool> thrown = false;
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  REQUIRE_THROWS_WITH(backend.for_each(100'000,
                                       [&](std::ptrdiff_t) {
                                         if (std::this_thread::get_id() != caller) {
                                           thrown = true;
                                           throw std::domain_error("elsewhere");
                                         }
                                         while (!thrown && std::chrono::steady_clock::now() < end)
                                           std::this_thread::yield();
                                       }),
                      "elsewhere");
}
#endif

TEST_CASE("eigen: a number of threads below 0 is refused, and 0 means as many as OpenMP would take") {
  REQUIRE_THROWS_AS(eigen::backend(eigen::options{.threads = -1}), value_error);
  REQUIRE_THROWS_WITH(eigen::backend(eigen::options{.threads = -1}),
                      "eigen::backend: threads is -1, expected 0 (all) or more");
  REQUIRE(eigen::backend(eigen::options{.threads = 0}).threads() == eigen::hardware_threads());
  REQUIRE(eigen::backend().threads() == eigen::hardware_threads());
  REQUIRE(eigen::backend(eigen::options{.threads = 3}).threads() == 3);
}

TEST_CASE("eigen: what a primitive reads may be a view of elements that can be written, or a vector") {
  eigen::backend backend;
  std::vector<float> numbers{1, 2, 3}, back(3);
  std::vector<std::int32_t> places{2, 0, 1};
  host_array<float> a, b(3);
  host_array<std::int32_t> index;
  backend.assign(a, numbers);
  backend.assign(index, places);
  backend.gather(b.all(), a.all(), index.all());
  backend.download(back, b.all());
  REQUIRE(back == std::vector<float>{3, 1, 2});
  backend.scatter(a.all(), b.all(), index.all());
  backend.download(back, a.all());
  REQUIRE(back == std::vector<float>{1, 2, 3});
  backend.map(outputs{b.all()}, detail::plus{}, a.all(), b.all());
  backend.upload(a.all(), numbers);
  backend.matmul(a.matrix(1, 1), b.matrix(1, 3), b.matrix(1, 3).transposed());
  REQUIRE(a.data()[0] == 16 + 9 + 25);
}
