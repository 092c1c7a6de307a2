#pragma once
#include <algorithm>
#include <cohort/cohort.hpp>
#include <cohort/environment/autoreset.hpp>
#include <memory>
#include <ranges>
#include <vector>

namespace support {

/// Lanes of a plain environment that are stepped in one call, here one after the other. Where `mode` says that they
/// begin their episodes by themselves, they draw them from the lane's first stream on, end them by their own limit, and
/// `log` has what each did, reset steps left out.
template <class E>
struct lanes_in_one_call : E {
  using Number = cohort::detail::plain_number<E>;
  struct moment {
    std::vector<float> seen, next;
    Number action;
    double reward;
    bool terminated, truncated;
    friend bool operator==(moment const&, moment const&) = default;
  };
  using story = std::vector<std::vector<moment>>;  // of each lane

  struct lanes {
    E environment;
    cohort::autoreset mode;
    std::shared_ptr<story> log;
    std::vector<double> reward;
    std::vector<std::uint8_t> terminated, truncated;
    std::vector<typename E::state> states{};
    std::vector<cohort::random_stream> draws{};
    std::vector<int> elapsed{};
    std::vector<float> seen_{}, fresh_{};

    cohort::autoreset autoreset_mode() const { return mode; }
    std::vector<float> shown(std::size_t n) const {
      auto const row = environment.observe(states[n]);
      return {row.begin(), row.end()};
    }
    void look(std::vector<float>& to) const {
      to.clear();
      for (std::size_t n = 0; n < states.size(); ++n) std::ranges::copy(shown(n), std::back_inserter(to));
    }
    void begin(std::size_t n) { states[n] = environment.reset(draws[n]), elapsed[n] = 0; }
    void reset(std::span<cohort::random_stream> given, std::span<std::uint8_t const> which) {
      states.resize(given.size()), elapsed.resize(given.size()), draws.assign(given.begin(), given.end());
      log->resize(given.size());
      for (std::size_t n = 0; n < given.size(); ++n)
        if (which[n]) begin(n);
      look(fresh_);
    }
    void step_lane(std::size_t n, std::span<Number const> action) {
      moment m{shown(n), {}, action[0], 0, false, false};
      cohort::random_stream none;
      auto const out =
          cohort::detail::plain_step(environment, states[n], cohort::detail::action_of_numbers<E>(action), none);
      reward[n] = m.reward = out.reward, terminated[n] = m.terminated = out.terminated;
      bool const at_limit = mode != cohort::autoreset::disabled && ++elapsed[n] == environment.max_episode_steps;
      truncated[n] = m.truncated = out.truncated || (at_limit && !out.terminated);
      m.next = shown(n);
      (*log)[n].push_back(m);
    }
    void step(std::span<Number const> actions) {
      auto const A = actions.size() / states.size();
      for (std::size_t n = 0; n < states.size(); ++n) {
        if (mode == cohort::autoreset::next_step && (terminated[n] || truncated[n]))
          begin(n), reward[n] = 0, terminated[n] = truncated[n] = 0;
        else step_lane(n, actions.subspan(n * A, A));
      }
      look(seen_);
      for (std::size_t n = 0; n < states.size(); ++n)
        if (mode == cohort::autoreset::same_step && (terminated[n] || truncated[n])) begin(n);
      look(fresh_);
    }
    std::span<float const> seen() const { return seen_; }
    std::span<float const> fresh() const { return fresh_; }
  };

  cohort::autoreset mode = cohort::autoreset::disabled;
  std::shared_ptr<story> log = std::make_shared<story>();

  auto lanes_together(int n) const {
    auto const N = std::size_t(n);
    return std::make_shared<lanes>(lanes{static_cast<E const&>(*this), mode, log, std::vector<double>(N),
                                         std::vector<std::uint8_t>(N), std::vector<std::uint8_t>(N)});
  }
};

}  // namespace support
