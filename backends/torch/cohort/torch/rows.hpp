#pragma once
#include <cohort/torch/array.hpp>
#include <cohort/torch/scalar.hpp>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::torch::detail {

using namespace cohort::detail;

/// A tensor as a formula sees it: bytes are flags, other numbers are numbers.
template <class T, class U>
auto loaded(at::Tensor t) {
  if constexpr (std::is_same_v<std::remove_const_t<U>, std::uint8_t>) return tensor_mask<T, untracked>(at::ne(t, 0));
  else if constexpr (std::is_same_v<std::remove_const_t<U>, T>) return tensor_scalar<T>(std::move(t));
  else return tensor_scalar<T>(t.to(scalar_type<T>));
}

/// The columns of a matrix while a formula over rows runs: read from memory at first use, written back at the end.
template <class T, class U>
class column_values {
 public:
  column_values(at::Tensor matrix)
      : matrix_(std::move(matrix)), values_(std::size_t(matrix_.size(1))), changed_(values_.size(), false) {}

  auto get(std::ptrdiff_t j) {
    auto& v = values_[std::size_t(j)];
    if (!v.tensor.defined() && !changed_[std::size_t(j)]) v.tensor = matrix_.select(1, j);
    if (v.tensor.defined()) return loaded<T, U>(v.tensor);
    if constexpr (std::is_same_v<std::remove_const_t<U>, std::uint8_t>) return tensor_mask<T, untracked>(v.number != 0);
    else return tensor_scalar<T>(v.number);
  }
  void set(std::ptrdiff_t j, tensor_scalar<T> x) {
    values_[std::size_t(j)] = std::move(x);
    changed_[std::size_t(j)] = true;
  }
  at::Tensor const& matrix() const { return matrix_; }
  /// Values that lie in memory which is about to be written move out of it.
  void detach_from(at::Tensor const& written) {
    for (std::size_t j = 0; j < values_.size(); ++j)
      if (changed_[j] && values_[j].tensor.defined() && values_[j].tensor.is_alias_of(written))
        values_[j].tensor = values_[j].tensor.clone();
  }
  void write_back() {
    for (std::size_t j = 0; j < values_.size(); ++j) {
      if (!changed_[j]) continue;
      auto column = matrix_.select(1, std::int64_t(j));
      if (values_[j].is_number()) column.fill_(values_[j].number);
      else column.copy_(values_[j].tensor);
    }
  }

 private:
  at::Tensor matrix_;
  std::vector<tensor_scalar<T>> values_;
  std::vector<char> changed_;
};

/// All rows of a matrix as one: what a formula over rows gets from this backend.
template <class T, class U>
struct tensor_row {
  using scalar = tensor_scalar<T>;
  column_values<T, U>* columns;
  auto operator[](std::ptrdiff_t j) const { return columns->get(j); }
  template <class X>
  void set(std::ptrdiff_t j, X const& x) const {
    columns->set(j, scalar(x));
  }
};

}  // namespace COHORT_NAMESPACE::torch::detail
