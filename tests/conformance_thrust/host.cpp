#include <cohort/backend/eigen.hpp>
#include <cohort/backend/thrust.hpp>
#include <cohort/random/stream.hpp>
#include <cstring>

#include "../conformance/attention.hpp"

using namespace cohort;

namespace {

template <class T>
host_array<T> reals(std::ptrdiff_t n, std::uint32_t which) {
  host_array<T> a(n);
  random_stream draws(stream_id{5, draw_purpose::user, which});
  for (std::ptrdiff_t i = 0; i < n; ++i) a.data()[i] = T(draws.uniform(-1, 1));
  return a;
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

/// Throws at one element, which stands in one of the cuts.
struct fragile {
  std::ptrdiff_t where;
  void operator()(std::ptrdiff_t i) const {
    if (i == where) throw std::domain_error("element " + std::to_string(i));
  }
};

/// What f(backend, output) leaves in n elements has the bits that the Eigen backend gives it on one thread.
template <class T, class F>
void requires_bits_of_eigen(std::ptrdiff_t n, F f) {
  auto result = [&](auto backend) {
    host_array<T> out(n);
    f(backend, out);
    return out;
  };
  auto expected = result(eigen::basic_backend<T>({.threads = 1}));
  for (int threads : {0, 1, 2, 3, 7}) {
    auto found = result(cohort::thrust::basic_backend<T>({.threads = threads}));
    CAPTURE(n, threads);
    REQUIRE(std::memcmp(found.data(), expected.data(), std::size_t(n) * sizeof(T)) == 0);
  }
}

}  // namespace

static_assert(backend<cohort::thrust::backend>);
static_assert(std::is_same_v<cohort::thrust::backend, cohort::thrust::basic_backend<float>>);

TEMPLATE_TEST_CASE("thrust: the same bits as the Eigen backend, on any number of threads", "", float, double) {
  using T = TestType;
  std::ptrdiff_t n = 200'003, M = 997, K = 63, N = 65;
  auto x = reals<T>(n, 1), y = reals<T>(n, 2);
  auto in = [](auto const& a, std::ptrdiff_t rows, std::ptrdiff_t columns = 1) {
    return view<T const>(a.matrix(rows, columns));
  };
  requires_bits_of_eigen<T>(n, [&](auto& b, auto& out) { b.map(outputs{out.all()}, curve{}, in(x, n), in(y, n)); });
  requires_bits_of_eigen<T>(180'000, [&](auto& b, auto& out) {
    b.map(outputs{out.matrix(300, 600)}, curve{}, in(x, 600, 300).transposed(), in(y, 300, 600));
  });
  requires_bits_of_eigen<T>(2, [&](auto& b, auto& out) { b.reduce(out.all(), two_moments{}, in(x, n)); });
  requires_bits_of_eigen<T>(199'880, [&](auto& b, auto& out) {
    b.scan(partition::lanes(40, 4997), direction::backward, decay{}, 0, out.all(), in(x, 199'880));
  });
  requires_bits_of_eigen<T>(M * N, [&](auto& b, auto& out) { b.matmul(out.matrix(M, N), in(x, M, K), in(y, K, N)); });
  requires_bits_of_eigen<T>(
      450 * 390, [&](auto& b, auto& out) { b.matmul(out.matrix(450, 390), in(x, 450, 380), in(y, 380, 390)); });
}

TEMPLATE_TEST_CASE(
    "thrust: what language models take has the same bits as the Eigen backend's, on any number of threads", "", float,
    double) {
  using T = TestType;
  auto x = reals<T>(200'003, 1), y = reals<T>(200'003, 2);
  auto in = [](auto const& a, std::ptrdiff_t rows, std::ptrdiff_t columns = 1) {
    return view<T const>(a.matrix(rows, columns));
  };
  requires_bits_of_eigen<T>(200, [&](auto& b, auto& out) { b.row_max(out.all(), in(x, 200, 997)); });
  requires_bits_of_eigen<T>(
      400, [&](auto& b, auto& out) { b.row_sums(out.matrix(200, 2), two_moments{}, in(x, 200, 997)); });
  for (std::ptrdiff_t rows : {3, 450})
    requires_bits_of_eigen<T>(rows * 390, [&](auto& b, auto& out) {
      host_array<T> room;
      auto factor = b.prepare(room, in(y, 390, 380).transposed());
      b.matmul_prepared(out.matrix(rows, 390), in(x, rows, 380), factor);
    });
  conformance::segments_of_tokens tokens;
  for (int n : {70, 5, 33}) tokens.family(n, {20, 1, 60});
  std::ptrdiff_t Q = tokens.queries, wide = 32, narrow = 16;
  requires_bits_of_eigen<T>(Q * (2 * wide + 2 * narrow + 4), [&](auto& b, auto& out) {
    conformance::placed_layout<std::remove_reference_t<decltype(b)>> placed(b, tokens, 4, 2, 8);
    T* to = out.data();
    auto next = [&](std::ptrdiff_t columns) { return view<T>(std::exchange(to, to + Q * columns), Q, columns); };
    view<T> attended = next(wide), log_total = next(4), dq = next(wide), dk = next(narrow), dv = next(narrow);
    view<T const> q = in(x, Q, wide), k = in(y, Q, narrow), v(y.data() + 50'000, Q, narrow),
                  dout(x.data() + 50'000, Q, wide);
    b.attention(placed.layout, attended, log_total, q, k, v);
    b.attention_backward(placed.layout, dq, dk, dv, dout, q, k, v, attended, log_total);
  });
}

TEST_CASE("thrust: an exception thrown in any cut of a loop arrives outside, and the backend can go on") {
  for (int threads : {1, 2, 5}) {
    cohort::thrust::backend backend({.threads = threads});
    for (std::ptrdiff_t where : {0, 50'000, 99'999}) {
      REQUIRE_THROWS_WITH(backend.for_each(100'000, fragile{where}), "element " + std::to_string(where));
      backend.for_each(100'000, fragile{-1});
    }
  }
}

TEST_CASE("thrust: a formula reads and writes a vector of Thrust's where it is") {
  cohort::thrust::backend backend;
  ::thrust::device_vector<float> x(1000, .5f), y(1000);
  auto const& read_only = x;
  backend.map(outputs{cohort::thrust::view_of(y)}, curve{}, cohort::thrust::view_of(read_only),
              cohort::thrust::view_of(read_only));
  REQUIRE(float(y[999]) == Approx(std::tanh(.75) - .25));
  REQUIRE(cohort::thrust::view_of(x).data == ::thrust::raw_pointer_cast(x.data()));
  static_assert(std::is_same_v<decltype(cohort::thrust::view_of(read_only)), view<float const>>);
}

TEST_CASE("thrust: a number of threads below 0 is refused, and 0 means as many as the system would take") {
  REQUIRE_THROWS_WITH(cohort::thrust::backend({.threads = -1}),
                      "thrust::backend: threads is -1, expected 0 (all) or more");
  REQUIRE(cohort::thrust::backend().threads() == cohort::thrust::hardware_threads());
  REQUIRE(cohort::thrust::backend({.threads = 3}).threads() ==
          (THRUST_DEVICE_SYSTEM == THRUST_DEVICE_SYSTEM_CPP ? 1 : 3));
}
