#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/formulas.hpp>
#include <cohort/backend/units.hpp>
#include <cohort/describe/about.hpp>
#include <limits>

namespace COHORT_NAMESPACE {

/// Over what advantages are brought to mean 0 and standard deviation 1.
enum class normalization { none, minibatch, batch };

/// What counts as one in the mean and standard deviation of a batch: each step, so that long series weigh more, or each
/// series, whatever its length.
enum class averaged_over { steps, series };

namespace detail {

/// Of a standard deviation that is divided by.
inline void require_deviation(char const* who, int ddof, double epsilon) {
  require(ddof >= 0, who, "ddof", ddof, "0 or a positive number");
  require(epsilon >= 0, who, "epsilon", epsilon, "0 or a positive number");
}

struct count_and_sum {
  double unit = 1;
  template <class S>
  constexpr several<S, 2> operator()(S x) const {
    return {{S(1), unit * x}};
  }
  template <class S, class M>
  constexpr several<S, 2> operator()(S x, M valid) const {
    return {{select(valid, S(1), S(0)), select(valid, unit * x, S(0))}};
  }
};

/// The distance from a mean that was rounded, in a unit, squared; sum is in that unit already.
struct squared_deviation {
  double unit = 1;
  template <class S>
  constexpr S operator()(S x, S count, S sum) const {
    S d = unit * x - sum / count;
    return d * d;
  }
  template <class S, class M>
  constexpr S operator()(S x, S count, S sum, M valid) const {
    return select(valid, (*this)(x, count, sum), S(0));
  }
};
/// The same, and before it the distance itself.
struct distance_from_mean {
  double unit = 1;
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

/// sums[0] is how many (valid) elements x has, sums[1] their sum, squares the sums of Deviation over them: of
/// squared_deviation one, of distance_from_mean two. Sums are of x in the unit that is returned.
template <class Deviation = squared_deviation, backend B>
double measure_deviations(B& backend, in_view<B> x, view<std::uint8_t const> valid, out_view<B> sums,
                          out_view<B> squares) {
  in_view<B> count = broadcast<value_t<B> const>(sums.part(0, 1), x.rows),
             sum = broadcast<value_t<B> const>(sums.part(1, 1), x.rows);
  return measured_in_unit(backend, x, valid, in_view<B>(squares), [&](double unit) {
    if (valid) {
      backend.reduce(sums, count_and_sum{unit}, x, valid);
      backend.reduce(squares, Deviation{unit}, x, count, sum, valid);
    } else {
      backend.reduce(sums, count_and_sum{unit}, x);
      backend.reduce(squares, Deviation{unit}, x, count, sum);
    }
  });
}

struct standardized {
  double epsilon;
  int ddof;
  bool divide = true;
  double unit = 1;  ///< of all that it is given; epsilon is in this unit too
  template <class S>
  constexpr S operator()(S x, S count, S sum, S squares) const {
    return (*this)(x, count, sum, S(0), squares);
  }
  template <class S, class M>
  constexpr S operator()(S x, S count, S sum, S distances, S squares, M valid) const {
    return select(valid, (*this)(x, count, sum, distances, squares), S(0));
  }
  /// With the sum of the distances from the mean as well, which would be 0 but for its rounding.
  template <class S>
  constexpr S operator()(S x, S count, S sum, S distances, S squares) const {
    constexpr double rounding = 16 * double(std::numeric_limits<typename S::value_type>::epsilon());
    S mean = sum / count, error = distances / count, spread = max(squares - distances * error, S(0)),
      moved = x - mean - error;
    S result = divide ? S(moved / (sqrt(spread / max(count - ddof, S(1))) + epsilon)) : S(moved / unit);
    // Equal elements differ from their mean by its rounding alone; divided by itself it would be 1.
    return select(count > ddof, select(sqrt(spread / count) <= rounding * abs(mean), S(0), result), S(x / unit));
  }
};

}  // namespace detail

/// (x - mean) / (std + epsilon) over the valid elements, in place; the others become 0. With no more than ddof of them,
/// where there is no standard deviation, they stay as they are; where they are equal, up to 16 roundings of their mean,
/// they become 0. One that is not finite makes all of them NaNs. Two passes and the second one's correction of the
/// mean, so that a large mean costs no digits.
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
  void check() const { detail::require_deviation("standardize", ddof, epsilon); }

  template <backend B>
  void operator()(B& backend, out_view<B> x, view<std::uint8_t const> valid = {}) const {
    check();
    using T = value_t<B>;
    auto scratch = backend.template temporary<T>(4);
    view<T> sums = scratch.all().part(0, 2), squares = scratch.all().part(2, 2);
    view<T const> in = x, count = broadcast<T const>(sums.part(0, 1), x.rows),
                  sum = broadcast<T const>(sums.part(1, 1), x.rows);
    double unit = detail::measure_deviations<detail::distance_from_mean>(backend, in, valid, sums, squares);
    if (unit != 1) backend.map(outputs{x}, detail::scaled_by{unit}, in);
    auto write = [&](auto... mask) {
      backend.map(outputs{x}, detail::standardized{epsilon * unit, ddof, divide, unit}, in, count, sum,
                  broadcast<T const>(squares.part(0, 1), x.rows), broadcast<T const>(squares.part(1, 1), x.rows),
                  mask...);
    };
    if (valid) write(valid);
    else write();
  }
};

}  // namespace COHORT_NAMESPACE
