#pragma once
#include <cohort/optimizer/adamw.hpp>
#include <cohort/optimizer/dynamic_map.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

/// Of each block of at most 256 parameters the moments as numbers, from codes of their share of the block's largest.
struct widen_moments {
  static constexpr std::ptrdiff_t block = 256;
  std::ptrdiff_t count;

  template <class M, class C, class Largest, class Map>
  constexpr void operator()(std::ptrdiff_t, M m, M v, C codes1, C codes2, Largest largest, Map map) const {
    auto const largest_m = largest.data[0], largest_v = largest.data[1];
    for (std::ptrdiff_t j = 0; j < count; ++j) m.data[j] = map.data[codes1.data[j]] * largest_m;
    for (std::ptrdiff_t j = 0; j < count; ++j) v.data[j] = map.data[block + codes2.data[j]] * largest_v;
  }
};

/// And the other way, to the nearest codes.
struct narrow_moments {
  std::ptrdiff_t count;

  template <class M, class C, class Largest, class Map, class Begin>
  constexpr void operator()(std::ptrdiff_t, M m, M v, C codes1, C codes2, Largest largest, Map map,
                            Begin begin_at) const {
    largest.data[0] = narrow(m.data, codes1.data, map.data, begin_at.data);
    largest.data[1] = narrow(v.data, codes2.data, map.data + widen_moments::block, begin_at.data + (1 << 16));
  }

 private:
  template <class T>
  constexpr T narrow(T const* x, std::uint8_t* codes, std::type_identity_t<T> const* map,
                     std::uint8_t const* begin_at) const {
    constexpr std::ptrdiff_t chains = 16;  // so that a processor does several at once
    T some[chains] = {}, most = 0;
    for (std::ptrdiff_t j = 0; j < count; ++j) {
      T const size = x[j] < 0 ? -x[j] : x[j];
      T& one = some[j % chains];
      one = size > one ? size : one;
    }
    for (T one : some) most = one > most ? one : most;
    T const by = most == 0 ? T(1) : most;
    for (std::ptrdiff_t j = 0; j < count; ++j) codes[j] = std::uint8_t(nearest_code(T(x[j] / by), map, begin_at));
    return most;
  }
};

}  // namespace detail

/// AdamW whose moments are kept in 8 bits: of each matrix every 256 parameters that follow one another are a block with
/// a largest magnitude for each moment, and a moment is a code of its share of that (dynamic_map.hpp). Two bytes and a
/// thirty-second of a number a parameter are kept, in place of two numbers. Vectors, and matrices of less than
/// `smallest` parameters, have 32 bits as adamw has them. Of a policy that does not tell its matrices all parameters
/// are one. g, scale, limit and `decays` as adamw has them; without decay, the default, it is Adam.
///
/// Source: Dettmers et al. 2021, arXiv:2110.02861, algorithm of 2.1; bitsandbytes' Adam8bit and AdamW8bit (decay
/// decoupled in both, all parameters decay).
struct adam_8bit {
  optimizer_rate rate = 1e-3;       ///< > 0; per update, so its unit is that of a parameter
  double beta1 = .9, beta2 = .999;  ///< in [0, 1)
  double epsilon = 1e-8;            ///< >= 0; in the unit of the gradient
  double decay = 0;                 ///< >= 0; over the rate's unit
  decayed decays = decayed::matrices;
  int smallest = 4096;  ///< parameters of a matrix whose moments have 8 bits; > 0

  static constexpr about notes{"adam_8bit", "adamw, m and v in 8 bits: codes of their share of a block's largest",
                               "Dettmers et al. 2021, arXiv:2110.02861", "bitsandbytes"};
  constexpr void parameters(auto f) const {
    rate.parameters(f);
    f("beta1", beta1, beta1 != .9 || beta2 != .999), f("beta2", beta2, beta1 != .9 || beta2 != .999);
    f("epsilon", epsilon), f("decay", decay, decay != 0);
    f("decays", decays, decays != decayed::matrices);
    f("smallest", smallest, smallest != 4096);
  }
  void check() const {
    detail::check_adam("adam_8bit", *this);
    detail::require(decay >= 0, "adam_8bit", "decay", decay, "0 or more");
    detail::require(smallest > 0, "adam_8bit", "smallest", smallest, "a positive number");
  }

  template <backend B>
  struct state {
    template <class U>
    using array = typename B::template array<U>;
    using T = value_t<B>;
    struct piece {
      std::ptrdiff_t first, count, block;  ///< of the parameters, and its first block
    };
    struct rest {
      std::ptrdiff_t first, count;
      adamw::state<B> moments;
    };
    std::vector<piece> pieces;
    array<std::uint8_t> m, v;  ///< a block after the other, of 256 codes each
    array<T> largest;          ///< of each block, of m and of v
    std::vector<rest> others;
    array<T> map;                  ///< both maps
    array<std::uint8_t> begin_at;  ///< and where their codes are looked for
    long updates = 0;

    std::size_t bytes() const {
      auto total =
          std::size_t(m.size() + v.size() + begin_at.size()) + std::size_t(largest.size() + map.size()) * sizeof(T);
      for (auto const& r : others) total += r.moments.bytes();
      return total;
    }
    void persist(auto const& f) {
      f("m", m), f("v", v), f("largest", largest), f("updates", updates);
      for (auto& r : others) f("others " + std::to_string(r.first), r.moments);
    }
  };

