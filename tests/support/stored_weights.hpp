#pragma once
#include <cohort/backend/stored_matrix.hpp>
#include <cohort/random/stream.hpp>
#include <cstring>
#include <vector>

namespace cohort {

/// Random weights of a type, and what they mean by its scalar decoder. Scales are between 2^-7 and 2^-5, so that
/// nothing is subnormal or infinite; between rows lie some bytes of nothing.
struct stored_weights {
  std::vector<unsigned char> bytes;
  std::vector<float> numbers;
  stored_matrix matrix;

  stored_weights(stored_type type, std::ptrdiff_t N, std::ptrdiff_t K, std::ptrdiff_t gap = 6) {
    auto const& of = facts_of(type);
    random_stream draws(stream_id{7, draw_purpose::user, std::uint32_t(type)});
    std::ptrdiff_t const row_bytes = stored_matrix::bytes_of(type, K) + gap;
    bytes.resize(std::size_t(N * row_bytes) + 1);
    for (auto& b : bytes) b = static_cast<unsigned char>(draws.integer(256));
    matrix = {type, bytes.data() + 1, N, K, row_bytes};
    numbers.resize(std::size_t(N * K));
    for (std::ptrdiff_t n = 0; n < N; ++n) {
      std::ptrdiff_t const blocks = K / std::ptrdiff_t(of.elements);
      for (std::ptrdiff_t b = 0; b < blocks; ++b)
        sound(type, bytes.data() + 1 + n * row_bytes + b * std::ptrdiff_t(of.bytes), draws);
      of.decode(reinterpret_cast<std::byte const*>(matrix.row(n)), std::size_t(blocks), numbers.data() + n * K);
    }
  }

 private:
  static void sound(stored_type type, unsigned char* block, random_stream& draws) {
    auto half = [&](int at) { block[at + 1] = static_cast<unsigned char>((block[at + 1] & 0x83) | 0x20); };
    switch (type) {
      case stored_type::f32: {
        float const x = float(draws.uniform(-1, 1));
        std::memcpy(block, &x, sizeof x);
        return;
      }
      case stored_type::bf16:
        block[1] = static_cast<unsigned char>((block[1] & 0x80) | 0x3e);
        return;
      case stored_type::q2_k:
        return half(80), half(82);
      case stored_type::q3_k:
        return half(108);
      case stored_type::q6_k:
        return half(208);
      case stored_type::q4_1:
      case stored_type::q5_1:
      case stored_type::q4_k:
      case stored_type::q5_k:
        return half(0), half(2);
      default:
        return half(0);
    }
  }
};

}  // namespace cohort
