#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/backend/stored_matrix.hpp>
#include <cohort/error.hpp>
#include <span>
#include <vector>

namespace COHORT_NAMESPACE {

/// The weights of a decoder that are not trained, as they lie in files: outputs x inputs. Products that a file has in
/// several pieces, as queries, keys and values, are pieces one after the other.
struct stored_weights {
  using pieces = std::vector<stored_matrix>;
  struct layer {
    pieces qkv, out, up, down;
    pieces const& operator[](std::size_t k) const { return k == 0 ? qkv : k == 1 ? out : k == 2 ? up : down; }
  };
  stored_matrix embedding, positions, head;
  std::vector<layer> layers;
};

/// The right factor of a product with weights: y = or += x W', whether W lies in an array of the backend's numbers or,
/// in pieces, as stored_weights has it.
template <backend B>
class weight_factor {
  using T = value_t<B>;

 public:
  weight_factor(typename B::factor const& turned) : turned_(turned) {}
  weight_factor(stored_matrix const* pieces, std::size_t count)
      : turned_(view<T const>{}), pieces_(pieces), count_(count) {}
  /// W, not turned.
  static weight_factor of(view<T const> weights) { return typename B::factor(weights.transposed()); }

  std::ptrdiff_t outputs() const {
    if (!pieces_) return turned_.matrix.columns;
    std::ptrdiff_t all = 0;
    for (std::size_t i = 0; i < count_; ++i) all += pieces_[i].rows;
    return all;
  }
  void multiply(B& b, view<T> y, view<T const> x, bool add) const {
    if (!pieces_) return b.matmul_prepared(y, x, turned_, add);
    if constexpr (stored_products<B>) b.matmul_prepared(y, x, std::span(pieces_, count_), add);
  }

  /// The gradient of x, given that of y: dx = or += dy W.
  void backward(B& b, view<T> dx, view<T const> dy, bool add = false) const {
    if (!pieces_) return b.matmul(dx, dy, turned_.matrix.transposed(), add);
    if constexpr (stored_gradients<B>) b.matmul(dx, dy, std::span(pieces_, count_), add);
    else throw value_error("weights that lie in a file: this backend does not go backward through them");
  }

 private:
  typename B::factor turned_;
  stored_matrix const* pieces_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace COHORT_NAMESPACE
