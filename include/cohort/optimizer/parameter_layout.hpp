#pragma once
#include <algorithm>
#include <cohort/compiler.hpp>
#include <cohort/error.hpp>
#include <cstddef>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// Where in its network a weight matrix stands: at the input (or it is the embedding), at the output, or between.
enum class matrix_place { input, hidden, output };

/// One weight matrix in a flat parameter array, row by row.
struct parameter_matrix {
  std::ptrdiff_t first = 0, rows = 0, columns = 0;
  matrix_place place = matrix_place::hidden;
  bool rows_are_inputs = false;  ///< y = x W, as layers have it; otherwise rows are outputs, y = x W'

  std::ptrdiff_t size() const { return rows * columns; }
  std::ptrdiff_t inputs() const { return rows_are_inputs ? rows : columns; }
  std::ptrdiff_t outputs() const { return rows_are_inputs ? columns : rows; }
};

/// What a policy tells an optimizer about its flat parameter array: which parts are matrices. All others are vectors:
/// biases, norms, what no observation changes. From a number alone it is an array of which nothing is known.
struct parameter_layout {
  std::ptrdiff_t size = 0;
  bool known = false;
  std::vector<parameter_matrix> matrices;  ///< in their order, none within another

  parameter_layout(std::ptrdiff_t n) : size(n) {}
  parameter_layout(std::ptrdiff_t n, std::vector<parameter_matrix> all)
      : size(n), known(true), matrices(std::move(all)) {
    std::ptrdiff_t end = 0;
    for (auto const& m : matrices) {
      detail::require(m.rows > 0 && m.columns > 0, "parameter_layout", "an extent of a matrix",
                      double(std::min(m.rows, m.columns)), "a positive number");
      detail::require(m.first >= end && m.first + m.size() <= size, "parameter_layout",
                      "the first parameter of a matrix", double(m.first),
                      "one behind the matrix before, with room for it in the array");
      end = m.first + m.size();
    }
  }

  /// The layout of some of the parameters, with the matrices that lie in them.
  parameter_layout part(std::ptrdiff_t first, std::ptrdiff_t count) const {
    parameter_layout some(count);
    some.known = known;
    for (auto m : matrices)
      if (m.first >= first && m.first + m.size() <= first + count) m.first -= first, some.matrices.push_back(m);
    return some;
  }
};

/// The layout that a policy tells by a member `layout()`; of others, its size.
template <class Policy>
parameter_layout layout_of(Policy const& policy) {
  if constexpr (requires { policy.layout(); }) return policy.layout();
  else return parameter_layout(const_cast<Policy&>(policy).parameters().rows);  // your own may have no const one
}

namespace detail {

/// An optimizer's state: for a layout where it asks for one, otherwise for a number of parameters.
template <class B, class Optimizer>
auto start_optimizer(B& backend, Optimizer const& o, parameter_layout const& layout) {
  if constexpr (requires { o.template start<B>(backend, layout); }) return o.template start<B>(backend, layout);
  else return o.template start<B>(backend, layout.size);
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
