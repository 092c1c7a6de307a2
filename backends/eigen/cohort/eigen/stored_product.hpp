#pragma once
#include <cohort/backend/stored_matrix.hpp>
#include <cohort/eigen/half_numbers.hpp>
#include <cohort/eigen/parallel.hpp>
#include <cohort/eigen/stored_kernels.hpp>
#include <span>

namespace COHORT_NAMESPACE::eigen {

/// c (+)= a W^T, where W's rows are stored weights, in up to most_matrices that follow one another: c is R x N, a
/// R x K with adjacent columns. One loop for all of them: a short one alone is too little for several threads.
///
/// Few rows of a: W is widened in registers, wherever it is needed. More: a worker widens some rows of W to floats in a
/// corner of its cache, and multiplies all of a by them. An element is the same sums in the same order both ways
/// (see stored_strip), in pieces of K that K alone determines; so its bits do not depend on the batch, nor on threads.
class stored_product {
  using kernels = stored_kernels;
  static constexpr std::ptrdiff_t rows_at_once = 256;  ///< of a, for each of which W is widened again

 public:
  static constexpr std::size_t most_matrices = 4;

  stored_product(view<float> c, view<float const> a, std::span<stored_matrix const> all, bool accumulate)
      : c_(c), a_(a), accumulate_(accumulate) {
    pairs_ = !all.empty() && in_pairs(all[0]);
    std::ptrdiff_t const longest = pairs_ ? 2048 : 1024, pieces = (a.columns + longest - 1) / longest;
    piece_ = pieces < 2 ? a.columns : ((a.columns + pieces - 1) / pieces + 255) / 256 * 256;
    std::ptrdiff_t bytes = 0, column = 0;
    for (auto const& w : all) {
      bool const short_pieces = piece_ < a.columns && facts_of(w.type).elements > 1;
      std::ptrdiff_t const strip = short_pieces && c.rows <= kernels::most_inputs ? 8 : stored_strip_rows;
      matrices_[count_++] = {&w, pairs_ ? &of_pairs : &stored_kernels_of(w.type), column, strips_, strip};
      column += w.rows, strips_ += (w.rows + strip - 1) / strip, bytes += w.rows * w.row_bytes;
      widens_ = widens_ || widens(matrices_[count_ - 1]);
    }
    // A thread more for 64 KiB of weights, which take it some three microseconds.
    grain_ = 1 + (1 << 16) * strips_ / std::max<std::ptrdiff_t>(bytes * c.rows, 1);
  }

  /// Whether weights are multiplied by inputs rounded to their type. All matrices of a product are, or none.
  static bool in_pairs(stored_matrix const& w) { return has_pairs && w.round_inputs && w.type == stored_type::bf16; }

  /// Room that it needs, in numbers.
  std::ptrdiff_t room(int threads) const {
    return room_of_inputs() + (widens_ ? threads * stored_strip_rows * line() : 0);
  }

  void operator()(executor const& run_over, float* room) const {
    if (copies()) copy_inputs(run_over, room);
    std::ptrdiff_t const blocks = (c_.rows + rows_at_once - 1) / rows_at_once;
    run_over(strips_ * blocks, grain_, [&](int worker, std::ptrdiff_t first, std::ptrdiff_t last) {
      float* const floats = widens_ ? room + room_of_inputs() + worker * stored_strip_rows * line() : nullptr;
      std::size_t m = 0;
      for (std::ptrdiff_t i = first; i < last; ++i) {
        while (m + 1 < count_ && i / blocks >= matrices_[m + 1].first_strip) ++m;
        multiply_strip(matrices_[m], i / blocks - matrices_[m].first_strip, i % blocks * rows_at_once, room, floats);
      }
    });
  }

 private:
  struct matrix {
    stored_matrix const* weights;
    kernels const* with;
    std::ptrdiff_t column, first_strip;
    std::ptrdiff_t strip;  ///< rows at once: fewer where their pieces are a few lines that lie far apart
  };
  static constexpr kernels of_pairs = kernels::of_pairs();
  struct input_rows {
    unsigned char const* first;
    std::ptrdiff_t stride;  ///< in bytes
    static input_rows of(float const* first, std::ptrdiff_t stride) {
      return {reinterpret_cast<unsigned char const*>(first), stride * std::ptrdiff_t(sizeof(float))};
    }
  };

