#pragma once
#include <cohort/advantage/batch_view.hpp>
#include <cohort/backend/concept.hpp>

namespace cohort::detail {

struct steps_after {
  static constexpr bool affine = true;
  template <class S>
  constexpr S operator()(S after, S) const {
    return after + 1;
  }
};
struct more_than_one {
  template <class S>
  constexpr S operator()(S count) const {
    return select(count > 1, S(1), S(0));
  }
};

/// goes_on, M: 1 where another step of the same series comes after, 0 at the last step of each.
template <backend B, class T = value_t<B>>
void find_last_steps(B& backend, partition s, view<T> goes_on) {
  backend.scan(s, direction::backward, steps_after{}, 0, goes_on, view<T const>(goes_on));
  backend.map(outputs{goes_on}, more_than_one{}, view<T const>(goes_on));
}

/// out = f(x of the following step, goes_on, in...); what is handed over at the last step of a series is any number
/// that x has, so f must select by goes_on. out must not be x.
template <backend B, class F, class T = value_t<B>, class... I>
void map_following(B& backend, partition s, view<T> out, F f, view<T const> x, view<T const> goes_on, view<I>... in) {
  std::ptrdiff_t M = s.steps(), apart = std::min<std::ptrdiff_t>(M, s.is_lanes() ? s.count() : 1), before = M - apart;
  if (before > 0)
    backend.map(outputs{out.part(0, before)}, f, x.part(apart, before), goes_on.part(0, before), in.part(0, before)...);
  if (apart > 0)
    backend.map(outputs{out.part(before, apart)}, f, x.part(before, apart), goes_on.part(before, apart),
                in.part(before, apart)...);
}

/// The same with the step before each; `has_before` is 0 at the first step of a series.
template <backend B, class F, class T = value_t<B>, class... I>
void map_preceding(B& backend, partition s, view<T> out, F f, view<T const> x, view<T const> has_before,
                   view<I>... in) {
  std::ptrdiff_t M = s.steps(), apart = std::min<std::ptrdiff_t>(M, s.is_lanes() ? s.count() : 1), after = M - apart;
  if (after > 0)
    backend.map(outputs{out.part(apart, after)}, f, x.part(0, after), has_before.part(apart, after),
                in.part(apart, after)...);
  if (apart > 0)
    backend.map(outputs{out.part(0, apart)}, f, x.part(0, apart), has_before.part(0, apart), in.part(0, apart)...);
}
template <backend B, class T = value_t<B>>
void find_first_steps(B& backend, partition s, view<T> has_before) {
  backend.scan(s, direction::forward, steps_after{}, 0, has_before, view<T const>(has_before));
  backend.map(outputs{has_before}, more_than_one{}, view<T const>(has_before));
}

}  // namespace cohort::detail
