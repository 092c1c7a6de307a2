#pragma once
#include <cohort/file/json.hpp>
#include <cstring>
#include <span>

// Messages of Protocol Buffers, field by field: what ONNX files and TensorBoard's events are made of. A field is a
// number and a type in one variable-length integer, 8 n + type, and then what the type says. Source:
// https://protobuf.dev/programming-guides/encoding

namespace COHORT_NAMESPACE::file {

/// A message that is being written: message.text(3, "name").integer(7, 5).
class protobuf_message {
 public:
  protobuf_message& integer(int field, std::int64_t x) {
    key(field, 0), variable(std::uint64_t(x));
    return *this;
  }
  protobuf_message& number(int field, float x) {
    key(field, 5), all_.append(reinterpret_cast<char const*>(&x), 4);
    return *this;
  }
  protobuf_message& number(int field, double x) {
    key(field, 1), all_.append(reinterpret_cast<char const*>(&x), 8);
    return *this;
  }
  protobuf_message& text(int field, std::string_view x) {
    key(field, 2), variable(x.size()), all_ += x;
    return *this;
  }
  protobuf_message& message(int field, protobuf_message const& x) { return text(field, x.all_); }
  std::string const& bytes() const { return all_; }
  void clear() { all_.clear(); }

 private:
  void key(int field, unsigned type) { variable(std::uint64_t(field) << 3 | type); }
  void variable(std::uint64_t x) {
    for (; x >= 128; x >>= 7) all_ += char(x | 128);
    all_ += char(x);
  }
  std::string all_;
};

/// The fields of a message, one after another, in bytes that may hold anything and outlive this object:
///
///     for (protobuf_fields f(bytes, "model.onnx"); f.next();)
///       if (f.number() == 7) graph = f.bytes();
///
/// What is cut off or no field is an io_error that names `where`; so is a field that has another type than is asked of
/// it. Nothing is copied.
class protobuf_fields {
 public:
  protobuf_fields(std::span<std::byte const> bytes, std::string where) : rest_(bytes), where_(std::move(where)) {}

  /// Goes on to the next field; false behind the last.
  bool next() {
    if (rest_.empty()) return false;
    std::uint64_t const key = variable();
    if (key >> 3 == 0 || key >> 3 > 536'870'911) refuse("has a field without a number");
    number_ = int(key >> 3), type_ = unsigned(key & 7);
    if (type_ == 0) integer_ = variable();
    else if (type_ == 1) value_ = take(8);
    else if (type_ == 2) value_ = take(variable());
    else if (type_ == 5) value_ = take(4);
    else refuse(name() + " is of type " + std::to_string(type_) + ", expected 0, 1, 2 or 5");
    return true;
  }
  int number() const { return number_; }
  std::int64_t integer() const {
    require(0, "an integer");
    return std::int64_t(integer_);
  }
  float real() const {
    require(5, "a float");
    float x;
    std::memcpy(&x, value_.data(), 4);
    return x;
  }
  std::span<std::byte const> bytes() const {
    require(2, "bytes");
    return value_;
  }
  std::string_view text() const { return {reinterpret_cast<char const*>(bytes().data()), value_.size()}; }
  /// f(integer) of each integer of a repeated field, which may be one by one or packed.
  template <class F>
  void integers(F f) const {
    if (type_ == 0) return f(integer());
    for (protobuf_fields packed(bytes(), where_); !packed.rest_.empty();) f(std::int64_t(packed.variable()));
  }

 private:
  std::string name() const { return "field " + std::to_string(number_); }
  [[noreturn]] void refuse(std::string const& what) const { detail::refuse_file(where_, what); }
  void require(unsigned type, char const* expected) const {
    if (type_ != type) refuse(name() + " is of type " + std::to_string(type_) + ", expected " + expected);
  }
  std::span<std::byte const> take(std::uint64_t n) {
    if (n > rest_.size())
      refuse(name() + " has " + std::to_string(n) + " bytes, and " + std::to_string(rest_.size()) + " are left");
    auto const taken = rest_.first(std::size_t(n));
    rest_ = rest_.subspan(std::size_t(n));
    return taken;
  }
  std::uint64_t variable() {
    std::uint64_t x = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      auto const part = std::uint64_t(rest_.front());
      rest_ = rest_.subspan(1);
      x |= (part & 127) << shift;
      if (part < 128) return x;
    }
    refuse("ends inside a number, or has one of more than 64 bits");
  }

  std::span<std::byte const> rest_, value_;
  std::string where_;
  int number_ = 0;
  unsigned type_ = 0;
  std::uint64_t integer_ = 0;
};

}  // namespace COHORT_NAMESPACE::file
