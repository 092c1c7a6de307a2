#pragma once
#include <cohort/backend/stored_matrix.hpp>
#include <cohort/eigen/parallel.hpp>
#include <cohort/eigen/stored_kernels.hpp>

namespace COHORT_NAMESPACE::eigen {

/// c (+)= a W^T, where W's rows are stored weights: c is R x N, a R x K with adjacent columns.
///
/// Few rows of a: each row of W is read once, and widened in registers. More: a worker widens some rows of W to floats
/// in a corner of its cache, and multiplies all of a by them. An element is the same sums in the same order both ways
/// (see stored_strip), in pieces of K that K alone determines; so its bits do not depend on the batch, nor on threads.
class stored_product {
  using kernels = stored_kernels;
  static constexpr int strip = stored_strip_rows;
  static constexpr std::ptrdiff_t rows_at_once = 256;  ///< of a, for each of which W is widened again
  static constexpr std::ptrdiff_t longest_piece = 1024;

 public:
  stored_product(view<float> c, view<float const> a, stored_matrix const& w, bool accumulate)
      : c_(c), a_(a), w_(w), accumulate_(accumulate), kernels_(stored_kernels_of(w.type)) {
    std::ptrdiff_t pieces = (a.columns + longest_piece - 1) / longest_piece;
    piece_ = pieces < 2 ? a.columns : ((a.columns + pieces - 1) / pieces + 255) / 256 * 256;
  }

  /// Room that it needs, in numbers.
  std::ptrdiff_t room(int threads) const { return direct() ? 0 : a_.rows * padded_row() + threads * strip * line(); }

  void operator()(executor const& run_over, float* room) const {
    if (direct()) {
      // A thread more for 64 KiB of weights, which take it some three microseconds.
      std::ptrdiff_t grain = 1 + (1 << 16) / (strip * std::max<std::ptrdiff_t>(w_.row_bytes, 1));
      run_over(strips(), grain, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t s = first; s < last; ++s)
          for (std::ptrdiff_t k = 0; k < a_.columns; k += piece_)
            multiply(kernels_, {at(s * strip, k), w_.row_bytes, count(s)}, s * strip, a_.data + k, a_.row_stride, 0,
                     c_.rows, k);
      });
      return;
    }
    float *const pieces_of_a = room, *const rooms = room + a_.rows * padded_row();
    run_over(a_.rows, 64, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t r = first; r < last; ++r)
        for (std::ptrdiff_t k = 0; k < a_.columns; k += piece_)
          std::copy_n(&a_(r, k), depth(k), pieces_of_a + k / piece_ * a_.rows * line() + r * line());
    });
    std::ptrdiff_t const blocks = (c_.rows + rows_at_once - 1) / rows_at_once;
    run_over(strips() * blocks, 1, [&](int worker, std::ptrdiff_t first, std::ptrdiff_t last) {
      float* const floats = rooms + worker * strip * line();
      for (std::ptrdiff_t i = first; i < last; ++i) {
        std::ptrdiff_t const s = i / blocks, r = i % blocks * rows_at_once;
        for (std::ptrdiff_t k = 0; k < a_.columns; k += piece_) {
          for (int n = 0; n < count(s); ++n) kernels_.widen(at(s * strip + n, k), depth(k), floats + n * line());
          multiply(stored_kernels_of(stored_type::f32),
                   {reinterpret_cast<lanes::bytes>(floats), std::ptrdiff_t(sizeof(float)) * line(), count(s)},
                   s * strip, pieces_of_a + k / piece_ * a_.rows * line() + r * line(), line(), r,
                   std::min(rows_at_once, c_.rows - r), k);
        }
      }
    });
  }

 private:
  bool direct() const { return kernels_.one && c_.rows <= kernels::most_inputs; }
  std::ptrdiff_t strips() const { return (w_.rows + strip - 1) / strip; }
  int count(std::ptrdiff_t s) const { return int(std::min<std::ptrdiff_t>(strip, w_.rows - s * strip)); }
  std::ptrdiff_t depth(std::ptrdiff_t k) const { return std::min(piece_, a_.columns - k); }
  lanes::bytes at(std::ptrdiff_t n, std::ptrdiff_t k) const { return w_.row(n) + stored_matrix::bytes_of(w_.type, k); }
  /// Between rows of pieces that are copied: a vector more, so that they do not all fall on the same lines of a cache.
  std::ptrdiff_t line() const { return (piece_ + 15) / 16 * 16 + 16; }
  std::ptrdiff_t padded_row() const { return (a_.columns + piece_ - 1) / piece_ * line(); }

  /// Rows of weights, whose products begin at `column`, by `rows` rows of inputs.
  void multiply(kernels const& with, stored_rows weights, std::ptrdiff_t column, float const* inputs,
                std::ptrdiff_t input_stride, std::ptrdiff_t row, std::ptrdiff_t rows, std::ptrdiff_t k) const {
    for (std::ptrdiff_t r = 0; r < rows;) {
      int const here = int(std::min<std::ptrdiff_t>(rows - r, kernels::most_inputs));
      float const* each[kernels::most_inputs];
      for (int i = 0; i < kernels::most_inputs; ++i) each[i] = inputs + (r + std::min(i, here - 1)) * input_stride;
      float sums[kernels::most_inputs * strip];
      (here == 1 ? with.one : here <= kernels::few_inputs ? with.few : with.most)(weights, each, depth(k), sums);
      for (int i = 0; i < here; ++i) add(&c_(row + r + i, column), sums + i * strip, weights.count, k);
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
  stored_matrix const& w_;
  bool accumulate_;
  stored_kernels const& kernels_;
  std::ptrdiff_t piece_;
};

}  // namespace COHORT_NAMESPACE::eigen
