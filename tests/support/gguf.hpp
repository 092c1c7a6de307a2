#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

// The bytes of GGUF files, right and wrong.
namespace gguf_bytes {

template <class T>
std::string raw(T x) {
  return {reinterpret_cast<char const*>(&x), sizeof x};
}
inline std::string u32(std::uint32_t x) { return raw(x); }
inline std::string u64(std::uint64_t x) { return raw(x); }
inline std::string text(std::string_view x) { return u64(x.size()).append(x); }

/// A value: its key, type and bytes.
inline std::string value(std::string_view key, std::uint32_t type, std::string const& bytes) {
  return text(key) + u32(type) + bytes;
}
/// A tensor: its name, extents (fastest first), type, and place.
inline std::string tensor(std::string_view name, std::initializer_list<std::uint64_t> extents, std::uint32_t type,
                          std::uint64_t place) {
  std::string all = text(name) + u32(std::uint32_t(extents.size()));
  for (auto n : extents) all += u64(n);
  return all + u32(type) + u64(place);
}
/// A file of so many of each, filled up to 32 bytes, with so many bytes of data: 0, 1, 2, ...
inline std::string file(std::uint64_t tensors, std::uint64_t values, std::string const& both, std::size_t data = 0,
                        std::uint32_t version = 3, std::size_t alignment = 32) {
  std::string all = "GGUF" + u32(version) + u64(tensors) + u64(values) + both;
  all.resize((all.size() + alignment - 1) / alignment * alignment);
  for (std::size_t i = 0; i < data; ++i) all += char(i);
  return all;
}

}  // namespace gguf_bytes
