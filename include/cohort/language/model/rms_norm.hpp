#pragma once
#include <cohort/backend/concept.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// A vector as each row of a matrix.
template <class T>
view<T> as_rows(view<T> vector, std::ptrdiff_t rows) {
  return {vector.data, rows, vector.rows, 0, vector.row_stride};
}
struct product_of_three {
  constexpr auto operator()(auto a, auto b, auto c) const { return a * b * c; }
};
struct scaled_from {
  double offset;
  constexpr auto operator()(auto a, auto b, auto weight) const { return a * b * (weight + offset); }
};
struct norm_slope {
  double n, offset;
  template <class S>
  constexpr S operator()(S before, S dy, S x, S weight, S root, S sum) const {
    return before + root * (dy * (weight + offset) - x * (root * root * sum / n));
  }
};

}  // namespace detail

/// y = x / sqrt(mean(x^2) + epsilon) * (weight + offset), row by row (R x H); `root` (R) keeps 1 / sqrt(...) for the
/// backward pass. The offset is 0, or 1 as Gemma has it.
///
/// Source: Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4; epsilon inside the root as in Llama.
struct rms_norm {
  double epsilon = 1e-5, offset = 0;

  template <backend B, class T = value_t<B>>
  void forward(B& backend, view<T> y, view<T> root, view<T const> x, view<T const> weight) const {
    backend.row_sums(root, detail::squared{}, x);
    backend.map(outputs{root}, detail::reciprocal_root_mean{double(x.columns), epsilon}, view<T const>(root));
    again(backend, y, view<T const>(root), x, weight);
  }

  /// y again, from the root that was kept.
  template <backend B, class T = value_t<B>>
  void again(B& backend, view<T> y, view<T const> root, view<T const> x, view<T const> weight) const {
    backend.map(outputs{y}, detail::scaled_from{offset}, x, repeat_column(root, x.columns),
                detail::as_rows(weight, x.rows));
  }

  /// Adds the gradient of sum(dy y) to dx, and to dweight where it is wanted.
  template <backend B, class T = value_t<B>>
  void backward(B& backend, view<T> dx, view<T> dweight, view<T const> dy, view<T const> x, view<T const> weight,
                view<T const> root) const {
    std::ptrdiff_t R = x.rows, H = x.columns;
    auto scratch = backend.template temporary<T>(R + H + R * H);
    view<T> sum = scratch.all().part(0, R), columns(scratch.all().part(R, H).data, 1, H),
            terms(scratch.all().part(R + H, R * H).data, R, H);
    auto roots = repeat_column(root, H);
    auto weights = detail::as_rows(weight, R);
    backend.row_sums(sum, detail::scaled_from{offset}, dy, x, weights);
    backend.map(outputs{dx}, detail::norm_slope{double(H), offset}, view<T const>(dx), dy, x, weights, roots,
                repeat_column(view<T const>(sum), H));
    if (!dweight) return;
    backend.map(outputs{terms}, detail::product_of_three{}, dy, x, roots);
    backend.column_sum(columns, view<T const>(terms));
    backend.map(outputs{dweight}, detail::plus{}, view<T const>(dweight), view<T const>(columns.transposed()));
  }
};

}  // namespace COHORT_NAMESPACE
