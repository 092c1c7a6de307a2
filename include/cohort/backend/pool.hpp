#pragma once
#include <cohort/compiler.hpp>
#include <cstddef>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// An array from a pool, which gets it back.
template <class Backend, class Array>
class borrowed {
 public:
  borrowed(Backend& backend, std::vector<Array>& pool, std::ptrdiff_t n) : pool_(pool) {
    if (!pool_.empty()) {
      array_ = std::move(pool_.back());
      pool_.pop_back();
    }
    backend.resize(array_, n);
  }
  borrowed(borrowed const&) = delete;
  ~borrowed() { pool_.push_back(std::move(array_)); }
  auto all() { return array_.all(); }
  auto matrix(std::ptrdiff_t rows, std::ptrdiff_t columns) { return array_.matrix(rows, columns); }

 private:
  std::vector<Array>& pool_;
  Array array_;
};

}  // namespace COHORT_NAMESPACE::detail
