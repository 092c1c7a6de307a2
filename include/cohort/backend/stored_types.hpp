#pragma once
#include <array>
#include <bit>
#include <cohort/backend/stored_blocks.hpp>
#include <cohort/error.hpp>
#include <span>
#include <string>
#include <string_view>

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

/// A type's name, how many elements a block of it has, in how many bytes, and what makes floats of whole blocks.
struct stored_type_facts {
  stored_type type;
  std::string_view name;
  std::size_t elements, bytes;
  void (*decode)(std::byte const* from, std::size_t blocks, float* to);
};

namespace detail {

template <class Block>
constexpr stored_type_facts facts(stored_type type, std::string_view name) {
  return {type, name, Block::elements, Block::size, [](std::byte const* from, std::size_t blocks, float* to) {
            auto const* b = reinterpret_cast<block::bytes>(from);
            for (std::size_t n = 0; n < blocks; ++n) Block::decode(b + n * Block::size, to + n * Block::elements);
          }};
}

}  // namespace detail

inline constexpr std::array stored_types{
    detail::facts<block::f32>(stored_type::f32, "F32"),    detail::facts<block::f16>(stored_type::f16, "F16"),
    detail::facts<block::bf16>(stored_type::bf16, "BF16"), detail::facts<block::q8_0>(stored_type::q8_0, "Q8_0"),
    detail::facts<block::q4_0>(stored_type::q4_0, "Q4_0"), detail::facts<block::q4_1>(stored_type::q4_1, "Q4_1"),
    detail::facts<block::q5_0>(stored_type::q5_0, "Q5_0"), detail::facts<block::q5_1>(stored_type::q5_1, "Q5_1"),
    detail::facts<block::q2_k>(stored_type::q2_k, "Q2_K"), detail::facts<block::q3_k>(stored_type::q3_k, "Q3_K"),
    detail::facts<block::q4_k>(stored_type::q4_k, "Q4_K"), detail::facts<block::q5_k>(stored_type::q5_k, "Q5_K"),
    detail::facts<block::q6_k>(stored_type::q6_k, "Q6_K"),
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
  if (out.size() % of.elements || blocks.size() != out.size() / of.elements * of.bytes)
    throw shape_error("dequantize: " + std::to_string(blocks.size()) + " bytes of " + std::string(of.name) + " for " +
                      std::to_string(out.size()) + " elements, expected " + std::to_string(of.bytes) + " for each " +
                      std::to_string(of.elements));
  of.decode(blocks.data(), out.size() / of.elements, out.data());
}

}  // namespace COHORT_NAMESPACE
