#pragma once
#include <algorithm>
#include <cohort/environment/autoreset.hpp>
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
        cut_(lanes_),
        resetting_(mode() == autoreset::next_step ? lanes_ : 0) {}
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
    std::fill(elapsed_.begin(), elapsed_.end(), 0);
    std::fill(resetting_.begin(), resetting_.end(), std::uint8_t(0));
    begin(starts, std::vector<std::uint8_t>(lanes_, 1));
  }
  void restart(B& backend, stream_id starts, int, view<std::uint8_t const> terminated,
               view<std::uint8_t const> truncated, view<T> seen, view<T> last) {
    backend.download(std::span(ended_), terminated);
    backend.download(std::span(cut_), truncated);
    bool any = false;
    for (std::size_t n = 0; n < lanes_; ++n) ended_[n] = ended_[n] || cut_[n], any = any || ended_[n];
    if (!any) return;
    if (mode() == autoreset::disabled) begin(starts, ended_);
    for (std::size_t n = 0; n < lanes_; ++n) {
      if (!ended_[n]) continue;
      if (mode() != autoreset::disabled) require_own_end(n);
      elapsed_[n] = 0;
      show(backend, together_->seen(), n, last.part(std::ptrdiff_t(n), 1));
      if (mode() == autoreset::next_step) resetting_[n] = 1;
      else show(backend, together_->fresh(), n, seen.part(std::ptrdiff_t(n), 1));
    }
  }
  std::span<std::uint8_t const> resetting() const { return resetting_; }
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
    rewards_.resize(lanes_);
    for (std::size_t n = 0; n < lanes_; ++n) {
      rewards_[n] = T(together_->reward[n]);
      ended_[n] = together_->terminated[n];
      bool const at_limit = ++elapsed_[n] >= limit && limit > 0;
      cut_[n] = !ended_[n] && (at_limit || together_->truncated[n]);
      if (!resetting_.empty() && resetting_[n]) require_reset(n);
    }
    backend.upload(reward, std::span<T const>(rewards_));
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
  autoreset mode() const {
    if constexpr (requires { together_->autoreset_mode(); }) return together_->autoreset_mode();
    else return autoreset::disabled;
  }
  void require_own_end(std::size_t n) const {
    if (!together_->terminated[n] && !together_->truncated[n])
      throw environment_error("lane " + std::to_string(n) + " was cut after " + std::to_string(elapsed_[n]) +
                              " steps, and lanes that begin their episodes by themselves cannot be cut earlier than "
                              "they end by themselves: give the limit of steps to the environment itself");
  }
  /// Lane n has begun an episode by its step.
  void require_reset(std::size_t n) {
    if (ended_[n] || together_->truncated[n])
      throw environment_error("lane " + std::to_string(n) +
                              " ended in the step that only begins its episode (autoreset::next_step)");
    rewards_[n] = 0, cut_[n] = 0, elapsed_[n] = 0, resetting_[n] = 0;
  }
  void begin(stream_id starts, std::vector<std::uint8_t> const& which) {
    std::vector<random_stream> draws;
    for (std::size_t n = 0; n < lanes_; ++n) draws.emplace_back(starts, std::uint32_t(n));
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
  std::vector<std::uint8_t> ended_, cut_, resetting_;
  std::vector<T> rewards_, numbers_;
};

}  // namespace COHORT_NAMESPACE::detail
