#pragma once
#include <cohort/backend/memory.hpp>
#include <cohort/network/activation.hpp>
#include <cohort/network/built_layer.hpp>
#include <cohort/network/built_recurrent.hpp>
#include <memory>

namespace COHORT_NAMESPACE::detail {

/// What is made of other layers: c.template built<B>(in, first, place) builds it with parameters from `first` on.
template <class L, class B>
concept composite_layer =
    requires(L const& l, layer_extents const& in) { l.template built<B>(in, std::ptrdiff_t(0), matrix_place::input); };
/// What stands for the layers in it, one after the other.
template <class L>
concept layers_in_order = requires(L const& l) { l.each([](auto const&) {}); };

/// Layers one after the other, each built for what the one before it gives.
template <backend B>
class layer_sequence {
 public:
  using T = value_t<B>;
  using trace = layer_trace<B>;

  /// `first` is where its parameters begin among those of the network, `place` that of its first matrix.
  explicit layer_sequence(layer_extents const& in, std::ptrdiff_t first = 0, matrix_place place = matrix_place::input)
      : in_(in), end_(first), place_(place) {}

  template <class L>
  void add(L const& layer) {
    if constexpr (layers_in_order<L>) layer.each([&](auto const& l) { add(l); });
    else if constexpr (composite_layer<L, B>)
      add(layer.kind, [&] { return layer.template built<B>(out(), end_, place_); });
    else if constexpr (layer_parts<L, B>::missing == 0) add(kind_of(layer), [&] { return built(layer); });
  }
  /// make(), which is to be a layer for out() with its parameters from end() on; what is wrong with it is said beside
  /// where it stands.
  template <class F>
  void add(std::string const& kind, F make) {
    try {
      std::shared_ptr<built_layer<B> const> layer = make();
      if (layer->out.size < 1) throw value_error("it gives " + layer->out.text());
      auto const arrays = layer->arrays();
      double parameters = double(end_);
      for (auto const& a : arrays) parameters += double(a.size());
      require_memory("the parameters up to this one in float", 4 * parameters);
      if (arrays.empty() && first_with_parameters_ == layers_.size()) ++first_with_parameters_;
      for (auto const& a : arrays) {
        end_ = a.first + a.size();
        if (a.is_matrix) place_ = matrix_place::hidden;
      }
      memory_ += layer->memory();
      layers_.push_back(std::move(layer));
    } catch (value_error const& e) {
      std::size_t const l = layers_.size();
      std::string const from =
          l == 0 ? "" : " from layer " + std::to_string(l - 1) + ", " + layers_.back()->description().kind;
      throw value_error("layer " + std::to_string(l) + ", " + kind + ", of " + out().text() + from + ": " + e.what());
    }
  }

  /// A layer by the protocol for out(), with its parameters from end() on.
  template <class L>
  std::unique_ptr<built_layer<B>> built(L const& layer) const {
    layer_extents const given = [&]() -> layer_extents {
      if constexpr (recurrent_cell<L>) return layer.units;
      else return layer.extents(out());
    }();
    std::vector<layer_array> arrays;
    std::ptrdiff_t first = end_;
    auto list = [&](char const* name, int rows, int columns, auto... start) {
      constexpr bool is_matrix = sizeof...(start) == 0;
      arrays.push_back({name, first, rows, columns, is_matrix, (0. + ... + double(start)), place_});
      if constexpr (recurrent_cell<L>) arrays.back().gain = 1;
      first += arrays.back().size();
    };
    if constexpr (requires { layer.arrays(given, list); }) layer.arrays(out(), list);
    if constexpr (recurrent_cell<L>) return std::make_unique<built_recurrent<B, L>>(layer, out(), std::move(arrays));
    else return std::make_unique<layer_of<B, L>>(layer, out(), given, std::move(arrays));
  }

