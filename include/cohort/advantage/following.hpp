#pragma once
#include <algorithm>
#include <cohort/advantage/batch_view.hpp>
#include <cohort/backend/series_index.hpp>

namespace COHORT_NAMESPACE::detail {

struct more_than_one {
  template <class S>
  constexpr S operator()(S count) const {
    return select(count > 1, S(1), S(0));
  }
};

/// there, M: 1 where the same series has a step after each (forward) or before it (backward), else 0.
template <backend B, class T = value_t<B>>
void find_neighbors(B& backend, partition s, direction d, view<T> there) {
  auto from = d == direction::forward ? direction::backward : direction::forward;
  backend.scan(s, from, next_index{}, 0, there, view<T const>(there));
  backend.map(outputs{there}, more_than_one{}, view<T const>(there));
}

/// out = f(x of the step after each, or before it, there, in...); where the series has none, x is any number that it
/// holds, so f must select by `there`. out must not be x.
template <backend B, class F, class T = value_t<B>, class... I>
void map_neighbors(B& backend, partition s, direction d, view<T> out, F f, view<T const> x, view<T const> there,
                   view<I>... in) {
  std::ptrdiff_t M = s.steps(), apart = std::min<std::ptrdiff_t>(M, s.is_lanes() ? s.count() : 1), most = M - apart;
  bool after = d == direction::forward;
  auto run = [&](std::ptrdiff_t first, std::ptrdiff_t from, std::ptrdiff_t n) {
    if (n > 0) backend.map(outputs{out.part(first, n)}, f, x.part(from, n), there.part(first, n), in.part(first, n)...);
  };
  run(after ? 0 : apart, after ? apart : 0, most);
  run(after ? most : 0, after ? most : 0, apart);
}

}  // namespace COHORT_NAMESPACE::detail
