#pragma once
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <cohort/error.hpp>
#include <cohort/network/time_layout.hpp>
#include <cohort/optimizer/parameter_layout.hpp>
#include <limits>
#include <string>
#include <vector>

// What a layer of a network is given: docs/policies.md has the protocol, and an example of a layer of one's own.

namespace COHORT_NAMESPACE {

/// The numbers that come into a layer, or out of it, for one observation: a row of them, of an image row by row of
/// pixels, each with its channels, as Gymnasium lays images out.
struct layer_extents {
  int size = 0;
  int rows = 0, columns = 0, channels = 0;  ///< of an image, 0 of others

  layer_extents(int n) : size(n) {}
  layer_extents(int r, int c, int k) : rows(r), columns(c), channels(k) {
    detail::require_numbered("layer_extents", "the size of an image", double(r) * c * k);
    size = r * c * k;
  }
  bool is_image() const { return rows > 0; }
  [[gnu::cold]] std::string text() const {
    if (!is_image()) return std::to_string(size) + (size == 1 ? " number" : " numbers");
    return "an image of " + std::to_string(rows) + " x " + std::to_string(columns) + " x " + std::to_string(channels);
  }
};

/// An array of a layer's parameters, and what it starts with: an orthogonal matrix (of gain sqrt(2), of a recurrent
/// layer 1), or one number.
struct layer_array {
  std::string name;
  std::ptrdiff_t first = 0;  ///< where it begins among the parameters of its network
  int rows = 0, columns = 0;
  bool is_matrix = false;  ///< rows are inputs
  double start = 0;        ///< of one that is no matrix
  matrix_place place = matrix_place::hidden;
  double gain = std::sqrt(2.);  ///< of a matrix

  std::ptrdiff_t size() const { return std::ptrdiff_t(rows) * columns; }
};

/// The arrays of one layer in an array like the network's parameters, in the order in which the layer lists them.
template <class T>
class layer_views {
 public:
  layer_views(T* network, std::vector<layer_array> const& all) : network_(network), all_(&all) {}
  view<T> operator[](std::size_t k) const {
    auto const& a = (*all_)[k];
    return {network_ + a.first, a.rows, a.columns};
  }

 private:
  T* network_;
  std::vector<layer_array> const* all_;
};

/// What a pass through a layer leaves behind for those that follow: outputs, room for gradients and tangents, what the
/// layer keeps, and the same of the layers within it.
template <backend B>
struct layer_trace {
  using array = typename B::template array<value_t<B>>;
  array out, gradient, tangent;
  std::vector<array> kept, factors;
  typename B::template array<std::int32_t> indices;
  std::vector<layer_trace> inside;
  through_time<value_t<B>> time{};  ///< of recurrent layers
  time_layout alone;                ///< where rows are not in the order of time

  view<value_t<B>> rows_of(B& backend, array& a, std::ptrdiff_t rows, int columns) {
    backend.resize(a, rows * columns);
    return a.matrix(rows, columns);
  }
};

/// One pass of R rows through a layer: what came in and what comes out.
template <backend B>
struct layer_pass {
  using T = value_t<B>;

  layer_extents const &in, &out;
  view<T const> x;  ///< R x in.size
  view<T> y;        ///< R x out.size, row after row
  layer_views<T const> parameters;
  layer_trace<B>& trace;

  std::ptrdiff_t rows() const { return x.rows; }
  through_time<T> const& time() const { return trace.time; }
  /// Memory of the layer's own, number k of it, that keeps what the forward pass writes until the passes that follow.
  view<T> kept(B& backend, std::size_t k, std::ptrdiff_t rows, std::ptrdiff_t columns = 1) const {
    if (trace.kept.size() <= k) trace.kept.resize(k + 1);
    backend.resize(trace.kept[k], rows * columns);
    return trace.kept[k].matrix(rows, columns);
  }
  /// A matrix, prepared as a right factor of many products; number k of those, until the end of the pass.
  typename B::factor prepared(B& backend, std::size_t k, view<T const> matrix) const {
    if (trace.factors.size() <= k) trace.factors.resize(k + 1);
    return backend.prepare(trace.factors[k], matrix);
  }
  view<std::int32_t> kept_indices(B& backend, std::ptrdiff_t n) const {
    backend.resize(trace.indices, n);
    return trace.indices.all();
  }
};

/// A layer with a memory, one step of which it says: recurrent.hpp.
template <class L>
concept recurrent_cell = requires(L const& l) { L::gates, L::states, l.units; };

/// What of a layer is there, member by member: requirements.inc says the first that is missing.
template <class L, class B>
struct layer_parts {
  using T = value_t<B>;

  static constexpr bool is_cell = recurrent_cell<L>;
  static constexpr bool gives = is_cell || requires(L const& l, layer_extents const& in) {
    { l.extents(in) } -> std::convertible_to<layer_extents>;
  };
  /// The library's own that give columns of what comes in as they are have no passes.
  static constexpr bool selects = requires(L const& l) { l.first_column(); };
  static constexpr bool forward =
      is_cell || selects || requires(L const& l, B& b, layer_pass<B> const& p) { l.forward(b, p); };
  static constexpr bool backward =
      is_cell || selects || requires(L const& l, B& b, layer_pass<B> const& p, view<T> dy, layer_views<T> gradient) {
        l.backward(b, p, dy, gradient, dy);
      };
  static constexpr bool tangent = is_cell || selects ||
                                  requires(L const& l, B& b, layer_pass<B> const& p, layer_views<T const> v,
                                           view<T const> dx, view<T> dy) { l.tangent(b, p, v, dx, dy); };

  /// The number of the first that is missing, 0 if none is.
  static constexpr int missing = !gives ? 1 : !forward ? 2 : !backward ? 3 : !tangent ? 4 : 0;
  template <int k>
  static constexpr bool has = missing != k;
};

}  // namespace COHORT_NAMESPACE
