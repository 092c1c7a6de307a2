#pragma once
#include <cohort/backend/stored_matrix.hpp>
#include <cohort/eigen/stored_dots.hpp>

namespace COHORT_NAMESPACE::eigen {

/// What is compiled for a type of weights.
struct stored_kernels {
  /// Inputs of a strip: as many as there are registers for the sums of, a few, or one.
  static constexpr int most_inputs = lanes::W == 16 ? 8 : 4, few_inputs = 4;
  static constexpr int sums = lanes::W == 16 ? 16 : 8;
  using strip = void (*)(stored_rows, float const* const*, std::ptrdiff_t, float*);

  void (*widen)(lanes::bytes from, std::ptrdiff_t count, float* to) = nullptr;
  strip one = nullptr, few = nullptr, most = nullptr;  ///< none where the numbers are widened first

  template <class Block>
  static constexpr stored_kernels of() {
    return {&widen_stored<Block>, &stored_strip<Block, 8, 1>, &stored_strip<Block, sums / few_inputs, few_inputs>,
            &stored_strip<Block, sums / most_inputs, most_inputs>};
  }
  template <class Block>
  static constexpr stored_kernels by_its_decoder() {
    return {[](lanes::bytes from, std::ptrdiff_t count, float* to) {
      for (std::ptrdiff_t k = 0; k < count; k += Block::elements, from += Block::size) Block::decode(from, to + k);
    }};
  }
};

inline stored_kernels const& stored_kernels_of(stored_type type) {
  static constexpr auto f32 = stored_kernels::of<block::f32>(), f16 = stored_kernels::of<block::f16>(),
                        bf16 = stored_kernels::of<block::bf16>(), q8_0 = stored_kernels::of<block::q8_0>(),
                        q4_0 = stored_kernels::of<block::q4_0>(), q4_1 = stored_kernels::of<block::q4_1>(),
                        q4_k = stored_kernels::of<block::q4_k>(), q6_k = stored_kernels::of<block::q6_k>(),
                        q5_0 = stored_kernels::by_its_decoder<block::q5_0>(),
                        q5_1 = stored_kernels::by_its_decoder<block::q5_1>(),
                        q2_k = stored_kernels::by_its_decoder<block::q2_k>(),
                        q3_k = stored_kernels::by_its_decoder<block::q3_k>(),
                        q5_k = stored_kernels::by_its_decoder<block::q5_k>();
  switch (type) {
    case stored_type::f32:
      return f32;
    case stored_type::f16:
      return f16;
    case stored_type::bf16:
      return bf16;
    case stored_type::q8_0:
      return q8_0;
    case stored_type::q4_0:
      return q4_0;
    case stored_type::q4_1:
      return q4_1;
    case stored_type::q5_0:
      return q5_0;
    case stored_type::q5_1:
      return q5_1;
    case stored_type::q2_k:
      return q2_k;
    case stored_type::q3_k:
      return q3_k;
    case stored_type::q4_k:
      return q4_k;
    case stored_type::q5_k:
      return q5_k;
    case stored_type::q6_k:
      return q6_k;
  }
  detail::throw_stored_type(type);
}

}  // namespace COHORT_NAMESPACE::eigen
