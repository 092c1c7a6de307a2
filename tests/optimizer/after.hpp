#pragma once
#include <cohort/optimizer/gradient_norm.hpp>
#include <cohort/optimizer/parameter_layout.hpp>
#include <cohort/schedule/schedule.hpp>
#include "../catch.hpp"
#include "../support/archetype.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

// Runs an optimizer as tests/golden/optimizers.py does: on its numbers, which are exact also in float, with a rate that
// falls to a tenth in 50 steps.
namespace optimizer_runs {

using namespace cohort;
using namespace arrays;

using in_float = eigen::basic_backend<float>;
constexpr linear falling{1e-2, 1e-3};
constexpr int steps_of_run = 50;

template <class T>
std::vector<T> numbers_of(std::ptrdiff_t n, int k) {
  std::vector<T> all(static_cast<std::size_t>(n));
  for (std::ptrdiff_t i = 0; i < n; ++i)
    all[std::size_t(i)] = T((7919 * i + 104729 * k) % 2003 - 1001) / 1024 * T(std::ldexp(1., int((i + 3 * k) % 7 - 4)));
  return all;
}

/// Row by row to column by column, or as it is.
template <class T>
std::vector<T> turned(std::vector<T> const& all, std::ptrdiff_t rows, bool turn) {
  if (!turn) return all;
  auto result = all;
  std::ptrdiff_t columns = std::ptrdiff_t(all.size()) / rows;
  for (std::ptrdiff_t r = 0; r < rows; ++r)
    for (std::ptrdiff_t c = 0; c < columns; ++c) result[std::size_t(c * rows + r)] = all[std::size_t(r * columns + c)];
  return result;
}

/// The furthest that any parameter is from the recorded one, of those at steps 1, 2, 10 and 50, over 1 + its own size.
/// With `turn` a matrix is kept by inputs x outputs.
template <class Backend, class Optimizer>
double distance(std::string const& name, Optimizer const& o, parameter_layout const& layout,
                gradient_limits const& limits = {}, bool turn = false) {
  using T = value_t<Backend>;
  auto const table = golden::read("optimizer/optimizers.txt");
  Backend backend;
  std::ptrdiff_t n = layout.size, rows = turn ? layout.matrices.front().outputs() : 1;
  auto state = detail::start_optimizer(backend, o, layout);
  std::vector<T> p = turned(numbers_of<T>(n, 99), rows, turn), squares(1), scale(1);
  double furthest = 0;
  for (int k = 0; k < steps_of_run; ++k) {
    auto g = turned(numbers_of<T>(n, k), rows, turn);
    limits.measure(backend, view<T const>(all(g)), all(squares), all(scale));
    o.update(backend, state, k / double(steps_of_run), all(p), view<T const>(all(g)), view<T const>(all(scale)),
             limits.value);
    auto found = table.find(name + "/" + std::to_string(k + 1));
    if (found == table.end()) continue;
    REQUIRE(std::ptrdiff_t(found->second.size()) == n);
    auto expected = turned(found->second, rows, turn);
    for (std::size_t i = 0; i < p.size(); ++i) {
      double d = std::abs(double(p[i]) - expected[i]) / (1 + std::abs(expected[i]));
      furthest = d <= furthest ? furthest : d;  // a NaN stays
    }
  }
  REQUIRE(golden::row(table, name + "/50").size() == std::size_t(n));
  return furthest;
}

/// Of 11 parameters of which nothing is known.
template <class Backend, class Optimizer>
double distance(std::string const& name, Optimizer const& o, gradient_limits const& limits = {}) {
  return distance<Backend>(name, o, parameter_layout(11), limits);
}

}  // namespace optimizer_runs
