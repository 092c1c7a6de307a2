#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/network/layer_sequence.hpp>
#include <tuple>

namespace COHORT_NAMESPACE {

namespace detail {

template <backend B>
class built_residual final : public built_layer<B> {
 public:
  using typename built_layer<B>::T;
  using typename built_layer<B>::trace;

  explicit built_residual(layer_sequence<B> inside)
      : built_layer<B>(inside.in(), inside.in()), inside_(std::move(inside)) {
    if (inside_.out().size != this->in.size || inside_.size() == 0)
      throw value_error("its layers give " + inside_.out().text() + ", expected " + this->in.text() +
                        ", to which they are added");
  }

  std::vector<layer_array> arrays() const override { return inside_.arrays(); }
  layer_description description() const override { return {"residual", {}, {inside_.description()}}; }
  int memory() const override { return inside_.memory(); }
  void states(B& b, view<T const> x, view<T>, trace& t, view<T> after) const override {
    inside_.states(b, x, t, after);
  }
  void forward(B& b, T const* parameters, view<T const> x, view<T> y, trace& t) const override {
    b.map(outputs{y}, plus{}, x, inside_.forward(b, parameters, x, t));
  }
  void backward(B& b, T const* parameters, view<T const> x, view<T>, trace& t, view<T> dy, T* gradient,
                view<T> dx) const override {
    if (!dx) return inside_.backward(b, parameters, x, t, dy, gradient, {});
    auto room = b.template temporary<T>(dy.size());
    view<T> const before = room.matrix(dy.rows, dy.columns);
    copy_to(b, before, view<T const>(dy));
    inside_.backward(b, parameters, x, t, dy, gradient, dx);
    add_to(b, dx, view<T const>(before));
  }
  void tangent(B& b, T const* parameters, T const* v, view<T const> x, view<T>, trace& t, view<T const> dx,
               view<T> dy) const override {
    view<T const> const change = inside_.tangent(b, parameters, v, x, t, dx);
    if (dx && change) b.map(outputs{dy}, plus{}, dx, change);
    else copy_to(b, dy, dx ? dx : change);
  }

 private:
  layer_sequence<B> inside_;
};

}  // namespace detail

/// Layers whose output is added to what came in, of the same number of columns:
///
///     y = x + f(x)
///
/// Source: He et al. 2016, arXiv:1512.03385.
template <class... Layers>
struct residual {
  using inside = std::tuple<Layers...>;
  inside layers;

  constexpr residual(Layers... l) : layers(std::move(l)...) {}

  static constexpr char const* kind = "residual";
  template <backend B>
  std::unique_ptr<detail::built_layer<B>> built(layer_extents const& in, std::ptrdiff_t first,
                                                matrix_place place) const {
    detail::layer_sequence<B> sequence(in, first, place);
    std::apply([&](auto const&... l) { (sequence.add(l), ...); }, layers);
    return std::make_unique<detail::built_residual<B>>(std::move(sequence));
  }
};

}  // namespace COHORT_NAMESPACE
