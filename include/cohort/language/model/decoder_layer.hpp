#pragma once
#include <cohort/language/model/feed_forward.hpp>
#include <cohort/language/model/residual_block.hpp>
#include <cohort/language/model/self_attention.hpp>

namespace COHORT_NAMESPACE {

/// A decoder's layer: y = x + attention(norm(x)), then y + feed_forward(norm(y)), with what it keeps of a pass for the
/// backward one.
template <backend B>
class decoder_layer {
  using T = value_t<B>;
  using part = decoder_part;

 public:
  /// What comes out, kept until the next pass. `scratch` is like x; `cache` may be null.
  view<T const> forward(B& b, layer_weights<B> const& w, rotary<B>& positions, attention_layout const& layout,
                        cached_keys<T> const* cache, view<T const> x, view<T> scratch) {
    auto const& v = w.vectors;
    view<T const> const y = attending_.forward(b, norm(v), v.norm(part::norm1, part::norm1_shift),
                                               v.norm(part::norm1_after, part::norm1_after_shift), x, scratch,
                                               [&](view<T const> normed, view<T> to, bool add) {
                                                 attention_.forward(b, w, positions, layout, cache, normed, to, add);
                                               });
    return feeding_.forward(b, norm(v), v.norm(part::norm2, part::norm2_shift),
                            v.norm(part::norm2_after, part::norm2_after_shift), y, scratch,
                            [&](view<T const> normed, view<T> to, bool add) { feed_.forward(b, w, normed, to, add); });
  }

  /// Of the last pass, whose input was x: dx, the gradient of what came out, becomes that of x.
  void backward(B& b, layer_weights<B> const& w, layer_gradient<T> const& gradient, rotary<B>& positions,
                attention_layout const& layout, view<T const> x, view<T> dx, view<T> scratch) {
    auto const& v = w.vectors;
    auto const& g = gradient.vectors;
    feeding_.backward(
        b, norm(v), v.norm(part::norm2, part::norm2_shift), v.norm(part::norm2_after, part::norm2_after_shift),
        g.norm(part::norm2, part::norm2_shift), g.norm(part::norm2_after, part::norm2_after_shift),
        attending_.y(x.rows, x.columns), dx, scratch,
        [&](view<T const> dy, view<T> to, auto normed) { feed_.backward(b, w, gradient, dy, to, normed); });
    attending_.backward(b, norm(v), v.norm(part::norm1, part::norm1_shift),
                        v.norm(part::norm1_after, part::norm1_after_shift), g.norm(part::norm1, part::norm1_shift),
                        g.norm(part::norm1_after, part::norm1_after_shift), x, dx, scratch,
                        [&](view<T const> dy, view<T> to, auto normed) {
                          attention_.backward(b, w, gradient, positions, layout, dy, to, normed);
                        });
  }

  /// What came out last.
  view<T const> y(std::ptrdiff_t rows, std::ptrdiff_t columns) const { return feeding_.y(rows, columns); }
  std::ptrdiff_t size() const { return attending_.size() + attention_.size() + feeding_.size() + feed_.size(); }

 private:
  template <class W>
  static decoder_norm norm(W const& w) {
    return {w.options.norm, w.options.epsilon};
  }

  residual_block<B> attending_, feeding_;
  self_attention<B> attention_;
  feed_forward<B> feed_;
};

}  // namespace COHORT_NAMESPACE
