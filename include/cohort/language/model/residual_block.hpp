#pragma once
#include <cohort/language/model/decoder_norm.hpp>

namespace COHORT_NAMESPACE {

/// y = x + f(norm(x)), or with a norm behind it x + norm'(f(norm(x))).
template <backend B>
class residual_block {
  using T = value_t<B>;
  using array = typename B::template array<T>;

 public:
  /// f(norm(x), to, add) writes or adds. `after` is empty where there is no norm behind it; `normed` is scratch memory
  /// like x.
  template <class F>
  view<T const> forward(B& b, decoder_norm const& norm, norm_weights<T const> before, norm_weights<T const> after,
                        view<T const> x, view<T> normed, F f) {
    std::ptrdiff_t const R = x.rows, H = x.columns;
    b.resize(kept_, norm.kept(R)), b.resize(y_, R * H);
    norm.forward(b, normed, kept_.all(), x, before);
    view<T> const y = y_.matrix(R, H);
    if (!after.scale) {
      detail::copy_to(b, y, x);
      f(view<T const>(normed), y, true);
      return y;
    }
    b.resize(kept_after_, norm.kept(R)), b.resize(inner_, R * H);
    view<T> const inner = inner_.matrix(R, H);
    f(view<T const>(normed), inner, false);
    norm.forward(b, y, kept_after_.all(), view<T const>(inner), after);
    detail::add_to(b, y, x);
    return y;
  }

  /// d, the gradient of y, becomes that of x; those of the norms' weights are added to. f(dy, scratch, normed) goes
  /// backward through f: normed(m) writes norm(x) into m, and scratch gets its gradient.
  template <class F>
  void backward(B& b, decoder_norm const& norm, norm_weights<T const> before, norm_weights<T const> after,
                norm_weights<T> dbefore, norm_weights<T> dafter, view<T const> x, view<T> d, view<T> scratch, F f) {
    std::ptrdiff_t const R = x.rows, H = x.columns;
    auto const normed = [&](view<T> m) { norm.again(b, m, view<T const>(kept_.all()), x, before); };
    if (!after.scale) {
      f(view<T const>(d), scratch, normed);
    } else {
      auto room = b.template temporary<T>(R * H);
      view<T> const dinner = room.matrix(R, H);
      detail::fill_with(b, dinner, 0);
      norm.backward(b, dinner, dafter, view<T const>(d), view<T const>(inner_.matrix(R, H)), after,
                    view<T const>(kept_after_.all()));
      f(view<T const>(dinner), scratch, normed);
    }
    norm.backward(b, d, dbefore, view<T const>(scratch), x, before, view<T const>(kept_.all()));
  }

  view<T const> y(std::ptrdiff_t rows, std::ptrdiff_t columns) const { return y_.matrix(rows, columns); }
  std::ptrdiff_t size() const { return kept_.size() + kept_after_.size() + inner_.size() + y_.size(); }

 private:
  array kept_, kept_after_, inner_, y_;
};

}  // namespace COHORT_NAMESPACE
