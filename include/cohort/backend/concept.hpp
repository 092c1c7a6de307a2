#pragma once
#include <cohort/backend/fallback.hpp>
#include <concepts>
#include <span>

namespace COHORT_NAMESPACE {

namespace detail {

// Formulas to ask a backend for its primitives with.
struct probe_formula {
  template <class... S>
  constexpr auto operator()(S... x) const {
    return (x + ...);
  }
};
struct probe_rows {
  template <class R>
  constexpr void operator()(R r) const {
    r.set(0, r[0]);
  }
  template <class R>
  constexpr void operator()(std::ptrdiff_t, R r) const {
    r.set(0, r[0]);
  }
};

}  // namespace detail

/// A small object that owns the way formulas are evaluated on arrays: an array type and a dozen primitives (see
/// fallback.hpp, which has a generic version of each). Used by one thread at a time.
template <class B>
concept backend = requires(B b, view<typename B::value_type> out, view<typename B::value_type const> in,
                           view<std::int32_t const> index, typename B::template array<typename B::value_type> array,
                           std::span<typename B::value_type const> from, std::span<typename B::value_type> to,
                           detail::probe_formula f) {
  typename B::scalar;
  typename B::wide;
  typename B::template array<std::int32_t>;
  typename B::template array<std::uint8_t>;
  b.resize(array, 1);
  b.upload(out, from);
  b.assign(array, from);
  b.download(to, in);
  b.map(outputs{out}, f, in, in);
  b.map_rows(1, detail::probe_rows{}, out);
  b.for_rows(1, detail::probe_rows{}, out);
  b.reduce(out, f, in, in);
  b.scan(partition{}, direction::backward, f, 0., out, in);
  b.scan(partition{}, direction::backward, f, 0., outputs{out}, in);
  b.segment_reduce(partition{}, out, f, in);
  b.broadcast_series(partition{}, out, in);
  b.gather(out, in, index);
  b.scatter_add(out, in, index);
  b.scatter(out, in, index);
  b.row_max(out, in);
  b.row_sums(out, f, in, in);
  b.attention(attention_layout{}, out, out, in, in, in);
  b.attention_backward(attention_layout{}, out, out, out, in, in, in, in, in, in);
  b.matmul(out, in, in, true);
  b.matmul_prepared(out, in, b.prepare(array, in), true);
  b.dense(out, in, in, in, f);
  b.column_sum(out, in);
  b.uniform(out, stream_id{}, 0u);
  b.template temporary<typename B::value_type>(1);
};

template <class B>
using value_t = typename B::value_type;

/// Parameters of functions over a backend: either kind of view fits where one reads.
template <class B>
using in_view = view<value_t<B> const>;
template <class B>
using out_view = view<value_t<B>>;

}  // namespace COHORT_NAMESPACE
