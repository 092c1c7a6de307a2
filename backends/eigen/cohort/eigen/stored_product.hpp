#pragma once
#include <cohort/backend/stored_matrix.hpp>
#include <cohort/eigen/parallel.hpp>
#include <cohort/eigen/stored_kernels.hpp>

namespace COHORT_NAMESPACE::eigen {

/// c (+)= a W^T, where W's rows are stored weights: c is R x N, a R x K with adjacent columns.
///
/// Few rows of a: W is widened in registers, wherever it is needed. More: a worker widens some rows of W to floats in a
/// corner of its cache, and multiplies all of a by them. An element is the same sums in the same order both ways
/// (see stored_strip), in pieces of K that K alone determines; so its bits do not depend on the batch, nor on threads.
class stored_product {
  using kernels = stored_kernels;
  static constexpr std::ptrdiff_t rows_at_once = 256;  ///< of a, for each of which W is widened again
  static constexpr std::ptrdiff_t longest_piece = 1024;

 public:
  stored_product(view<float> c, view<float const> a, stored_matrix const& w, bool accumulate)
      : c_(c), a_(a), w_(w), accumulate_(accumulate), kernels_(stored_kernels_of(w.type)) {
    std::ptrdiff_t pieces = (a.columns + longest_piece - 1) / longest_piece;
    piece_ = pieces < 2 ? a.columns : ((a.columns + pieces - 1) / pieces + 255) / 256 * 256;
    bool const short_pieces = piece_ < a.columns && facts_of(w.type).elements > 1;
    strip_ = short_pieces && c.rows <= kernels::most_inputs ? 8 : stored_strip_rows;
  }

  /// Room that it needs, in numbers.
  std::ptrdiff_t room(int threads) const { return room_of_inputs() + (widens() ? threads * strip_ * line() : 0); }

  void operator()(executor const& run_over, float* room) const {
    if (copies()) copy_inputs(run_over, room);
    std::ptrdiff_t const blocks = (c_.rows + rows_at_once - 1) / rows_at_once;
    // A thread more for 64 KiB of weights, which take it some three microseconds.
    std::ptrdiff_t grain = 1 + (1 << 16) / (strip_ * std::max<std::ptrdiff_t>(w_.row_bytes * c_.rows, 1));
    run_over(strips() * blocks, grain, [&](int worker, std::ptrdiff_t first, std::ptrdiff_t last) {
      float* const floats = widens() ? room + room_of_inputs() + worker * strip_ * line() : nullptr;
      for (std::ptrdiff_t i = first; i < last; ++i)
        for (std::ptrdiff_t k = 0; k < a_.columns; k += piece_) {
          std::ptrdiff_t const s = i / blocks, r = i % blocks * rows_at_once;
          input_rows const inputs = copies() ? input_rows{room + k / piece_ * a_.rows * line(), line()}
                                             : input_rows{a_.data + k, a_.row_stride};
          stored_rows weights{w_.row(s * strip_) + stored_matrix::bytes_of(w_.type, k), w_.row_bytes,
                              int(std::min<std::ptrdiff_t>(strip_, w_.rows - s * strip_))};
          if (widens()) {
            for (int n = 0; n < weights.count; ++n) kernels_.widen(weights[n], depth(k), floats + n * line());
            weights.first = reinterpret_cast<lanes::bytes>(floats);
            weights.row_bytes = std::ptrdiff_t(sizeof(float)) * line();
          }
          multiply(widens() ? stored_kernels_of(stored_type::f32) : kernels_, weights, s * strip_, inputs, r,
                   std::min(rows_at_once, c_.rows - r), k);
        }
    });
  }

 private:
  struct input_rows {
    float const* first;
    std::ptrdiff_t stride;
  };

  bool widens() const { return c_.rows > kernels_.most_direct; }
  bool copies() const { return c_.rows > kernels::most_inputs; }
  std::ptrdiff_t room_of_inputs() const {
    return copies() ? a_.rows * line() * ((a_.columns + piece_ - 1) / piece_) : 0;
  }
  std::ptrdiff_t strips() const { return (w_.rows + strip_ - 1) / strip_; }
  std::ptrdiff_t depth(std::ptrdiff_t k) const { return std::min(piece_, a_.columns - k); }
  /// Between rows of pieces that are copied: a vector more, so that they do not all fall on the same lines of a cache.
  std::ptrdiff_t line() const { return (piece_ + 15) / 16 * 16 + 16; }

  /// Each piece of all rows by itself: whoever multiplies by it has it in few lines and pages.
  void copy_inputs(executor const& run_over, float* to) const {
    run_over(a_.rows, 64, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t r = first; r < last; ++r)
        for (std::ptrdiff_t k = 0; k < a_.columns; k += piece_)
          std::copy_n(&a_(r, k), depth(k), to + (k / piece_ * a_.rows + r) * line());
    });
  }

  /// Rows of weights, whose products begin at `column`, by `rows` rows of inputs from `row` on.
  void multiply(kernels const& with, stored_rows const& weights, std::ptrdiff_t column, input_rows inputs,
                std::ptrdiff_t row, std::ptrdiff_t rows, std::ptrdiff_t k) const {
    for (std::ptrdiff_t r = row; r < row + rows;) {
      int const here = int(std::min<std::ptrdiff_t>(row + rows - r, kernels::most_inputs));
      float const* each[kernels::most_inputs];
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
  stored_matrix const& w_;
  bool accumulate_;
  stored_kernels const& kernels_;
  std::ptrdiff_t strip_;  ///< rows of W at once: fewer where their pieces are a few lines that lie far apart
  std::ptrdiff_t piece_;
};

}  // namespace COHORT_NAMESPACE::eigen
