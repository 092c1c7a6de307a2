#pragma once
#include <cohort/file/gguf_value.hpp>

namespace COHORT_NAMESPACE::detail {

/// Bytes that are read from the front; `refuse` says where a file ends too early.
class gguf_cursor {
 public:
  gguf_cursor(std::span<std::byte const> bytes, std::string const& where)
      : rest_(reinterpret_cast<char const*>(bytes.data()), bytes.size()), all_(bytes.size()), where_(where) {}

  std::size_t place() const { return all_ - rest_.size(); }
  std::size_t left() const { return rest_.size(); }

  template <class T>
  T take(std::string const& what) {
    T x;
    std::memcpy(&x, take(sizeof x, what).data(), sizeof x);
    return x;
  }
  std::string_view take(std::uint64_t n, std::string const& what) {
    if (n > rest_.size())
      refuse_file(where_, what + " takes " + std::to_string(n) + " bytes from byte " + std::to_string(place()) +
                              " on, and the file has " + std::to_string(rest_.size()) + " there");
    auto const taken = rest_.substr(0, std::size_t(n));
    rest_.remove_prefix(std::size_t(n));
    return taken;
  }
  std::string_view text(std::string const& what) {
    auto const length = take<std::uint64_t>("the length of " + what);
    return take(length, what);
  }

  /// A value, its type first.
  file::gguf_value value(std::string const& key) {
    auto const type = type_of(key);
    if (type != file::gguf_type::array) return {type, false, 1, elements(type, 1, key, false)};
    auto const element = type_of(key);
    if (element == file::gguf_type::array) refuse_file(where_, key + " is an array of arrays, expected none");
    auto const count = take<std::uint64_t>("the length of " + key);
    return {element, true, count, elements(element, count, key, true)};
  }

 private:
  file::gguf_type type_of(std::string const& key) {
    auto const number = take<std::uint32_t>("the type of " + key);
    if (number >= file::gguf_types.size())
      refuse_file(where_, key + " has the type " + std::to_string(number) + ", expected 0 to 12");
    return file::gguf_type(number);
  }
  std::string_view elements(file::gguf_type type, std::uint64_t count, std::string const& key, bool array) {
    if (type == file::gguf_type::string && !array) return text(key);
    char const* const start = rest_.data();
    std::size_t const from = place();
    if (type == file::gguf_type::string) {
      require_room(count, 8, key);
      for (std::uint64_t n = 0; n < count; ++n) take(take<std::uint64_t>(key), key);
      return {start, place() - from};
    }
    std::size_t const size = facts_of(type).bytes;
    require_room(count, size, key);
    auto const taken = take(count * size, key);
    if (type == file::gguf_type::boolean)
      for (char c : taken)
        if (c != 0 && c != 1)
          refuse_file(where_, key + " has a bool of " + std::to_string(std::uint8_t(c)) + ", expected 0 or 1");
    return taken;
  }
  void require_room(std::uint64_t count, std::size_t size, std::string const& key) const {
    if (count > rest_.size() / size)
      refuse_file(where_, key + " has " + std::to_string(count) + " elements from byte " + std::to_string(place()) +
                              " on, and the file has " + std::to_string(rest_.size()) + " bytes there");
  }

  std::string_view rest_;
  std::size_t all_;
  std::string const& where_;
};

}  // namespace COHORT_NAMESPACE::detail
