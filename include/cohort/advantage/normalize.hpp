#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/units.hpp>
#include <cohort/describe/about.hpp>
#include <limits>

namespace cohort {

/// Over what advantages are brought to mean 0 and standard deviation 1.
enum class normalization { none, minibatch, batch };

/// What counts as one in the mean and standard deviation of a batch: each step, so that long series weigh more, or each
/// series, whatever its length.
enum class averaged_over { steps, series };

namespace detail {

struct count_and_sum {
  template <class S>
  constexpr several<S, 2> operator()(S x) const {
    return {{S(1), x}};
  }
  template <class S, class M>
  constexpr several<S, 2> operator()(S x, M valid) const {
    return {{select(valid, S(1), S(0)), select(valid, x, S(0))}};
  }
};

struct squared_deviation {
  template <class S>
  constexpr S operator()(S x, S count, S sum) const {
    S d = x - sum / count;
    return d * d;
  }
  template <class S, class M>
  constexpr S operator()(S x, S count, S sum, M valid) const {
    return select(valid, (*this)(x, count, sum), S(0));
  }
};

/// sums[0] is how many (valid) elements x has, sums[1] their sum, squares[0] the sum of their squared deviations; the
/// last two of x in the unit that is returned.
template <backend B>
double measure_deviations(B& backend, in_view<B> given, view<std::uint8_t const> valid, out_view<B> sums,
                          out_view<B> squares) {
  auto room = backend.template temporary<value_t<B>>(given.size());
  auto [x, unit] = in_unit(backend, given, valid, room.matrix(given.rows, given.columns));
  in_view<B> count = broadcast<value_t<B> const>(sums.part(0, 1), x.rows),
             sum = broadcast<value_t<B> const>(sums.part(1, 1), x.rows);
  if (valid) {
    backend.reduce(sums, count_and_sum{}, x, valid);
    backend.reduce(squares, squared_deviation{}, x, count, sum, valid);
  } else {
    backend.reduce(sums, count_and_sum{}, x);
    backend.reduce(squares, squared_deviation{}, x, count, sum);
  }
  return unit;
}

/// Of x in a unit: how many there are and their sum; and how many are large as they were given.
struct count_sum_and_large {
  double unit;
  is_large large;
  template <class S>
  constexpr several<S, 3> operator()(S x) const {
    return {{S(1), unit * x, large(x)}};
  }
  template <class S, class M>
  constexpr several<S, 3> operator()(S x, M valid) const {
    return {{select(valid, S(1), S(0)), select(valid, unit * x, S(0)), large(x, valid)}};
  }
};
/// The distance from a mean that was rounded, and its square, in a unit.
struct distance_from_mean {
  double unit;
  template <class S>
  constexpr several<S, 2> operator()(S x, S count, S sum) const {
    S d = unit * x - sum / count;
    return {{d, d * d}};
  }
  template <class S, class M>
  constexpr several<S, 2> operator()(S x, S count, S sum, M valid) const {
    S d = select(valid, unit * x - sum / count, S(0));
    return {{d, d * d}};
  }
};
struct standardized {
  double epsilon;
  int ddof;
  bool divide = true;
  double unit = 1;  ///< of all that it is given; epsilon is in this unit too
  template <class S>
  constexpr S operator()(S x, S count, S sum, S squares) const {
    return (*this)(x, count, sum, S(0), squares);
  }
  /// With the sum of the distances from the mean as well, which would be 0 but for its rounding.
  template <class S>
  constexpr S operator()(S x, S count, S sum, S distances, S squares) const {
    constexpr double rounding = 16 * std::numeric_limits<typename S::value_type>::epsilon();
    S mean = sum / count, error = distances / count, spread = max(squares - distances * error, S(0)),
      moved = x - mean - error;
    S result = divide ? S(moved / (sqrt(spread / max(count - ddof, S(1))) + epsilon)) : S(moved / unit);
    // Equal elements differ from their mean by its rounding alone; divided by itself it would be 1.
    return select(count > ddof, select(sqrt(spread / count) <= rounding * abs(mean), S(0), result), S(x / unit));
  }
};

}  // namespace detail

/// (x - mean) / (std + epsilon) over the valid elements, in place. With no more than ddof of them, where there is no
/// standard deviation, they stay as they are; where they are equal, up to 16 roundings of their mean, they become 0.
/// One that is not finite makes all of them NaNs. Two passes and the second one's correction of the mean, so that a
/// large mean costs no digits.
struct standardize {
  double epsilon = 1e-8;
  int ddof = 1;        ///< the sum of squares is divided by n - ddof
  bool divide = true;  ///< by the standard deviation; or not: only moved to mean 0

  static constexpr about notes{"standardize", "(x - mean) / (std + epsilon)", "z-scores", "SB3"};

  bool operator==(standardize const&) const = default;
  constexpr void parameters(auto f) const {
    f("ddof", ddof), f("epsilon", epsilon);
    f("divide", divide, !divide);
  }

  template <backend B>
  void operator()(B& backend, out_view<B> x, view<std::uint8_t const> valid = {}) const {
    if (in_unit(backend, x, valid, 1) > 0) in_unit(backend, x, valid, detail::small_unit<value_t<B>>);
  }

 private:
  /// Writes x where no element is large; how many are.
  template <backend B>
  double in_unit(B& backend, out_view<B> x, view<std::uint8_t const> valid, double unit) const {
    using T = value_t<B>;
    auto scratch = backend.template temporary<T>(5);
    view<T> sums = scratch.all().part(0, 3), squares = scratch.all().part(3, 2);
    view<T const> in = x, count = broadcast<T const>(sums.part(0, 1), x.rows),
                  sum = broadcast<T const>(sums.part(1, 1), x.rows);
    detail::count_sum_and_large totals{unit, detail::large_in<T>()};
    if (valid) {
      backend.reduce(sums, totals, in, valid);
      backend.reduce(squares, detail::distance_from_mean{unit}, in, count, sum, valid);
    } else {
      backend.reduce(sums, totals, in);
      backend.reduce(squares, detail::distance_from_mean{unit}, in, count, sum);
    }
    T large[1];
    backend.download(std::span<T>(large), view<T const>(sums.part(2, 1)));
    if (large[0] > 0 && unit == 1) return large[0];
    if (unit != 1) backend.map(outputs{x}, detail::scaled_by{unit}, in);
    backend.map(outputs{x}, detail::standardized{epsilon * unit, ddof, divide, unit}, in, count, sum,
                broadcast<T const>(squares.part(0, 1), x.rows), broadcast<T const>(squares.part(1, 1), x.rows));
    return 0;
  }
};

}  // namespace cohort