  template <backend B>
  state<B> start(B& backend, parameter_layout const& layout) const {
    using T = value_t<B>;
    check();
    state<B> s;
    std::ptrdiff_t end = 0, blocks = 0;
    auto const others_until = [&](std::ptrdiff_t first) {
      if (first > end || !layout.known)
        s.others.push_back({end, first - end, as_adamw().template start<B>(backend, layout.part(end, first - end))});
    };
    auto const add = [&](std::ptrdiff_t first, std::ptrdiff_t count) {
      if (count < smallest) return;
      others_until(first);
      s.pieces.push_back({first, count, blocks});
      blocks += (count + block - 1) / block, end = first + count;
    };
    if (!layout.known) add(0, layout.size);
    for (auto const& m : layout.matrices) add(m.first, m.size());
    others_until(layout.size);
    std::erase_if(s.others, [](auto const& r) { return r.count == 0; });

    auto const with_sign = detail::dynamic_map(true), without = detail::dynamic_map(false);
    std::vector<T> map(with_sign.begin(), with_sign.end());
    map.insert(map.end(), without.begin(), without.end());
    auto begin_at = detail::codes_to_begin_at(with_sign, true);
    auto const more = detail::codes_to_begin_at(without, false);
    begin_at.insert(begin_at.end(), more.begin(), more.end());
    backend.assign(s.map, std::span<T const>(map));
    backend.assign(s.begin_at, std::span<std::uint8_t const>(begin_at));
    std::vector<std::uint8_t> const zeros(std::size_t(blocks * block), 0);
    backend.assign(s.m, std::span<std::uint8_t const>(zeros));
    backend.assign(s.v, std::span<std::uint8_t const>(zeros));
    backend.assign(s.largest, std::span<T const>(std::vector<T>(std::size_t(2 * blocks), T(0))));
    return s;
  }

  template <backend B>
  void update(B& backend, state<B>& s, double progress, out_view<B> parameters, in_view<B> gradient, in_view<B> scale,
              double limit = detail::no_limit) const {
    double const now = rate(progress);
    detail::decayed_adam_step const step{detail::next_adam_step(*this, ++s.updates, now), 1 - now * decay};
    for (auto const& piece : s.pieces) {
      std::ptrdiff_t const whole = piece.count / block;
      for (std::ptrdiff_t n = 0; n < whole; n += at_once)
        blocks(backend, s, piece, n, std::min(at_once, whole - n), block, parameters, gradient, scale, limit, step);
      if (auto const rest = piece.count % block)
        blocks(backend, s, piece, whole, 1, rest, parameters, gradient, scale, limit, step);
    }
    for (auto& r : s.others)
      as_adamw().update(backend, r.moments, progress, parameters.part(r.first, r.count),
                        gradient.part(r.first, r.count), scale, limit);
  }

 private:
  static constexpr std::ptrdiff_t block = detail::widen_moments::block;
  static constexpr std::ptrdiff_t at_once = 4096;  ///< blocks whose moments are numbers meanwhile

  /// n blocks of a piece, from block `first` of it on, of so many parameters each.
  template <backend B>
  static void blocks(B& backend, state<B>& s, typename state<B>::piece const& of, std::ptrdiff_t first,
                     std::ptrdiff_t n, std::ptrdiff_t count, out_view<B> parameters, in_view<B> gradient,
                     in_view<B> scale, double limit, detail::decayed_adam_step const& step) {
    using T = value_t<B>;
    auto room = backend.template temporary<T>(2 * n * count);
    out_view<B> const m = room.all().part(0, n * count), v = room.all().part(n * count, n * count),
                      p = parameters.part(of.first + first * block, n * count);
    auto const same = [n](auto all) { return decltype(all)(all.data, n, all.rows, 0, 1); };
    auto const codes = [&](auto& all) {
      return view<std::uint8_t>(all.all().data + (of.block + first) * block, n, count, block, 1);
    };
    auto const in_rows = [&](out_view<B> all) { return all.reshaped(n, count); };
    out_view<B> const largest(s.largest.all().data + 2 * (of.block + first), n, 2);
    in_view<B> const map = same(in_view<B>(s.map.all()));
    backend.for_rows(n, detail::widen_moments{count}, in_rows(m), in_rows(v), codes(s.m), codes(s.v), largest, map);
    detail::optimizer_pass(backend, gradient.part(of.first + first * block, n * count), scale, limit, step,
                           outputs{p, m, v}, in_view<B>(p), in_view<B>(m), in_view<B>(v));
    backend.for_rows(n, detail::narrow_moments{count}, in_rows(m), in_rows(v), codes(s.m), codes(s.v), largest, map,
                     same(view<std::uint8_t const>(s.begin_at.all())));
  }
  adamw as_adamw() const {
    return {.rate = rate, .beta1 = beta1, .beta2 = beta2, .epsilon = epsilon, .decay = decay, .decays = decays};
  }
};

}  // namespace COHORT_NAMESPACE
