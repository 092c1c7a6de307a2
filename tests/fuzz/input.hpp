#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

// What a target of libFuzzer is given, and what it says where something is not so: the process ends, and libFuzzer
// keeps the bytes.
namespace fuzz {

inline void require(bool ok) {
  if (!ok) std::abort();
}

/// Bytes that are taken from the front; behind the last one are zeros.
class input {
 public:
  input(std::uint8_t const* data, std::size_t size) : left_(data, size) {}

  template <class T>
  T take() {
    T x{};
    std::size_t const n = std::min(sizeof x, left_.size());
    std::memcpy(&x, left_.data(), n);
    left_ = left_.subspan(n);
    return x;
  }
  /// As many characters as the next two bytes say, where there are as many.
  std::string text() { return text(take<std::uint16_t>()); }
  std::string text(std::size_t n) {
    n = std::min(n, left_.size());
    std::string const s(reinterpret_cast<char const*>(left_.data()), n);
    left_ = left_.subspan(n);
    return s;
  }
  std::string rest() { return text(left_.size()); }
  bool empty() const { return left_.empty(); }

  /// The next four bytes as a float, whatever it is; or, `bounded`, what of it lies between two numbers.
  float number(bool bounded, float low, float high) {
    auto const bits = take<std::uint32_t>();
    if (bounded) return low + (high - low) * float(bits >> 8) * 0x1p-24f;
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
  }

 private:
  std::span<std::uint8_t const> left_;
};

}  // namespace fuzz
