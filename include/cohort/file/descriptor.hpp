#pragma once
#include <unistd.h>
#include <cohort/compiler.hpp>
#include <string>
#include <system_error>
#include <utility>

namespace COHORT_NAMESPACE::detail {

/// A descriptor of the system's, or a negative number for none, that is closed at the end.
class descriptor {
 public:
  explicit descriptor(int number = -1) : number_(number) {}
  descriptor(descriptor&& o) noexcept : number_(std::exchange(o.number_, -1)) {}
  descriptor& operator=(descriptor&& o) noexcept {
    std::swap(number_, o.number_);
    return *this;
  }
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }

 private:
  int number_;
};

inline std::string system_says(int error) { return std::generic_category().message(error); }

}  // namespace COHORT_NAMESPACE::detail