  bool widens(matrix const& m) const { return c_.rows > m.with->most_direct; }
  bool copies() const { return pairs_ || c_.rows > kernels::most_inputs; }
  std::ptrdiff_t room_of_inputs() const {
    return copies() ? a_.rows * line() * ((a_.columns + piece_ - 1) / piece_) : 0;
  }
  std::ptrdiff_t depth(std::ptrdiff_t k) const { return std::min(piece_, a_.columns - k); }
  /// Between rows of pieces that are copied: a vector more, so that they do not all fall on the same lines of a cache.
  std::ptrdiff_t line() const {
    std::ptrdiff_t const numbers = pairs_ ? (piece_ + 1) / 2 : piece_;
    return (numbers + 15) / 16 * 16 + 16;
  }

  /// Each piece of all rows by itself: whoever multiplies by it has it in few lines and pages.
  void copy_inputs(executor const& run_over, float* to) const {
    run_over(a_.rows, 64, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t r = first; r < last; ++r)
        for (std::ptrdiff_t k = 0; k < a_.columns; k += piece_)
          if (float* const row = to + (k / piece_ * a_.rows + r) * line(); pairs_)
            narrow(&a_(r, k), depth(k), reinterpret_cast<half_number<block::bf16>*>(row));
          else std::copy_n(&a_(r, k), depth(k), row);
    });
  }

  /// Strip s of a matrix by the inputs from `row` on; `floats` is the worker's room.
  void multiply_strip(matrix const& m, std::ptrdiff_t s, std::ptrdiff_t row, float const* copied, float* floats) const {
    stored_matrix const& w = *m.weights;
    for (std::ptrdiff_t k = 0; k < a_.columns; k += piece_) {
      input_rows const inputs = copies() ? input_rows::of(copied + k / piece_ * a_.rows * line(), line())
                                         : input_rows::of(a_.data + k, a_.row_stride);
      stored_rows weights{w.row(s * m.strip) + stored_matrix::bytes_of(w.type, k), w.row_bytes,
                          int(std::min(m.strip, w.rows - s * m.strip))};
      if (widens(m)) {
        for (int n = 0; n < weights.count; ++n) m.with->widen(weights[n], depth(k), floats + n * line());
        weights.first = reinterpret_cast<lanes::bytes>(floats);
        weights.row_bytes = std::ptrdiff_t(sizeof(float)) * line();
      }
      multiply(widens(m) ? stored_kernels_of(stored_type::f32) : *m.with, weights, m.column + s * m.strip, inputs, row,
               std::min(rows_at_once, c_.rows - row), k);
    }
  }

  /// Rows of weights, whose products begin at `column`, by `rows` rows of inputs from `row` on.
  void multiply(kernels const& with, stored_rows const& weights, std::ptrdiff_t column, input_rows inputs,
                std::ptrdiff_t row, std::ptrdiff_t rows, std::ptrdiff_t k) const {
    for (std::ptrdiff_t r = row; r < row + rows;) {
      int const here = int(std::min<std::ptrdiff_t>(row + rows - r, kernels::most_inputs));
      void const* each[kernels::most_inputs];
      for (int i = 0; i < kernels::most_inputs; ++i)
        each[i] = inputs.first + (r + std::min(i, here - 1)) * inputs.stride;
      float sums[kernels::most_inputs * stored_strip_rows];
      (here == 1 ? with.one : here <= kernels::few_inputs ? with.few : with.most)(weights, each, depth(k), sums);
      for (int i = 0; i < here; ++i) add(&c_(r + i, column), sums + i * stored_strip_rows, weights.count, k);
      r += here;
    }
  }
  void add(float* to, float const* sums, int count, std::ptrdiff_t k) const {
    bool const over = k == 0 && !accumulate_;
    if (over && c_.column_stride == 1) std::copy_n(sums, count, to);
    else if (c_.column_stride == 1)
      for (int n = 0; n < count; ++n) to[n] += sums[n];
    else
      for (int n = 0; n < count; ++n) {
        float& one = to[n * c_.column_stride];
        one = over ? sums[n] : one + sums[n];
      }
  }

  view<float> c_;
  view<float const> a_;
  bool accumulate_, widens_ = false, pairs_ = false;
  matrix matrices_[most_matrices];
  std::size_t count_ = 0;
  std::ptrdiff_t strips_ = 0, grain_ = 1, piece_;
};

}  // namespace COHORT_NAMESPACE::eigen