  layer_extents const& in() const { return in_; }
  layer_extents const& out() const { return layers_.empty() ? in_ : layers_.back()->out; }
  std::ptrdiff_t end() const { return end_; }         ///< where the parameters behind its own begin
  matrix_place next_place() const { return place_; }  ///< that of a matrix behind it
  std::size_t size() const { return layers_.size(); }
  int memory() const { return memory_; }  ///< of all its layers
  bool has_parameters() const { return first_with_parameters_ < layers_.size(); }
  std::vector<layer_array> arrays() const {
    std::vector<layer_array> all;
    for (std::size_t l = 0; l < layers_.size(); ++l)
      for (auto a : layers_[l]->arrays()) a.name = std::to_string(l) + "." + a.name, all.push_back(a);
    return all;
  }
  std::vector<layer_description> description() const {
    std::vector<layer_description> all;
    for (auto const& l : layers_) all.push_back(l->description());
    return all;
  }

  view<T const> forward(B& b, T const* parameters, view<T const> x, trace& t) const {
    if (t.inside.size() != layers_.size()) t.inside.resize(layers_.size());
    each_memory([&](std::size_t l, int first, int count) { t.inside[l].time = t.time.states_part(first, count); });
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      auto const& layer = *layers_[l];
      if (int const c = layer.first_column; c >= 0) x = x.columns_part(c, layer.out.size);
      else {
        view<T> const y = t.inside[l].rows_of(b, t.inside[l].out, x.rows, layer.out.size);
        layer.forward(b, parameters, x, y, t.inside[l]);
        x = y;
      }
    }
    return x;
  }
  /// What is remembered after each row of the last forward pass of x.
  void states(B& b, view<T const> x, trace& t, view<T> out) const {
    each_memory([&](std::size_t l, int first, int count) {
      layers_[l]->states(b, input(l, x, t), made(l, x.rows, t), t.inside[l], out.columns_part(first, count));
    });
  }
  /// What the last forward pass gave for x.
  view<T const> output(view<T const> x, trace& t) const { return input(layers_.size(), x, t); }

  /// Writes the gradient of sum(dy y), with respect to x only where dx asks for it. dy is changed on the way.
  void backward(B& b, T const* parameters, view<T const> x, trace& t, view<T> dy, T* gradient, view<T> dx) const {
    std::size_t const last = dx ? 0 : first_with_parameters_;
    for (std::size_t l = layers_.size(); l-- > last;) {
      auto const& layer = *layers_[l];
      auto& own = t.inside[l];
      view<T> const din = l == last ? dx : own.rows_of(b, own.gradient, x.rows, layer.in.size);
      layer.backward(b, parameters, input(l, x, t), made(l, x.rows, t), own, dy, gradient, din);
      dy = din;
    }
  }
  /// How the output changes when the parameters move along v and x along dx; absent where it does not.
  view<T const> tangent(B& b, T const* parameters, T const* v, view<T const> x, trace& t, view<T const> dx) const {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      auto const& layer = *layers_[l];
      auto& own = t.inside[l];
      if (!dx && l < first_with_parameters_) continue;
      if (int const c = layer.first_column; c >= 0) dx = dx ? dx.columns_part(c, layer.out.size) : dx;
      else {
        view<T> const dy = own.rows_of(b, own.tangent, x.rows, layer.out.size);
        layer.tangent(b, parameters, v, input(l, x, t), made(l, x.rows, t), own, dx, dy);
        dx = dy;
      }
    }
    return dx;
  }

 private:
  /// f(layer, its first column of the memory, their number) of each that has any.
  template <class F>
  void each_memory(F f) const {
    int first = 0;
    for (std::size_t l = 0; memory_ > 0 && l < layers_.size(); ++l)
      if (int const n = layers_[l]->memory(); n > 0) f(l, first, n), first += n;
  }
  view<T> made(std::size_t l, std::ptrdiff_t rows, trace& t) const {
    return layers_[l]->first_column < 0 ? t.inside[l].out.matrix(rows, layers_[l]->out.size) : view<T>{};
  }
  view<T const> input(std::size_t l, view<T const> x, trace& t) const {
    if (l == 0) return x;
    int const c = layers_[l - 1]->first_column;
    return c < 0 ? view<T const>(made(l - 1, x.rows, t)) : input(l - 1, x, t).columns_part(c, layers_[l - 1]->out.size);
  }

  layer_extents in_;
  std::ptrdiff_t end_;
  matrix_place place_;
  std::size_t first_with_parameters_ = 0;
  int memory_ = 0;
  std::vector<std::shared_ptr<built_layer<B> const>> layers_;  // shared, since they hold no numbers but their own
};

}  // namespace COHORT_NAMESPACE::detail
