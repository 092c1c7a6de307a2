#pragma once
#include <cohort/backend/concept.hpp>
#include <cohort/environment/lane_formulas.hpp>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// The states of N lanes of a scalar-generic environment: a column for each number of the state, in the backend's
/// memory.
template <class B, class E>
class lane_states {
 public:
  using T = value_t<B>;
  using scalar = typename B::scalar;
  using single = typename E::template state<scalar>;
  static constexpr int F = sizeof(single) / sizeof(scalar);
  static constexpr bool may_draw = steps_with_noise<E>, may_not = !may_draw || steps_either_way<E>;
  static_assert(std::is_trivially_copyable_v<single> && F * sizeof(scalar) == sizeof(single),
                "a state that is a template over the scalar may hold nothing but scalars");

  lane_states(B& backend, E const& e, int N) : environment_(e), lanes_(N) {
    std::vector<T> zeros(std::size_t(N * F));
    std::vector<std::int32_t> none(std::size_t(2 * N), 0);
    backend.assign(numbers_, std::span<T const>(zeros));
    backend.assign(spare_, std::span<T const>(zeros));
    backend.assign(elapsed_, std::span<std::int32_t const>(none));
    backend.assign(spare_elapsed_, std::span<std::int32_t const>(none));
  }
  void persist(auto const& f) {
    auto numbers = numbers_.all();
    auto elapsed = elapsed_.all();
    f("numbers", numbers), f("elapsed", elapsed);
  }
  void reset(B& backend, stream_id starts, int together) {
    backend.for_rows(lanes_, start_lane<E>{environment_, starts, together}, states(), elapsed());
  }
  void restart(B& backend, stream_id starts, int together, view<std::uint8_t const> terminated,
               view<std::uint8_t const> truncated, view<T> seen, view<T> last) {
    backend.for_rows(lanes_, restart_lane<E>{{environment_, starts, together}, terminated, truncated}, states(),
                     elapsed(), seen, last);
  }
  template <class Action>
  void step(B& backend, view<Action const> actions, view<T> reward, view<std::uint8_t> terminated,
            view<std::uint8_t> truncated, view<T> next, int limit, stream_id noise, int noise_group) {
    step_lane<E> f{environment_, limit, noise, noise_group};
    bool draws = may_draw;
    if constexpr (may_draw && may_not) draws = environment_.draws_in_step();
    if constexpr (may_draw)
      if (draws) backend.for_rows(lanes_, f, states(), elapsed(), actions, reward, terminated, truncated, next);
    if constexpr (may_not)
      if (!draws) backend.map_rows(lanes_, f, states(), elapsed(), actions, reward, terminated, truncated, next);
  }
  void resize(B& backend, int N) {
    lanes_ = N;
    backend.resize(numbers_, N * F);
    backend.resize(elapsed_, 2 * N);
  }
  void copy(B& backend, view<std::int32_t const> from) {
    backend.resize(spare_, from.rows * F);
    backend.resize(spare_elapsed_, 2 * from.rows);
    backend.gather(view<T>(spare_.data(), from.rows, F, 1, from.rows), view<T const>(states()), from);
    backend.gather(view<std::int32_t>(spare_elapsed_.data(), from.rows, 2, 1, from.rows),
                   view<std::int32_t const>(elapsed()), from);
    std::swap(numbers_, spare_);
    std::swap(elapsed_, spare_elapsed_);
    lanes_ = from.rows;
  }
  void copy(B& backend, lane_states& other, view<std::int32_t const> from, std::ptrdiff_t first) {
    backend.gather(states().part(first, from.rows), view<T const>(other.states()), from);
    backend.gather(elapsed().part(first, from.rows), view<std::int32_t const>(other.elapsed()), from);
  }
  void observe(B& backend, view<T> out, int every) {
    observe_lane<E> const f{environment_};
    std::ptrdiff_t const rows = lanes_ / every;
    view<T const> const seen(numbers_.data(), rows, F, every, lanes_);
    if constexpr (may_not) backend.map_rows(rows, f, seen, out);
    else backend.for_rows(rows, f, seen, out);
  }
  typename state_of<E>::type state(B& backend, int lane) {
    typename state_of<E>::type s{};
    T row[F];
    backend.download(std::span<T>(row), view<T const>(states().part(lane, 1)));
    for (int f = 0; f < F; ++f) reinterpret_cast<real<double>*>(&s)[f] = row[f];
    return s;
  }

 private:
  using array = typename B::template array<T>;
  view<T> states() { return {numbers_.data(), lanes_, F, 1, lanes_}; }
  view<std::int32_t> elapsed() { return {elapsed_.data(), lanes_, 2, 1, lanes_}; }

  E environment_;
  std::ptrdiff_t lanes_;
  array numbers_, spare_;
  typename B::template array<std::int32_t> elapsed_, spare_elapsed_;
};

}  // namespace COHORT_NAMESPACE::detail
