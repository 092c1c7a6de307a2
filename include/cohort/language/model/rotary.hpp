#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <cohort/language/model/rotary_scaling.hpp>
#include <vector>

namespace COHORT_NAMESPACE {

namespace detail {

struct rotation {
  double direction;
  template <class S>
  constexpr several<S, 2> operator()(S low, S high, S cosine, S sine) const {
    S s = direction * sine;
    return {{low * cosine - high * s, high * cosine + low * s}};
  }
};

}  // namespace detail

/// Rotary positions: of each head's first `size` numbers the pair (d, d + size / 2) at position p is turned by the
/// angle p base^(-2 d / size), or at the speeds of a scaling. Adjacent pairs are (2 d, 2 d + 1).
///
/// Source: Su et al. 2021 (RoFormer), arXiv:2104.09864, eq. 34, with the halves of a head as pairs, as Llama's files in
/// Hugging Face's layout have them.
template <backend B>
class rotary {
  using T = value_t<B>;

 public:
  rotary() = default;
  rotary(int head, int size, double base, rotary_scaling const& scaling, bool adjacent = false)
      : head_(head),
        half_(size / 2),
        apart_(adjacent ? 1 : size / 2),
        speeds_(scaling.speeds(size, base)),
        length_(scaling.size_of_turns()) {}

  /// The angles of R rows, given their positions, all below `end`; for all layers of a pass. The tables grow with the
  /// longest series up to now.
  void place(B& backend, view<std::int32_t const> position, std::ptrdiff_t end) {
    if (end > positions_) tabulate(backend, std::max(end, 2 * positions_));
    rows_ = position.rows;
    backend.resize(row_cosine_, rows_ * half_);
    backend.resize(row_sine_, rows_ * half_);
    backend.gather(row_cosine_.matrix(rows_, half_), view<T const>(cosine_.matrix(positions_, half_)), position);
    backend.gather(row_sine_.matrix(rows_, half_), view<T const>(sine_.matrix(positions_, half_)), position);
  }
  /// Turns the heads that lie side by side in x (R rows), or turns them back.
  void turn(B& backend, view<T> x, bool back = false) {
    view<T const> cosine = row_cosine_.matrix(rows_, half_), sine = row_sine_.matrix(rows_, half_);
    for (std::ptrdiff_t first = 0; first < x.columns; first += head_) {
      view<T> low(x.data + first, x.rows, half_, x.row_stride, apart_ == 1 ? 2 : 1),
          high(low.data + apart_, x.rows, half_, x.row_stride, low.column_stride);
      backend.map(outputs{low, high}, detail::rotation{back ? -1. : 1.}, view<T const>(low), view<T const>(high),
                  cosine, sine);
    }
  }

 private:
  void tabulate(B& backend, std::ptrdiff_t positions) {
    std::vector<T> cosines, sines;
    for (std::ptrdiff_t p = 0; p < positions; ++p)
      for (double s : speeds_) {
        cosines.push_back(T(length_ * std::cos(double(p) * s)));
        sines.push_back(T(length_ * std::sin(double(p) * s)));
      }
    backend.assign(cosine_, std::span<T const>(cosines));
    backend.assign(sine_, std::span<T const>(sines));
    positions_ = positions;
  }

  int head_ = 2, half_ = 1, apart_ = 1;
  std::vector<double> speeds_;
  double length_ = 1;  ///< of a turned pair of length 1
  std::ptrdiff_t rows_ = 0, positions_ = 0;
  typename B::template array<T> cosine_, sine_, row_cosine_, row_sine_;
};

}  // namespace COHORT_NAMESPACE
