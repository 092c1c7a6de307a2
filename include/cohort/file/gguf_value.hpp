#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cohort/file/json.hpp>
#include <cstring>
#include <span>

// What the metadata of GGUF files are made of.

namespace COHORT_NAMESPACE::file {

/// The type of a value, by GGUF's numbers.
enum class gguf_type : std::uint32_t {
  uint8,
  int8,
  uint16,
  int16,
  uint32,
  int32,
  float32,
  boolean,
  string,
  array,
  uint64,
  int64,
  float64,
};

struct gguf_type_facts {
  char const* name;
  std::size_t bytes;  ///< 0 for a string and for an array, whose lengths stand before them
};
inline constexpr std::array<gguf_type_facts, 13> gguf_types{{{"uint8", 1},
                                                             {"int8", 1},
                                                             {"uint16", 2},
                                                             {"int16", 2},
                                                             {"uint32", 4},
                                                             {"int32", 4},
                                                             {"float32", 4},
                                                             {"bool", 1},
                                                             {"string", 0},
                                                             {"array", 0},
                                                             {"uint64", 8},
                                                             {"int64", 8},
                                                             {"float64", 8}}};
constexpr gguf_type_facts const& facts_of(gguf_type type) { return gguf_types[std::size_t(type)]; }

/// A value as it lies in a file, whose bytes were found sound: an array's elements one after another, a string of an
/// array after its length in 8 bytes, any other string without it.
struct gguf_value {
  gguf_type type;  ///< of an array, of its elements
  bool is_array;
  std::uint64_t count;  ///< 1 where it is no array
  std::string_view bytes;

  bool is_integer() const { return type <= gguf_type::int32 || type == gguf_type::uint64 || type == gguf_type::int64; }
  bool is_float() const { return type == gguf_type::float32 || type == gguf_type::float64; }
  /// "a uint32", "an array of string".
  std::string described() const {
    std::string const name = facts_of(type).name;
    return is_array ? "an array of " + name
                    : (std::string("aeiou").find(name[0]) == std::string::npos ? "a " : "an ") + name;
  }

  /// Element n of numbers or flags, as T: a float32 becomes the double with the fewest digits that is the same float,
  /// so that 1e-5f is 1e-5, the number that was written down.
  template <class T>
  T at(std::uint64_t n = 0) const {
    switch (type) {
      case gguf_type::uint8:
      case gguf_type::boolean:
        return T(raw<std::uint8_t>(n));
      case gguf_type::int8:
        return T(raw<std::int8_t>(n));
      case gguf_type::uint16:
        return T(raw<std::uint16_t>(n));
      case gguf_type::int16:
        return T(raw<std::int16_t>(n));
      case gguf_type::uint32:
        return T(raw<std::uint32_t>(n));
      case gguf_type::int32:
        return T(raw<std::int32_t>(n));
      case gguf_type::uint64:
        return T(raw<std::uint64_t>(n));
      case gguf_type::int64:
        return T(raw<std::int64_t>(n));
      case gguf_type::float32:
        return T(shortest(raw<float>(n)));
      case gguf_type::float64:
        return T(raw<double>(n));
      default:
        return T();
    }
  }

  /// f(text) of each string of an array.
  template <class F>
  void texts(F f) const {
    std::string_view rest = bytes;
    for (std::uint64_t n = 0; n < count; ++n) {
      std::uint64_t length;
      std::memcpy(&length, rest.data(), 8);
      f(rest.substr(8, std::size_t(length)));
      rest.remove_prefix(8 + std::size_t(length));
    }
  }

 private:
  template <class Stored>
  Stored raw(std::uint64_t n) const {
    Stored x;
    std::memcpy(&x, bytes.data() + n * sizeof x, sizeof x);
    return x;
  }
  static double shortest(float x) {
    char text[32];
    char const* const end = std::to_chars(text, text + sizeof text, x).ptr;
    double y = x;
    std::from_chars(text, end, y);
    return y;
  }
};

}  // namespace COHORT_NAMESPACE::file
