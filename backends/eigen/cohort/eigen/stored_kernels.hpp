#pragma once
#include <cohort/backend/stored_matrix.hpp>
#include <cohort/eigen/stored_pairs.hpp>
#include <limits>

namespace COHORT_NAMESPACE::eigen {

/// What is compiled for a type of weights.
struct stored_kernels {
  /// Inputs of a strip: as many as there are registers for the sums of, a few, or one.
  static constexpr int most_inputs = lanes::W == 16 ? 8 : 4, few_inputs = 4;
  static constexpr int sums = lanes::W == 16 ? 16 : 8;
  using strip = void (*)(stored_rows, void const* const*, std::ptrdiff_t, float*);

  void (*widen)(lanes::bytes from, std::ptrdiff_t count, float* to) = nullptr;
  strip one = nullptr, few = nullptr, most = nullptr;
  int most_direct = 0;  ///< inputs for which widening again for each few costs less than keeping floats

  template <class Block>
  static constexpr stored_kernels of() {
    constexpr bool floats = Block::elements == 1;
    return {.widen = &widen_stored<Block>,
            .one = &stored_strip < Block,
            floats ? 4 : 8,
            1 >,
            .few = &stored_strip<Block, sums / few_inputs, few_inputs>,
            .most = &stored_strip<Block, sums / most_inputs, most_inputs>,
            .most_direct = floats                  ? std::numeric_limits<int>::max()
                           : Block::elements == 32 ? 64
                                                   : 16};
  }
  /// Of bfloat16 numbers, and inputs rounded to such; none where the target does not multiply pairs of them.
  static constexpr stored_kernels of_pairs() {
    stored_kernels k;
#if defined(__AVX512BF16__) && defined(__AVX512F__) && defined(__AVX512BW__)
    k.one = &stored_pairs<4, 1>, k.few = &stored_pairs<sums / few_inputs, few_inputs>;
    k.most = &stored_pairs<sums / most_inputs, most_inputs>;
#endif
    k.most_direct = std::numeric_limits<int>::max();
    return k;
  }
  template <class Block>
  static constexpr stored_kernels by_its_decoder() {
    return {.widen = [](lanes::bytes from, std::ptrdiff_t count, float* to) {
      for (std::ptrdiff_t k = 0; k < count; k += Block::elements, from += Block::size) Block::decode(from, to + k);
    }};
  }
};

inline stored_kernels const& stored_kernels_of(stored_type type) {
  struct entry {
    stored_type type;
    stored_kernels kernels;
  };
  static constexpr entry known[] = {
      {stored_type::f32, stored_kernels::of<block::f32>()},
      {stored_type::f16, stored_kernels::of<block::f16>()},
      {stored_type::bf16, stored_kernels::of<block::bf16>()},
      {stored_type::q8_0, stored_kernels::of<block::q8_0>()},
      {stored_type::q4_0, stored_kernels::of<block::q4_0>()},
      {stored_type::q4_1, stored_kernels::of<block::q4_1>()},
      {stored_type::q4_k, stored_kernels::of<block::q4_k>()},
      {stored_type::q6_k, stored_kernels::of<block::q6_k>()},
      {stored_type::q5_0, stored_kernels::by_its_decoder<block::q5_0>()},
      {stored_type::q5_1, stored_kernels::by_its_decoder<block::q5_1>()},
      {stored_type::q2_k, stored_kernels::by_its_decoder<block::q2_k>()},
      {stored_type::q3_k, stored_kernels::by_its_decoder<block::q3_k>()},
      {stored_type::q5_k, stored_kernels::by_its_decoder<block::q5_k>()},
  };
  for (auto const& one : known)
    if (one.type == type) return one.kernels;
  detail::throw_stored_type(type);
}

}  // namespace COHORT_NAMESPACE::eigen
