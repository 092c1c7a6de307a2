#pragma once
#include <cohort/environment/plain_lane_states.hpp>
#include <cohort/error.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE::detail {

/// The states of N lanes of an environment that steps them all in one call.
template <class B, class E>
  requires steps_together<E>
class lane_states<B, E> {
 public:
  using T = value_t<B>;

  lane_states(B&, E const& e, int N)
      : environment_(e),
        lanes_(std::size_t(N)),
        A(std::size_t(size_of(e.actions))),
        together_(e.lanes_together(N)),
        actions_(lanes_ * A),
        elapsed_(lanes_),
        ended_(lanes_),
        cut_(lanes_) {}
  void resize(B&, int) { refuse("copied"); }
  void copy(B&, view<std::int32_t const>) { refuse("copied"); }
  void copy(B&, lane_states&, view<std::int32_t const>, std::ptrdiff_t) { refuse("copied"); }
  void persist(auto const&) { refuse("saved in mid-episode"); }
  typename E::state state(B&, int) {
    refuse("looked into");
    return {};
  }

  void reset(B&, stream_id starts, int together) {
    if (together > 1) refuse("started alike");
    begin(starts, std::vector<std::uint8_t>(lanes_, 1));
  }
  void restart(B& backend, stream_id starts, int, view<std::uint8_t const> terminated,
               view<std::uint8_t const> truncated, view<T> seen, view<T> last) {
    backend.download(std::span(ended_), terminated);
    backend.download(std::span(cut_), truncated);
    bool any = false;
    for (std::size_t n = 0; n < lanes_; ++n) ended_[n] = ended_[n] || cut_[n], any = any || ended_[n];
    if (!any) return;
    begin(starts, ended_);
    for (std::size_t n = 0; n < lanes_; ++n) {
      if (!ended_[n]) continue;
      show(backend, together_->seen(), n, last.part(std::ptrdiff_t(n), 1));
      show(backend, together_->fresh(), n, seen.part(std::ptrdiff_t(n), 1));
    }
  }
  template <class Action>
  void step(B& backend, view<Action const> given, view<T> reward, view<std::uint8_t> terminated,
            view<std::uint8_t> truncated, view<T> next, int limit, stream_id, int) {
    auto const width = std::size_t(given.columns);  // of a distribution that keeps more than the action's numbers, more
    std::vector<Action> numbers(lanes_ * width);
    backend.download(std::span<Action>(numbers), given);
    for (std::size_t n = 0; n < lanes_; ++n) {
      auto const action = std::span(actions_).subspan(n * A, A);
      plain_action<T>(environment_, numbers.data() + n * width, action);
      if constexpr (requires { environment_.require_actions(action); })
        in_lane(int(n), [&] { environment_.require_actions(action); });
    }
    together_->step(std::span<plain_number<E> const>(actions_));
    std::vector<T> rewards(lanes_);
    for (std::size_t n = 0; n < lanes_; ++n) {
      rewards[n] = T(together_->reward[n]);
      ended_[n] = together_->terminated[n];
      bool const at_limit = ++elapsed_[n] >= limit && limit > 0;
      cut_[n] = !ended_[n] && (at_limit || together_->truncated[n]);
    }
    backend.upload(reward, std::span<T const>(rewards));
    backend.upload(terminated, std::span<std::uint8_t const>(ended_));
    backend.upload(truncated, std::span<std::uint8_t const>(cut_));
    auto const seen = together_->seen();
    numbers_.assign(seen.begin(), seen.end());
    backend.upload(next, std::span<T const>(numbers_));
  }
  void observe(B& backend, view<T> out, int every) {
    for (std::ptrdiff_t n = 0; n < out.rows; ++n)
      show(backend, together_->fresh(), std::size_t(n) * std::size_t(every), out.part(n, 1));
  }

 private:
  [[noreturn]] void refuse(char const* what) const {
    throw environment_error(std::string("lanes that their environment steps together cannot be ") + what);
  }
  void begin(stream_id starts, std::vector<std::uint8_t> const& which) {
    std::vector<random_stream> draws;
    for (std::size_t n = 0; n < lanes_; ++n) {
      draws.emplace_back(starts, std::uint32_t(n));
      if (which[n]) elapsed_[n] = 0;
    }
    together_->reset(draws, which);
  }
  /// Lane n's row of all.
  void show(B& backend, std::span<float const> all, std::size_t n, view<T> to) {
    auto const D = all.size() / lanes_;
    auto const row = all.subspan(n * D, D);
    numbers_.assign(row.begin(), row.end());
    backend.upload(to, std::span<T const>(numbers_));
  }

  E environment_;
  std::size_t lanes_, A;
  decltype(std::declval<E const&>().lanes_together(1)) together_;
  std::vector<plain_number<E>> actions_;
  std::vector<int> elapsed_;
  std::vector<std::uint8_t> ended_, cut_;
  std::vector<T> numbers_;
};

}  // namespace COHORT_NAMESPACE::detail
