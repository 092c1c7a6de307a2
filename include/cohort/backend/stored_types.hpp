#pragma once
#include <array>
#include <bit>
#include <cohort/backend/stored_blocks_of_256.hpp>
#include <cohort/error.hpp>
#include <span>
#include <string>
#include <string_view>

namespace COHORT_NAMESPACE::detail {

inline void require_blocks(char const* where, std::string_view type, std::size_t bytes, std::size_t of_block,
                           std::size_t elements, std::size_t in_block) {
  if (elements % in_block || bytes != elements / in_block * of_block)
    throw shape_error(std::string(where) + ": " + std::to_string(bytes) + " bytes of " + std::string(type) + " for " +
                      std::to_string(elements) + " elements, expected " + std::to_string(of_block) + " for each " +
                      std::to_string(in_block));
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE {

static_assert(std::endian::native == std::endian::little,
              "model files are little-endian, and so must be the machine that maps them");

/// What the elements of a tensor are stored as, by GGUF's numbers.
enum class stored_type : std::uint32_t {
  f32 = 0,
  f16 = 1,
  q4_0 = 2,
  q4_1 = 3,
  q5_0 = 6,
  q5_1 = 7,
  q8_0 = 8,
  q2_k = 10,
  q3_k = 11,
  q4_k = 12,
  q5_k = 13,
  q6_k = 14,
  bf16 = 30,
};

/// A type's name, how many elements a block of it has, in how many bytes, and what makes floats of whole blocks and
/// blocks of floats.
struct stored_type_facts {
  stored_type type;
  std::string_view name;
  std::size_t elements, bytes;
  void (*decode)(std::byte const* from, std::size_t blocks, float* to);
  void (*encode)(float const* from, std::size_t blocks, std::byte* to);  ///< null where it is only read
  double limit;  ///< of the magnitudes that can be written; 0: none

  template <class Block>
  static constexpr stored_type_facts of(stored_type type, std::string_view name) {
    stored_type_facts all{type, name, Block::elements, Block::size, nullptr, nullptr, 0};
    all.decode = [](std::byte const* from, std::size_t blocks, float* to) {
      auto const* b = reinterpret_cast<block::bytes>(from);
      for (std::size_t n = 0; n < blocks; ++n) Block::decode(b + n * Block::size, to + n * Block::elements);
    };
    if constexpr (requires { &Block::encode; })
      all.encode = [](float const* from, std::size_t blocks, std::byte* to) {
        auto* b = reinterpret_cast<std::uint8_t*>(to);
        for (std::size_t n = 0; n < blocks; ++n) Block::encode(from + n * Block::elements, b + n * Block::size);
      };
    if constexpr (requires { Block::limit; }) all.limit = Block::limit;
    return all;
  }
};

inline constexpr std::array stored_types{
    stored_type_facts::of<block::f32>(stored_type::f32, "F32"),
    stored_type_facts::of<block::f16>(stored_type::f16, "F16"),
    stored_type_facts::of<block::bf16>(stored_type::bf16, "BF16"),
    stored_type_facts::of<block::q8_0>(stored_type::q8_0, "Q8_0"),
    stored_type_facts::of<block::q4_0>(stored_type::q4_0, "Q4_0"),
    stored_type_facts::of<block::q4_1>(stored_type::q4_1, "Q4_1"),
    stored_type_facts::of<block::q5_0>(stored_type::q5_0, "Q5_0"),
    stored_type_facts::of<block::q5_1>(stored_type::q5_1, "Q5_1"),
    stored_type_facts::of<block::q2_k>(stored_type::q2_k, "Q2_K"),
    stored_type_facts::of<block::q3_k>(stored_type::q3_k, "Q3_K"),
    stored_type_facts::of<block::q4_k>(stored_type::q4_k, "Q4_K"),
    stored_type_facts::of<block::q5_k>(stored_type::q5_k, "Q5_K"),
    stored_type_facts::of<block::q6_k>(stored_type::q6_k, "Q6_K"),
};

/// Null for a number that is none of them.
constexpr stored_type_facts const* find_stored_type(std::uint32_t number) {
  for (auto const& known : stored_types)
    if (std::uint32_t(known.type) == number) return &known;
  return nullptr;
}

constexpr stored_type_facts const& facts_of(stored_type type) { return *find_stored_type(std::uint32_t(type)); }

/// "F32, F16, ...".
inline std::string names_of_stored_types() {
  std::string all;
  for (auto const& known : stored_types) all += (all.empty() ? "" : ", ") + std::string(known.name);
  return all;
}

/// The floats that whole blocks mean, exactly. Raises shape_error where there are not as many as `out` has elements.
inline void dequantize(stored_type type, std::span<std::byte const> blocks, std::span<float> out) {
  auto const& of = facts_of(type);
  detail::require_blocks("dequantize", of.name, blocks.size(), of.bytes, out.size(), of.elements);
  of.decode(blocks.data(), out.size() / of.elements, out.data());
}

/// The blocks nearest to finite floats: F16 and BF16 by rounding to the nearest, of two to the even one; Q8_0 as
/// llama.cpp and the Python package gguf make them, bit by bit. Raises value_error for another type, shape_error where
/// there are not as many blocks as `x` has elements.
inline void quantize(stored_type type, std::span<float const> x, std::span<std::byte> blocks) {
  auto const& of = facts_of(type);
  if (!of.encode)
    throw value_error("quantize: " + std::string(of.name) + " is only read, expected F32, F16, BF16 or Q8_0");
  detail::require_blocks("quantize", of.name, blocks.size(), of.bytes, x.size(), of.elements);
  of.encode(x.data(), x.size() / of.elements, blocks.data());
}

}  // namespace COHORT_NAMESPACE
