#pragma once
#include <cohort/backend/stored_types.hpp>
#include <cohort/backend/view.hpp>
#include <span>
#include <string>

namespace COHORT_NAMESPACE {

/// A layer's weights as they lie in memory, often a file's: outputs x inputs. It owns nothing; the bytes need no
/// alignment.
struct stored_matrix {
  stored_type type = stored_type::f32;
  unsigned char const* bytes = nullptr;
  std::ptrdiff_t rows = 0, columns = 0;
  std::ptrdiff_t row_bytes = 0;  ///< from a row to the next
  bool round_inputs = false;  ///< a product may round what BF16 weights are multiplied by to bfloat16, too, where the
                              ///< processor multiplies pairs of such numbers at once

  constexpr stored_matrix() = default;
  /// Rows that follow one another.
  constexpr stored_matrix(stored_type t, void const* first, std::ptrdiff_t N, std::ptrdiff_t K)
      : stored_matrix(t, first, N, K, bytes_of(t, K)) {}
  constexpr stored_matrix(stored_type t, void const* first, std::ptrdiff_t N, std::ptrdiff_t K,
                          std::ptrdiff_t to_next_row)
      : type(t), bytes(static_cast<unsigned char const*>(first)), rows(N), columns(K), row_bytes(to_next_row) {}

  /// What a row of K numbers takes.
  static constexpr std::ptrdiff_t bytes_of(stored_type t, std::ptrdiff_t K) {
    auto const& of = facts_of(t);
    return K / std::ptrdiff_t(of.elements) * std::ptrdiff_t(of.bytes);
  }
  constexpr unsigned char const* row(std::ptrdiff_t n) const { return bytes + n * row_bytes; }
  constexpr stored_matrix part(std::ptrdiff_t first, std::ptrdiff_t count) const {
    stored_matrix some = *this;
    some.bytes = row(first), some.rows = count;
    return some;
  }
};

namespace detail {

[[noreturn, gnu::cold]] inline void throw_stored(char const* where, stored_matrix const& w) {
  auto const& of = facts_of(w.type);
  throw shape_error(std::string(where) + ": the stored weights are " + extents({w.rows, w.columns}) + " " +
                    std::string(of.name) + " with " + std::to_string(w.row_bytes) +
                    " bytes from a row to the next, expected a multiple of " + std::to_string(of.elements) +
                    " columns and at least " + std::to_string(stored_matrix::bytes_of(w.type, w.columns)) + " bytes");
}
[[noreturn, gnu::cold]] inline void throw_stored_type(stored_type t) {
  throw shape_error("stored weights of type " + std::to_string(int(t)) + ", expected one of " +
                    names_of_stored_types());
}
/// Rows are whole blocks, and do not overlap.
inline void check_stored(char const* where, stored_matrix const& w) {
  if (w.columns % std::ptrdiff_t(facts_of(w.type).elements) != 0 ||
      w.row_bytes < stored_matrix::bytes_of(w.type, w.columns))
    throw_stored(where, w);
}

}  // namespace detail

/// A backend that multiplies by stored weights as they lie, in one matrix or several that follow one another, and reads
/// rows of them: out (+)= in W^T and out(r) = W(index(r)).
template <class B>
concept stored_products = requires(B b, view<typename B::value_type> out, view<typename B::value_type const> in,
                                   view<std::int32_t const> index, stored_matrix const& weights) {
  b.matmul_prepared(out, in, weights, true);
  b.matmul_prepared(out, in, std::span<stored_matrix const>(&weights, 1), true);
  b.gather(out, weights, index);
};

/// One that multiplies by them from the other side, too: out (+)= in W, with all rows of the matrices as one right
/// factor. It is what goes backward through frozen weights.
template <class B>
concept stored_gradients =
    stored_products<B> &&
    requires(B b, view<typename B::value_type> out, view<typename B::value_type const> in,
             stored_matrix const& weights) { b.matmul(out, in, std::span<stored_matrix const>(&weights, 1), true); };

}  // namespace COHORT_NAMESPACE
