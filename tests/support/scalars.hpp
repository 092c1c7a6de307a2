#pragma once
#include <cohort/eigen/pack.hpp>
#include <cohort/objective/concept.hpp>
#include <cohort/scalar/dual.hpp>
#include <tuple>
#include "arrays.hpp"

// Objectives over every scalar of the library, compared with real<double>.
namespace scalars {

using cohort::dual;
using cohort::real;
using cohort::step_terms;
using cohort::eigen::pack;
using plain = real<double>;
using point = step_terms<plain>;

using all =
    std::tuple<real<float>, real<double>, pack<float>, pack<double>, dual<real<float>, 3>, dual<real<double>, 3>,
               dual<pack<float>, 3>, dual<pack<double>, 3>, dual<dual<real<double>, 1>, 3>>;

template <class S>
inline constexpr bool is_dual = false;
template <class V, int N>
inline constexpr bool is_dual<dual<V, N>> = true;

/// S::width numbers as one scalar.
template <class S, class Number>
S gather(Number number) {
  if constexpr (is_dual<S>) {
    return S(gather<typename S::constant>(number));
  } else if constexpr (S::width > 1) {
    S result(0);
    for (int i = 0; i < S::width; ++i) result.set(i, typename S::value_type(number(i)));
    return result;
  } else {
    return S(number(0));
  }
}

template <class S>
double lane(S const& x, int i) {
  if constexpr (is_dual<S>) return lane(x.value, i);
  else if constexpr (S::width > 1) return x[i];
  else return x.value;
}

/// W points as the terms of one evaluation, with logp, entropy and value as the three variables of a dual.
template <class S, class Points>
step_terms<S> terms(Points const& points, std::size_t first) {
  auto take = [&]<class R>(auto field, R) {
    return gather<R>([&](int i) { return (points[(first + i) % points.size()].*field).value; });
  };
  using C = cohort::constant_t<S>;
  auto variable = [&](auto field, [[maybe_unused]] int k) {
    if constexpr (is_dual<S>) return S::variable(take(field, C(0)), k);
    else return take(field, S(0));
  };
  step_terms<S> t;
  t.sampler_logp = take(&point::sampler_logp, C(0));
  t.old_logp = take(&point::old_logp, C(0));
  t.logp = variable(&point::logp, 0);
  t.ref_logp = take(&point::ref_logp, C(0));
  t.advantage = take(&point::advantage, C(0));
  t.entropy = variable(&point::entropy, 1);
  t.value = variable(&point::value, 2);
  t.old_value = take(&point::old_value, C(0));
  t.target = take(&point::target, C(0));
  return t;
}

/// 200 points whose numbers are multiples of 1/64, so that a float holds them exactly; log-ratios up to 1.5, advantages
/// up to 4.
inline std::vector<point> exact_points() {
  auto u = arrays::uniform(200 * 9, 3);
  auto grid = [](double x) { return std::round(x * 64) / 64; };
  std::vector<point> points(200);
  for (std::size_t i = 0; i < points.size(); ++i) {
    double const* x = &u[9 * i];
    double logp = grid(-1 + x[2]);
    points[i] = {grid(logp + x[0]), grid(logp + 1.5 * x[1]), logp,           grid(logp + x[3]), grid(4 * x[4]),
                 grid(1 + x[5]),    grid(3 * x[6]),          grid(3 * x[7]), grid(3 * x[8])};
  }
  return points;
}

/// The largest difference of value and of partials between S and real<double>, in units of S's rounding of max(1,
/// |value|); loss(Scalar(), first) evaluates Scalar::width points from the first on.
template <class S, class F>
double disagreement_of(F loss, std::size_t points) {
  using exact = dual<plain, 3>;
  double worst = 0, unit = std::numeric_limits<typename S::value_type>::epsilon();
  auto compare = [&](double found, double expected) {
    double difference = std::abs(found - expected) / (unit * std::max(1., std::abs(expected)));
    worst = difference <= worst ? worst : difference;  // a NaN becomes the worst, and stays
  };
  for (std::size_t first = 0; first < points; first += S::width) {
    S found = loss(S(), first);
    for (int i = 0; i < S::width; ++i) {
      exact expected = loss(exact(), first + i);
      compare(lane(found, i), expected.value.value);
      if constexpr (is_dual<S>)
        for (int k = 0; k < 3; ++k) compare(lane(found.tangent[k], i), expected.tangent[k].value);
    }
  }
  return worst;
}
template <class S, class O>
double disagreement(O const& o, std::vector<point> const& points) {
  return disagreement_of<S>([&]<class R>(R, std::size_t first) { return o(terms<R>(points, first)); }, points.size());
}

/// The partial derivatives with respect to logp, entropy and value.
template <class O>
std::array<double, 3> partials(O const& o, point const& p) {
  dual<plain, 3> loss = o(terms<dual<plain, 3>>(std::array{p}, 0));
  return {loss.tangent[0].value, loss.tangent[1].value, loss.tangent[2].value};
}

/// The same by five-point differences.
template <class O>
std::array<double, 3> differences(O const& o, point const& p, double h = 1e-3) {
  std::array<double, 3> result;
  plain point::* fields[] = {&point::logp, &point::entropy, &point::value};
  for (int k = 0; k < 3; ++k)
    result[k] = arrays::slope(
        [&](double x) {
          point moved = p;
          moved.*fields[k] = x;
          return plain(o(moved)).value;
        },
        (p.*fields[k]).value, h);
  return result;
}

}  // namespace scalars
