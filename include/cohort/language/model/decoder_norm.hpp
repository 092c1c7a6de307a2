#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/language/model/decoder_parts.hpp>
#include <cohort/language/model/rms_norm.hpp>
#include <cohort/network/layer_norm.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct layer_normed {
  template <class S>
  constexpr S operator()(S x, S mean, S root, S scale, S shift) const {
    return normalized{}(x, mean, root, scale, shift)[1];
  }
};
/// Of a row: the sums of dy scale, and of dy scale times the normalized x.
struct layer_norm_sums {
  template <class S>
  constexpr several<S, 2> operator()(S dy, S x, S mean, S root, S scale) const {
    return sum_and_product{}(S(dy * scale), S((x - mean) * root));
  }
};
struct layer_norm_slope {
  double n;
  template <class S>
  constexpr several<S, 2> operator()(S before, S dy, S x, S mean, S root, S scale, S sum, S along) const {
    S const normal = (x - mean) * root;
    return {{before + normal_slope{n}(S(dy * scale), normal, root, sum, along), dy * normal}};
  }
};

}  // namespace detail

/// A norm's weights, or their gradient: scale, and of a layer norm shift.
template <class T>
struct norm_weights {
  view<T> scale, shift;
};

/// The norm of a decoder's rows. What it keeps for the backward pass takes kept(R) numbers.
class decoder_norm {
  norm_kind kind_;
  rms_norm rms_;

 public:
  decoder_norm(norm_kind kind, double epsilon)
      : kind_(kind), rms_{epsilon, kind == norm_kind::rms_plus_one ? 1. : 0.} {}

  std::ptrdiff_t kept(std::ptrdiff_t rows) const { return kind_ == norm_kind::layer ? 2 * rows : rows; }

  template <backend B, class T = value_t<B>>
  void forward(B& b, view<T> y, view<T> kept, view<T const> x, norm_weights<T const> w) const {
    if (kind_ != norm_kind::layer) return rms_.forward(b, y, kept, x, w.scale);
    std::ptrdiff_t const R = x.rows;
    view<T> const root = kept.part(0, R), mean = kept.part(R, R);
    detail::mean_and_root(b, mean, root, x, rms_.epsilon);
    again(b, y, view<T const>(kept), x, w);
  }

  /// y again, from what was kept.
  template <backend B, class T = value_t<B>>
  void again(B& b, view<T> y, view<T const> kept, view<T const> x, norm_weights<T const> w) const {
    if (kind_ != norm_kind::layer) return rms_.again(b, y, kept, x, w.scale);
    std::ptrdiff_t const R = x.rows, H = x.columns;
    b.map(outputs{y}, detail::layer_normed{}, x, repeat_column(kept.part(R, R), H), repeat_column(kept.part(0, R), H),
          detail::as_rows(w.scale, R), detail::as_rows(w.shift, R));
  }

  /// Adds the gradient of sum(dy y) to dx, and to dw where it is wanted.
  template <backend B, class T = value_t<B>>
  void backward(B& b, view<T> dx, norm_weights<T> dw, view<T const> dy, view<T const> x, norm_weights<T const> w,
                view<T const> kept) const {
    if (kind_ != norm_kind::layer) return rms_.backward(b, dx, dw.scale, dy, x, w.scale, kept);
    std::ptrdiff_t const R = x.rows, H = x.columns;
    auto scratch = b.template temporary<T>(2 * R + H + R * H);
    view<T> const sums(scratch.all().data, R, 2), terms(sums.data + 2 * R, R, H), columns(terms.data + R * H, 1, H);
    auto const wide = [&](view<T const> column) { return repeat_column(column, H); };
    auto const scale = detail::as_rows(w.scale, R);
    view<T const> const root = kept.part(0, R), mean = kept.part(R, R);
    b.row_sums(sums, detail::layer_norm_sums{}, dy, x, wide(mean), wide(root), scale);
    b.map(outputs{dx, terms}, detail::layer_norm_slope{double(H)}, view<T const>(dx), dy, x, wide(mean), wide(root),
          scale, wide(view<T const>(sums).column(0)), wide(view<T const>(sums).column(1)));
    if (!dw.scale) return;
    b.column_sum(columns, view<T const>(terms));
    detail::add_to(b, dw.scale, view<T const>(columns.transposed()));
    b.column_sum(columns, dy);
    detail::add_to(b, dw.shift, view<T const>(columns.transposed()));
  }
};

}  // namespace COHORT_NAMESPACE
