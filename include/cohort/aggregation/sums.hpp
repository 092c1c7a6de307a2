#pragma once
#include <cmath>
#include <cohort/aggregation/means.hpp>
#include <cohort/backend/copies.hpp>
#include <cohort/describe/about.hpp>
#include <cohort/error.hpp>
#include <limits>
#include <numeric>
#include <vector>

namespace COHORT_NAMESPACE {

/// No mean at all: every valid step weighs 1. verl's token-sum.
struct step_sum {
  static constexpr about notes{"step_sum", "every valid step weighs 1", "verl's token-sum", "verl token-sum"};

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, aggregated_steps<T> const& s, view<T> weight) const {
    if (s.valid) backend.map(outputs{weight}, detail::one_where{}, view<T const>(weight), s.valid);
    else detail::fill_with(backend, weight, 1);
  }
  template <backend B, class T = value_t<B>>
  void of_series(B& backend, view<T const> own, view<T> weight) const {
    backend.map(outputs{weight}, detail::filled{1}, own);
  }
};

/// The mean over series of their sums: weight 1 / (N length), so that long series weigh more. With
///
///     length 1                   verl's seq-mean-token-sum
///     a constant length          verl's seq-mean-token-sum-norm; with empty = count Dr. GRPO's (arXiv:2503.20783),
///                                TRL's and Liger's dr_grpo, whose constant is the longest completion that was allowed
///     length 1, empty = count    a mean over series times its length: LUSPO (arXiv:2602.05261), where the loss of a
///                                step is that of its series
///
/// With `times_own` a step weighs as many times more as its series has valid steps: a mean over a padded matrix of
/// `length` columns, rows times their lengths, which is Liger's luspo by token, and the KL's weight in it.
struct series_sum_mean {
  double length = 1;  ///< > 0
  empty_series empty = empty_series::leave;
  bool times_own = false;

  static constexpr about notes{
      "series_sum_mean", "a valid step weighs 1 / (series length)", "Dr. GRPO, arXiv:2503.20783",
      "verl seq-mean-token-sum; with a length seq-mean-token-sum-norm; with `empty = count` TRL and Liger dr_grpo"};
  constexpr void parameters(auto f) const {
    f("length", length);
    f("empty", empty, empty != empty_series::leave);
    f("times_own", times_own, times_own);
  }
  void check() const { detail::require(length > 0, "series_sum_mean", "length", length, "a positive number"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, aggregated_steps<T> const& s, view<T> weight) const {
    check();
    detail::weigh_by_series(backend, s, empty, detail::share_of_sum{length, times_own}, weight);
  }
  template <backend B, class T = value_t<B>>
  void of_series(B& backend, view<T const> own, view<T> weight) const {
    check();
    detail::weigh_whole_series(backend, own, empty, detail::share_of_sum{length, times_own}, weight);
  }
};

namespace detail {

struct piece_of {
  double series;
  template <class S>
  constexpr S operator()(S series_of) const {
    S piece = floor((series_of + .5) / series),
      rest = series_of - piece * series;  // of a quotient that is too large, or
    return select(rest < 0, piece - 1, select(rest >= series, piece + 1, piece));  // too small, by its rounding
  }
};

}  // namespace detail

/// The mean over pieces of `series` consecutive series of each one's step mean: weight 1 / (pieces steps of the piece).
/// What a step mean becomes where each microbatch takes its own (TRL's bnpo): series of a piece with few steps weigh
/// more, and the result depends on the cut. A piece that has steps here, none of them valid, counts as one.
struct piecewise_step_mean {
  std::int32_t series = 1;  ///< in a piece, > 0

  static constexpr about notes{"piecewise_step_mean", "a valid step weighs 1 / (pieces, valid steps of its own)",
                               "TRL's bnpo", "TRL bnpo"};
  constexpr void parameters(auto f) const { f("series", series); }
  void check() const { detail::require(series > 0, "piecewise_step_mean", "series", series, "a positive number"); }

  template <backend B, class T = value_t<B>>
  void operator()(B& backend, aggregated_steps<T> const& s, view<T> weight) const {
    auto piece = backend.template temporary<std::int32_t>(s.steps);
    pieces_of(backend, s.series_of, s.series, piece.all());
    aggregated_steps<T> pieces{s.steps, (s.series + series - 1) / series, piece.all(), s.valid};
    detail::weigh_by_series(backend, pieces, empty_series::count, detail::share_of_series{}, weight);
  }
  template <backend B, class T = value_t<B>>
  void of_series(B& backend, view<T const> own, view<T> weight) const {
    std::ptrdiff_t N = own.rows, pieces = (N + series - 1) / series;
    auto numbers = std::vector<std::int32_t>(std::size_t(N));
    std::iota(numbers.begin(), numbers.end(), 0);
    auto piece = backend.template temporary<std::int32_t>(N);
    auto of_piece = backend.template temporary<T>(pieces);
    backend.upload(piece.all(), std::span<std::int32_t const>(numbers));
    pieces_of(backend, view<std::int32_t const>(piece.all()), N, piece.all());
    detail::fill_with(backend, of_piece.all(), 0);
    backend.scatter_add(of_piece.all(), own, view<std::int32_t const>(piece.all()));
    detail::weigh_whole_series(backend, view<T const>(of_piece.all()), empty_series::count, detail::share_of_series{},
                               of_piece.all());
    backend.gather(weight, view<T const>(of_piece.all()), view<std::int32_t const>(piece.all()));
  }

 private:
  template <backend B, class T = value_t<B>>
  void pieces_of(B& backend, view<std::int32_t const> series_of, std::ptrdiff_t count, view<std::int32_t> piece) const {
    check();
    detail::require(std::log2(double(count) + 1) < std::numeric_limits<T>::digits - 1, "piecewise_step_mean",
                    "the number of series", double(count),
                    "less than a number that the backend's type counts in halves");
    auto numbers = backend.template temporary<T>(series_of.rows);
    detail::copy_to(backend, numbers.all(), series_of);
    backend.map(outputs{piece}, detail::piece_of{double(series)}, view<T const>(numbers.all()));
  }
};

}  // namespace COHORT_NAMESPACE
