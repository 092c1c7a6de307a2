#pragma once
#include <cohort/eigen/stored_k_lanes.hpp>
#include <utility>

namespace COHORT_NAMESPACE::eigen {

namespace lanes {

/// g++ would read it again wherever it is used, and the processor then has more to load than to multiply.
inline floats in_register(floats x) {
#if defined(__x86_64__) && !defined(__clang__)
  asm("" : "+v"(x));
#endif
  return x;
}

/// Of a and b, the first halves of all groups of L lanes plus the second ones: a's groups, then b's.
template <int L>
[[gnu::always_inline]] inline floats halves_added(floats a, floats b) {
  constexpr auto lane = [](std::size_t j, bool second) {
    std::size_t here = j % (W / 2), group = here / (L / 2), of_group = here % (L / 2);
    return j / (W / 2) * W + group * L + (second ? L / 2 : 0) + of_group;
  };
  return [&]<std::size_t... J>(std::index_sequence<J...>) __attribute__((always_inline)) {
    floats const first = __builtin_shufflevector(a, b, lane(J, false)...),
                 second = __builtin_shufflevector(a, b, lane(J, true)...);
    return floats(first + second);
  }(std::make_index_sequence<W>());
}

/// The sum over the lanes of each of n vectors, in the first n lanes of x[0]: by halves, whatever n is.
template <int n, int L = W>
[[gnu::always_inline]] inline void add_lanes(floats* x) {
  if constexpr (L > 1) {
    constexpr int pairs = n > 1 ? n / 2 : 1;
#pragma GCC unroll 16
    for (int i = 0; i < pairs; ++i)
      x[i] = n > 1 ? halves_added<L>(x[2 * i], x[2 * i + 1]) : halves_added<L>(x[0], x[0]);
    add_lanes<pairs, L / 2>(x);
  }
}

}  // namespace lanes

/// Rows of weights that a worker takes at once.
inline constexpr int stored_strip_rows = 32;

/// Some rows of weights: where the first begins, and what lies between two.
struct stored_rows {
  lanes::bytes first;
  std::ptrdiff_t row_bytes;
  int count;  ///< at most stored_strip_rows

  lanes::bytes operator[](int n) const { return first + std::min(n, count - 1) * row_bytes; }
};

/// Adds the products of a chunk of N rows of weights and R of inputs.
template <int N, int R, class Reader>
[[gnu::always_inline]] inline void add_chunk(lanes::floats (&sum)[R * N], Reader const (&block)[N], int c,
                                             float const* const (&x)[R], std::ptrdiff_t k) {
  constexpr int W = lanes::W, vectors = Reader::chunk_elements / W;
  if constexpr (R >= N && N * vectors <= W / 2) {  // each vector of inputs is loaded once, for all N
    lanes::floats w[vectors][N];
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n)
      block[n].chunk(c, [&](int i, lanes::floats v) __attribute__((always_inline)) { w[i][n] = v; });
#pragma GCC unroll 8
    for (int i = 0; i < vectors; ++i)
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        auto const in = lanes::in_register(lanes::load(x[r] + k + i * W));
#pragma GCC unroll 8
        for (int n = 0; n < N; ++n) sum[r * N + n] = lanes::fused(w[i][n], in, sum[r * N + n]);
      }
  } else {
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n)
      block[n].chunk(c, [&](int i, lanes::floats v) __attribute__((always_inline)) {
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r) sum[r * N + n] = lanes::fused(v, lanes::load(x[r] + k + i * W), sum[r * N + n]);
      });
  }
}

/// The products of R rows of inputs and some of weights, over `depth` numbers of each, N at a time: those of inputs r
/// begin at sums + r stored_strip_rows. Lane k % W has the chain of multiply-adds in the order of k, and then lanes are
/// added by halves: the same for any R and N, so that a row of a batch has the bits it has alone.
template <class Block, int N, int R>
[[gnu::noinline]] void stored_strip(stored_rows weights, void const* const* inputs, std::ptrdiff_t depth, float* sums) {
  using reader = stored_lanes<Block>;
  constexpr int W = lanes::W, at_once = std::min(W, R * N);
  float const* x[R];
  for (int r = 0; r < R; ++r) x[r] = static_cast<float const*>(inputs[r]);
  for (int first = 0; first < weights.count; first += N) {
    lanes::floats sum[R * N] = {};
    lanes::bytes w[N];
    for (int n = 0; n < N; ++n) w[n] = weights[first + n];
    auto add = [&](lanes::bytes const(&rows)[N], std::ptrdiff_t at, float const* const(&in)[R], std::ptrdiff_t k)
                   __attribute__((always_inline)) {
                     reader block[N];
#pragma GCC unroll 8
                     for (int n = 0; n < N; ++n) block[n] = reader(rows[n] + at);
                     for (int c = 0; c < reader::chunks; ++c)
                       add_chunk<N, R>(sum, block, c, in, k + c * reader::chunk_elements);
                   };
    // What lies behind these rows is asked for: where rows are a few lines long, the processor does not find it by
    // itself. 12 KiB ahead are soon enough, and stay in the first cache.
    std::ptrdiff_t const ahead = std::max<std::ptrdiff_t>(N * weights.row_bytes, 12 << 10);
    std::ptrdiff_t k = 0, at = 0;
    for (; k + reader::elements <= depth; k += reader::elements, at += reader::size) {
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n)
        for (int line = 0; line < reader::size; line += 64) __builtin_prefetch(w[n] + at + ahead + line);
      add(w, at, x, k);
    }
    if constexpr (Block::elements == 1)
      if (k < depth) {  // zeros fill the last vector
        unsigned char rest_of_weights[N][reader::size] = {};
        float rest_of_inputs[R][W] = {};
        lanes::bytes last_weights[N];
        float const* last_inputs[R];
        for (int n = 0; n < N; ++n) {
          std::memcpy(rest_of_weights[n], w[n] + at, std::size_t(depth - k) * Block::size);
          last_weights[n] = rest_of_weights[n];
        }
        for (int r = 0; r < R; ++r) last_inputs[r] = std::copy_n(x[r] + k, depth - k, rest_of_inputs[r]) - (depth - k);
        add(last_weights, 0, last_inputs, 0);
      }
    float all[R * N];
#pragma GCC unroll 8
    for (int i = 0; i < R * N; i += at_once) {
      lanes::add_lanes<at_once>(sum + i);
      if constexpr (at_once == W) pack<float>(sum[i]).store(all + i);
      else
        for (int j = 0; j < at_once; ++j) all[i + j] = sum[i][j];
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) std::copy_n(all + r * N, N, sums + r * stored_strip_rows + first);
  }
}

/// The numbers of a piece of a row, which is whole blocks.
template <class Block>
void widen_stored(lanes::bytes from, std::ptrdiff_t count, float* to) {
  using reader = stored_lanes<Block>;
  std::ptrdiff_t k = 0;
  for (; k + reader::elements <= count; k += reader::elements, from += reader::size) {
    reader const block(from);
    for (int c = 0; c < reader::chunks; ++c)
      block.chunk(c, [&](int i, lanes::floats v) __attribute__((always_inline)) {
        pack<float>(v).store(to + k + c * reader::chunk_elements + i * lanes::W);
      });
  }
  if constexpr (Block::elements == 1)
    for (; k < count; ++k, from += Block::size) Block::decode(from, to + k);
}

}  // namespace COHORT_NAMESPACE::eigen
