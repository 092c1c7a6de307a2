#pragma once
#include <algorithm>
#include <cohort/backend/copies.hpp>
#include <cohort/describe/setting.hpp>
#include <cohort/describe/type_name.hpp>
#include <cohort/network/layer.hpp>
#include <utility>

namespace COHORT_NAMESPACE::detail {

/// What a layer is, for files and messages: its type's name, its numbers, and the layers within it, sequence by
/// sequence.
struct layer_description {
  std::string kind;
  std::vector<std::pair<std::string, setting_value>> numbers{};
  std::vector<std::vector<layer_description>> inside{};

  bool operator==(layer_description const&) const = default;
};
/// What reads choices, which have no scale, as they are: anywhere within.
inline bool has_embedding(std::vector<layer_description> const& layers) {
  return std::any_of(layers.begin(), layers.end(), [](layer_description const& l) {
    return l.kind == "embedding" || std::any_of(l.inside.begin(), l.inside.end(), has_embedding);
  });
}

/// A layer of a type that is known no more, for what comes into it: extents, and its passes over R rows.
template <backend B>
class built_layer {
 public:
  using T = value_t<B>;
  using trace = layer_trace<B>;

  built_layer(layer_extents const& i, layer_extents const& o, int column = -1) : in(i), out(o), first_column(column) {}
  virtual ~built_layer() = default;

  layer_extents const in, out;
  int const first_column;  ///< where it gives columns of what comes in just as they are, the first of them, else -1

  /// Of its parameters and those of layers within it, in the order of the network's array.
  virtual std::vector<layer_array> arrays() const { return {}; }
  virtual layer_description description() const = 0;
  /// The numbers that it and layers within it remember from one step to the next.
  virtual int memory() const { return 0; }
  /// Writes them as they are after each of the R rows of the last forward pass.
  virtual void states(B&, view<T const>, view<T>, trace&, view<T>) const {}

  /// Parameters, gradients and directions of parameters lie from those of the network's first layer on.
  virtual void forward(B&, T const* parameters, view<T const> x, view<T> y, trace&) const = 0;
  /// Writes the gradient of sum(dy y) with respect to its parameters to their places, and that with respect to x to dx
  /// where there is one. dy is its own to change.
  virtual void backward(B&, T const* parameters, view<T const> x, view<T> y, trace&, view<T> dy, T* gradient,
                        view<T> dx) const = 0;
  /// dy, how y changes when the parameters move along v and x along dx; without dx x stays.
  virtual void tangent(B&, T const* parameters, T const* v, view<T const> x, view<T> y, trace&, view<T const> dx,
                       view<T> dy) const = 0;
};

/// The library's layers say what they are called; one of your own is "own::" and its type's name.
template <class L>
std::string kind_of(L const& layer) {
  if constexpr (requires { L::kind; }) return L::kind;
  else return "own::" + component_name(layer);
}
template <class L>
layer_description description_of(L const& layer) {
  layer_description all{kind_of(layer)};
  if constexpr (requires { L::numbers(layer, [](char const*, auto const&) {}); })
    L::numbers(layer, [&](char const* name, auto const& x) { all.numbers.emplace_back(name, as_setting(x)); });
  return all;
}

/// A layer by the protocol.
template <backend B, class L>
class layer_of final : public built_layer<B> {
 public:
  using typename built_layer<B>::T;
  using typename built_layer<B>::trace;

  layer_of(L const& layer, layer_extents const& i, layer_extents const& o, std::vector<layer_array> arrays)
      : built_layer<B>(i, o, column_of(layer)), layer_(layer), arrays_(std::move(arrays)) {}

  std::vector<layer_array> arrays() const override { return arrays_; }
  layer_description description() const override { return description_of(layer_); }
  void forward(B& b, T const* parameters, view<T const> x, view<T> y, trace& t) const override {
    if constexpr (!selects) layer_.forward(b, pass(parameters, x, y, t));
  }
  void backward(B& b, T const* parameters, view<T const> x, view<T> y, trace& t, view<T> dy, T* gradient,
                view<T> dx) const override {
    if constexpr (!selects) layer_.backward(b, pass(parameters, x, y, t), dy, layer_views<T>(gradient, arrays_), dx);
    else {
      if (dx.columns != dy.columns) fill_with(b, dx, 0);
      copy_to(b, dx.columns_part(this->first_column, dy.columns), view<T const>(dy));
    }
  }
  void tangent(B& b, T const* parameters, T const* v, view<T const> x, view<T> y, trace& t, view<T const> dx,
               view<T> dy) const override {
    if constexpr (!selects) layer_.tangent(b, pass(parameters, x, y, t), layer_views<T const>(v, arrays_), dx, dy);
  }

 private:
  static constexpr bool selects = layer_parts<L, B>::selects;

  static int column_of(L const& layer) {
    if constexpr (selects) return layer.first_column();
    else return -1;
  }
  layer_pass<B> pass(T const* parameters, view<T const> x, view<T> y, trace& t) const {
    return {this->in, this->out, x, y, {parameters, arrays_}, t};
  }

  L layer_;
  std::vector<layer_array> arrays_;
};

}  // namespace COHORT_NAMESPACE::detail
