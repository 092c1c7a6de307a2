#pragma once
#include <cohort/compiler.hpp>
#include <memory>
#include <utility>

namespace COHORT_NAMESPACE::detail {

/// An object behind an interface with `std::unique_ptr<Interface> copy() const`, which is copied with what holds it.
template <class Interface>
class owned {
 public:
  owned() = default;
  owned(std::unique_ptr<Interface> object) : object_(std::move(object)) {}
  owned(owned const& other) : object_(other.object_ ? other.object_->copy() : nullptr) {}
  owned(owned&&) = default;
  owned& operator=(owned other) {
    object_ = std::move(other.object_);
    return *this;
  }
  ~owned() = default;

  explicit operator bool() const { return bool(object_); }
  Interface& operator*() const { return *object_; }
  Interface* operator->() const { return object_.get(); }

 private:
  std::unique_ptr<Interface> object_;
};

}  // namespace COHORT_NAMESPACE::detail
