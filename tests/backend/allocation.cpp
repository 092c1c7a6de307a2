#include <atomic>
#include <cohort/backend/eigen.hpp>
#include <cstdlib>
#include <new>

#include "../catch.hpp"
#include "allocation.hpp"

using namespace cohort;

// This program counts its allocations, and refuses the absurd ones itself, since sanitizers end the program there.
namespace {
std::atomic<long> count{0};

void* allocated(std::size_t n, std::size_t alignment) {
  ++count;
  if (n > largest_allocation) throw std::bad_alloc();
  void* p = std::aligned_alloc(alignment, (n / alignment + 1) * alignment);
  if (!p) throw std::bad_alloc();
  return p;
}
}  // namespace

long allocations() { return count; }

void* operator new(std::size_t n) { return allocated(n, alignof(std::max_align_t)); }
void* operator new(std::size_t n, std::align_val_t alignment) { return allocated(n, std::size_t(alignment)); }
// The standard library's sorts ask for their buffers this way; a sanitizer wants each pair from one hand.
void* operator new(std::size_t n, std::nothrow_t const&) noexcept { return std::malloc(n); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace {

struct sum_and_product {
  template <class S>
  constexpr several<S, 2> operator()(S a, S b) const {
    return {{a + b, a * b}};
  }
};
struct doubled {
  template <class S>
  constexpr S operator()(S x) const {
    return 2 * x;
  }
};
struct sum_of_both {
  template <class S>
  constexpr S operator()(S a, S b) const {
    return a + b;
  }
};
struct row_total {
  template <class X, class Out>
  constexpr void operator()(X x, Out out) const {
    out.set(0, x[0] + x[1]);
  }
};

/// Once through every primitive, on arrays of `scale` times some hundred elements.
template <class B>
void all_primitives(B& backend, host_array<float>& a, host_array<float>& b, host_array<float>& c,
                    host_array<std::int32_t> const& index, std::ptrdiff_t scale) {
  std::ptrdiff_t rows = 100 * scale, n = 64 * rows;
  auto in = [&](std::ptrdiff_t r, std::ptrdiff_t columns) { return view<float const>(a.matrix(r, columns)); };
  auto out = [&](std::ptrdiff_t r, std::ptrdiff_t columns) { return b.matrix(r, columns); };
  backend.map(outputs{out(n, 1), c.matrix(n, 1)}, sum_and_product{}, in(n, 1), in(n, 1));
  backend.map(outputs{out(rows, 64)}, sum_of_both{}, in(64, rows).transposed(), in(rows, 64));
  backend.map_rows(rows, row_total{}, in(rows, 64), out(rows, 1));
  backend.reduce(out(2, 1), sum_and_product{}, in(n, 1), in(n, 1));
  backend.reduce(out(2, 1), sum_and_product{}, in(64, rows).transposed(), in(rows, 64));
  backend.scan(partition::lanes(rows, 64), direction::backward, sum_of_both{}, 0, out(n, 1), in(n, 1));
  backend.segment_reduce(partition::lanes(rows, 64), out(64, 1), doubled{}, in(n, 1));
  backend.broadcast_series(partition::lanes(rows, 64), out(n, 1), in(64, 1));
  backend.gather(out(rows, 64), in(rows, 64), view<std::int32_t const>(index.data(), rows));
  backend.scatter_add(out(rows, 64), in(rows, 64), view<std::int32_t const>(index.data(), rows));
  backend.matmul(out(rows, 64), in(rows, 64), in(64, 64));
  backend.matmul(out(64, 64), in(rows, 64).transposed(), in(rows, 64));
  backend.matmul(out(rows, 33), in(rows, 64), in(33, 64).transposed());
  backend.dense(out(rows, 2), in(rows, 64), in(64, 2), in(1, 2), doubled{});
  backend.column_sum(out(1, 64), in(rows, 64));
  backend.uniform(out(rows, 64), stream_id{1});
  auto first = backend.template temporary<float>(n);
  auto second = backend.template temporary<float>(3 * n);
  backend.map(outputs{first.all()}, doubled{}, in(n, 1));
}

}  // namespace

TEST_CASE("eigen: once it is warm, a loop of primitives and small products allocates nothing, on one thread or two") {
  for (int threads : {1, 2}) {
    eigen::backend backend(eigen::options{.threads = threads});
    host_array<float> a(64'000), b(64'000), c(64'000);
    host_array<std::int32_t> index(1000);
    for (int pass = 0; pass < 3; ++pass) all_primitives(backend, a, b, c, index, 10);
    long before = allocations();
    for (int pass = 0; pass < 10; ++pass)
      all_primitives(backend, a, b, c, index, 10 - pass);  // smaller arrays fit where larger ones were
    long after = allocations();
    REQUIRE(after == before);
    all_primitives(backend, a, b, c, index, 10);
    host_array<float> one_more(10);
    REQUIRE(allocations() > after);  // they are counted
  }
}
