#pragma once
#include <cohort/environment/spaces.hpp>
#include <cohort/environment/wrapper/on_host.hpp>
#include <cohort/environment/wrapper/own_state.hpp>

namespace COHORT_NAMESPACE {

/// How many frames, known to the compiler: frame_stack{e, frames<4>}.
template <int N>
struct frame_count {};
template <int N>
inline constexpr frame_count<N> frames{};

namespace detail {

constexpr int product_of_extents(int a, int b) { return a == dynamic || b == dynamic ? dynamic : a * b; }

template <int M>
struct stacked_frames {
  template <class E, class S>
  struct own {
    as_many<S, M> kept;  ///< the frames, oldest first
  };
};
template <class E, int N>
using frame_stack_base = with_own<E, stacked_frames<product_of_extents(observation_size<E>, N)>::template own>;

}  // namespace detail

/// The last `count` observations as one, the oldest first; after a reset all are the first one. As Gymnasium's
/// FrameStackObservation, flattened. Names are those of the newest, and `position_2_ago` of older ones.
///
/// frame_stack{e, frames<4>} steps in SIMD lanes where e does; frame_stack{e, 4} has a box<dynamic> of observations and
/// is stepped on the host.
template <class E, int N>
class frame_stack : public detail::frame_stack_base<E, N> {
  static_assert(N == dynamic || N > 0, "frame_stack: there are no frames, expected one or more");
  using base_class = detail::frame_stack_base<E, N>;
  static constexpr int M = detail::product_of_extents(observation_size<E>, N);

 public:
  box<M> observations{};

  frame_stack(E e, int count) : base_class(std::move(e)), count_(count) {
    check();
    auto const& one = this->base().observations;
    if constexpr (M == dynamic) {
      this->kept_count = std::size_t(count) * one.low.size();
      observations.low.resize(this->kept_count), observations.high.resize(this->kept_count);
    }
    for (std::size_t i = 0; i < observations.low.size(); ++i) {
      observations.low[i] = one.low[i % one.low.size()];
      observations.high[i] = one.high[i % one.low.size()];
    }
  }
  frame_stack(E e, frame_count<N>) : frame_stack(std::move(e), N) {}
  void check() const {
    detail::require(count_ > 0, "frame_stack", "count", count_, "a positive number of frames");
    detail::wrapper<E>::check();
  }

  template <class S>
    requires detail::generic_state<E>
  constexpr auto reset(random_stream& draws) const {
    return filled(base_class::template reset<S>(draws));
  }
  auto reset(random_stream& draws) const
    requires(!detail::generic_state<E>)
  {
    return filled(base_class::reset(draws));
  }
  template <class State, class Action, class... Draws>
    requires(detail::takes_draws<E, sizeof...(Draws)>)
  constexpr auto step(State& s, Action const& action, Draws&... draws) const {
    auto const result = E::step(s, action, draws...);
    auto const& now = E::observe(s);
    auto& kept = this->own(s).kept;
    std::size_t const D = numbers(), older = kept.size() - D;
    for (std::size_t i = 0; i < older; ++i) kept[i] = kept[i + D];
    put(now, kept, older, D);
    return result;
  }
  template <class State>
  constexpr auto const& observe(State const& s) const {
    return this->own(s).kept;
  }
  std::vector<std::string> observation_names() const {
    return each_frame(detail::spaces_of(this->base()).observations.names, true);
  }
  std::vector<std::string> observation_units() const {
    return each_frame(detail::spaces_of(this->base()).observations.units, false);
  }

 private:
  constexpr std::size_t numbers() const { return std::size_t(detail::observation_count(this->base())); }
  template <class Seen, class Kept>
  static constexpr void put(Seen const& seen, Kept& kept, std::size_t first, std::size_t D) {
    if constexpr (observation_size<E> == dynamic) detail::require_count("observe", seen.size(), int(D));
    for (std::size_t d = 0; d < D; ++d) kept[first + d] = typename Kept::value_type(seen[d]);
  }
  template <class State>
  constexpr State filled(State s) const {
    auto const& first = E::observe(s);
    auto& kept = this->own(s).kept;
    std::size_t const D = numbers();
    for (std::size_t i = 0; i < kept.size(); i += D) put(first, kept, i, D);
    return s;
  }
  std::vector<std::string> each_frame(std::vector<std::string> const& one, bool with_age) const {
    std::vector<std::string> all;
    for (int ago = count_ - 1; ago >= 0; --ago)
      for (auto const& name : one)
        all.push_back(name + (with_age && ago > 0 ? "_" + std::to_string(ago) + "_ago" : ""));
    return all;
  }

  int count_;
};
template <class E>
frame_stack(E, int) -> frame_stack<std::conditional_t<detail::generic_state<E>, on_host<E>, E>, dynamic>;
template <class E, int N>
frame_stack(E, frame_count<N>) -> frame_stack<E, N>;

}  // namespace COHORT_NAMESPACE
