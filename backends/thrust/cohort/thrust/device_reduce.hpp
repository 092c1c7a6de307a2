#pragma once
#include <cohort/thrust/elements.hpp>
#include <cohort/thrust/queue.hpp>
#include <cub/device/device_reduce.cuh>
#include <cub/device/device_segmented_reduce.cuh>
#include <iterator>
#include <utility>

namespace COHORT_NAMESPACE::thrust::detail {

// Iterators of our own: nvcc writes the types of kernels' arguments into code of its own as thrust::..., which is
// ambiguous where a program says `using namespace cohort`.

/// What iterators over the places 0, 1, ... have in common.
template <class Self, class Value, class Reference>
struct place {
  using iterator_category = std::random_access_iterator_tag;
  using difference_type = std::ptrdiff_t;
  using value_type = Value;
  using reference = Reference;
  using pointer = void;

  constexpr reference operator*() const { return self().at(self().first); }
  constexpr reference operator[](std::ptrdiff_t k) const { return self().at(self().first + std::int32_t(k)); }
  constexpr Self& operator+=(std::ptrdiff_t k) {
    static_cast<Self*>(this)->first += std::int32_t(k);
    return *static_cast<Self*>(this);
  }
  constexpr Self& operator++() { return *this += 1; }
  friend constexpr Self operator+(Self i, std::ptrdiff_t k) { return i += k; }
  friend constexpr std::ptrdiff_t operator-(Self const& a, Self const& b) { return a.first - b.first; }
  friend constexpr bool operator==(Self const& a, Self const& b) { return a.first == b.first; }

 private:
  constexpr Self const& self() const { return *static_cast<Self const*>(this); }
};

/// Reads f(0), f(1), ...
template <class F>
struct generated : place<generated<F>, decltype(std::declval<F const&>()(0)), decltype(std::declval<F const&>()(0))> {
  F f;
  std::int32_t first = 0;
  constexpr explicit generated(F const& f) : f(f) {}
  constexpr auto at(std::int32_t i) const { return f(i); }
};

/// Calls f(i, x) where x is written to place i.
template <class F>
struct writes {
  F f;
  std::int32_t i;
  template <class X>
  constexpr writes const& operator=(X const& x) const {
    f(i, x);
    return *this;
  }
};
template <class F>
struct consumed : place<consumed<F>, void, writes<F>> {
  F f;
  std::int32_t first = 0;
  constexpr explicit consumed(F const& f) : f(f) {}
  constexpr writes<F> at(std::int32_t i) const { return {f, i}; }
};

/// N sums, in the form that CUB carries.
template <class T, int N>
struct sums {
  T values[N];
};
struct add_sums {
  template <class T, int N>
  constexpr sums<T, N> operator()(sums<T, N> a, sums<T, N> const& b) const {
    for (int k = 0; k < N; ++k) a.values[k] += b.values[k];
    return a;
  }
};

/// The terms of element i of a formula, as sums of one.
template <class T, int N, class Formula>
struct terms_at {
  Formula formula;
  constexpr sums<T, N> operator()(std::int32_t i) const {
    auto term = formula(i);
    sums<T, N> result{};
    for (int k = 0; k < N; ++k) result.values[k] = part(term, k).value;
    return result;
  }
};

/// A call of CUB's that says how much scratch memory it needs when it gets none, made twice: call(memory, size).
template <class Backend, class Call>
void with_scratch(Backend& backend, queue& q, char const* what, std::ptrdiff_t n, Call call) {
  on_device here(q.device());
  auto asked = [n] { return std::to_string(n) + " elements"; };
  std::size_t size = 0;
  check(call(nullptr, size), what, asked);
  auto scratch = backend.template temporary<std::uint8_t>(std::ptrdiff_t(size) + 1);
  check(call(static_cast<void*>(scratch.all().data), size), what, asked);
}

/// *out = the N sums over elements 0 ... n - 1, by a tree that depends on n and the device only: the same bits every
/// time.
template <class T, int N, class Backend, class Formula>
void reduce_all(Backend& backend, queue& q, std::ptrdiff_t n, Formula const& formula, T* out) {
  auto to = reinterpret_cast<sums<T, N>*>(out);
  generated terms(terms_at<T, N, Formula>{formula});
  with_scratch(backend, q, "cub::DeviceReduce::Reduce", n, [&](void* memory, std::size_t& size) {
    return cub::DeviceReduce::Reduce(memory, size, terms, to, std::int32_t(n), add_sums{}, sums<T, N>{}, q.stream());
  });
}

/// out[k] = the sum over elements offsets[k] ... offsets[k + 1] - 1.
template <class T, class Backend, class Formula>
void reduce_segments(Backend& backend, queue& q, view<std::int32_t const> offsets, Formula const& formula,
                     view<T> out) {
  using sum = sums<T, 1>;
  generated terms(terms_at<T, 1, Formula>{formula});
  with_scratch(backend, q, "cub::DeviceSegmentedReduce::Reduce", out.rows, [&](void* memory, std::size_t& size) {
    return cub::DeviceSegmentedReduce::Reduce(memory, size, terms, reinterpret_cast<sum*>(out.data), out.rows,
                                              offsets.data, offsets.data + 1, add_sums{}, sum{}, q.stream());
  });
}

/// From as many columns on a row is better shared by a block of threads than walked by one.
inline constexpr std::ptrdiff_t row_of_a_block = 128;

struct row_starts {
  std::int32_t columns;
  constexpr std::int32_t operator()(std::int32_t r) const { return r * columns; }
};

/// store(r, what op makes of the items of row r) for each row, by a tree that depends on the number of columns and the
/// device only.
template <class Backend, class Items, class Store, class Op, class Value>
void reduce_rows(Backend& backend, queue& q, std::ptrdiff_t rows, std::ptrdiff_t columns, Items const& items,
                 Store const& store, Op op, Value start) {
  if (rows == 0) return;
  generated all(items);
  generated starts(row_starts{std::int32_t(columns)});
  consumed to(store);
  with_scratch(backend, q, "cub::DeviceSegmentedReduce::Reduce", rows, [&](void* memory, std::size_t& size) {
    return cub::DeviceSegmentedReduce::Reduce(memory, size, all, to, rows, starts, starts + 1, op, start, q.stream());
  });
}

template <class T>
struct store_row {
  view<T> out;
  constexpr void operator()(std::int32_t r, T x) const { out[r] = x; }
  template <int N>
  constexpr void operator()(std::int32_t r, sums<T, N> const& x) const {
    for (int k = 0; k < N; ++k) out(r, k) = x.values[k];
  }
};
template <class T, class In>
struct values_at {
  In in;
  constexpr T operator()(std::int32_t i) const { return in(i); }
};
struct larger {
  template <class T>
  constexpr T operator()(T a, T b) const {
    return max(real<T>(a), real<T>(b)).value;
  }
};

template <class T, class Backend, class In>
void max_of_rows(Backend& backend, queue& q, std::ptrdiff_t columns, In const& in, view<T> out) {
  reduce_rows(backend, q, out.rows, columns, values_at<T, In>{in}, store_row<T>{out}, larger{},
              -std::numeric_limits<T>::infinity());
}
template <class T, int N, class Backend, class Formula>
void sums_of_rows(Backend& backend, queue& q, std::ptrdiff_t columns, Formula const& formula, view<T> out) {
  reduce_rows(backend, q, out.rows, columns, terms_at<T, N, Formula>{formula}, store_row<T>{out}, add_sums{},
              sums<T, N>{});
}

}  // namespace COHORT_NAMESPACE::thrust::detail
