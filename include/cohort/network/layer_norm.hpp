#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/network/activation.hpp>
#include <cohort/network/layer.hpp>
#include <utility>

namespace COHORT_NAMESPACE {

namespace detail {

struct normalized {
  template <class S>
  constexpr several<S, 2> operator()(S x, S mean, S root, S scale, S shift) const {
    S const normal = (x - mean) * root;
    return {normal, normal * scale + shift};
  }
};
struct sum_and_product {
  template <class S>
  constexpr several<S, 2> operator()(S g, S normal) const {
    return {g, g * normal};
  }
};
struct normal_slope {
  double n;
  template <class S>
  constexpr S operator()(S g, S normal, S root, S sum, S along) const {
    return root * (g - (sum + normal * along) / n);
  }
};
/// The mean of each row, and 1 / sqrt(its variance + epsilon).
template <backend B>
void mean_and_root(B& b, out_view<B> mean, out_view<B> root, in_view<B> x, double epsilon) {
  double const n = double(x.columns);
  b.row_sums(mean, same{}, x);
  b.map(outputs{mean}, scaled_by{1 / n}, in_view<B>(mean));
  b.row_sums(root, squared_difference{}, x, repeat_column(in_view<B>(mean), x.columns));
  b.map(outputs{root}, reciprocal_root_mean{n, epsilon}, in_view<B>(root));
}
struct moved_norm {
  template <class S>
  constexpr S operator()(S dnormal, S scale, S normal, S dscale, S dshift) const {
    return dnormal * scale + normal * dscale + dshift;
  }
};

}  // namespace detail

/// Each row without its mean, of variance 1, then scaled and shifted column by column:
///
///     y = n scale + shift,    n = (x - mean(x)) / sqrt(variance(x) + epsilon)
///
/// It starts with scale 1 and shift 0.
///
/// Source: Ba et al. 2016, arXiv:1607.06450; the variance is that of the population, as torch.nn.LayerNorm has it.
struct layer_norm {
  double epsilon = 1e-5;

  static constexpr char const* kind = "layer_norm";
  static void numbers(auto& self, auto const& f) { f("epsilon", self.epsilon); }
  layer_extents extents(layer_extents const& in) const {
    detail::require(epsilon > 0, "layer_norm", "epsilon", epsilon, "a positive number");
    return in;
  }
  void arrays(layer_extents const& in, auto const& f) const { f("scale", 1, in.size, 1), f("shift", 1, in.size, 0); }

  template <backend B>
  void forward(B& b, layer_pass<B> const& p) const {
    std::ptrdiff_t const R = p.rows(), n = p.in.size;
    auto const [normal, root] = kept(b, p);
    view<value_t<B>> const mean = p.kept(b, 2, R);
    auto const means = repeat_column(in_view<B>(mean), n), roots = repeat_column(in_view<B>(root), n);
    detail::mean_and_root(b, mean, root, p.x, epsilon);
    b.map(outputs{normal, p.y}, detail::normalized{}, p.x, means, roots, repeat_row(p.parameters[0], R),
          repeat_row(p.parameters[1], R));
  }
  template <backend B>
  void backward(B& b, layer_pass<B> const& p, out_view<B> dy, layer_views<value_t<B>> gradient, out_view<B> dx) const {
    auto const [normal, root] = kept(b, p);
    auto terms = b.template temporary<value_t<B>>(dy.size());
    view<value_t<B>> const by_row = terms.matrix(dy.rows, dy.columns);
    b.map(outputs{by_row}, detail::times{}, in_view<B>(dy), in_view<B>(normal));
    b.column_sum(gradient[0], in_view<B>(by_row));
    b.column_sum(gradient[1], in_view<B>(dy));
    if (!dx) return;
    b.map(outputs{dy}, detail::times{}, in_view<B>(dy), repeat_row(p.parameters[0], dy.rows));
    project(b, p, in_view<B>(dy), dx);
  }
  template <backend B>
  void tangent(B& b, layer_pass<B> const& p, layer_views<value_t<B> const> v, in_view<B> dx, out_view<B> dy) const {
    auto const [normal, root] = kept(b, p);
    auto const row = [&](in_view<B> one) { return repeat_row(one, dy.rows); };
    if (dx) project(b, p, dx, dy);
    else detail::fill_with(b, dy, 0);
    b.map(outputs{dy}, detail::moved_norm{}, in_view<B>(dy), row(p.parameters[0]), in_view<B>(normal), row(v[0]),
          row(v[1]));
  }

 private:
  template <backend B>
  static std::pair<out_view<B>, out_view<B>> kept(B& b, layer_pass<B> const& p) {
    return {p.kept(b, 0, p.rows(), p.in.size), p.kept(b, 1, p.rows())};
  }
  /// What becomes of a change g of x in n; and, since that is symmetric, of a gradient of n in x.
  template <backend B>
  static void project(B& b, layer_pass<B> const& p, in_view<B> g, out_view<B> to) {
    std::ptrdiff_t const R = g.rows, n = g.columns;
    auto const [normal, root] = kept(b, p);
    auto room = b.template temporary<value_t<B>>(2 * R);
    view<value_t<B>> const sums = room.matrix(R, 2);
    b.row_sums(sums, detail::sum_and_product{}, g, in_view<B>(normal));
    auto const wide = [&](in_view<B> column) { return repeat_column(column, n); };
    b.map(outputs{to}, detail::normal_slope{double(n)}, g, in_view<B>(normal), wide(root), wide(sums.column(0)),
          wide(sums.column(1)));
  }
};

}  // namespace COHORT_NAMESPACE
