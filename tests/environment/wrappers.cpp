#include <cohort/backend/eigen.hpp>
#include <cohort/backend/saved_state.hpp>
#include <cohort/cohort.hpp>
#include <cohort/environment/environment_of.hpp>
#include <cohort/environment/wrappers.hpp>

#include "../catch.hpp"
#include "../support/counting_environment.hpp"
#include "../support/parameters.hpp"
#include "../support/spaces.hpp"
#include "../support/stepped_lanes.hpp"

using namespace cohort;
using classic_control::cart_pole, classic_control::pendulum;
using support::random_masses, support::root, support::stepped;

namespace {

/// frame_stack{reward_scale{cart_pole{}, .1}, frames<2>} by hand.
struct by_hand {
  cart_pole one{};
  template <class S>
  struct state {
    cart_pole::state<S> now, before;
  };
  static constexpr discrete actions{2};
  static constexpr box<8> observations{{-9, -9, -9, -9, -9, -9, -9, -9}, {9, 9, 9, 9, 9, 9, 9, 9}};
  int max_episode_steps = 500;
  template <class S>
  constexpr state<S> reset(random_stream& draws) const {
    auto const first = one.reset<S>(draws);
    return {first, first};
  }
  template <class S>
  constexpr outcome_of<S> step(state<S>& s, S action) const {
    s.before = s.now;
    auto const result = one.step(s.now, action);
    return {.1 * result.reward, result.terminated};
  }
  template <class S>
  constexpr std::array<S, 8> observe(state<S> const& s) const {
    auto const a = one.observe(s.before), b = one.observe(s.now);
    return {a[0], a[1], a[2], a[3], b[0], b[1], b[2], b[3]};
  }
};

template <class E>
auto trained(E const& environment) {
  eigen::backend cpu({.threads = 1});
  auto const ppo = algorithm{.rollout = lanes{.count = 4, .horizon = 24},
                             .objective = clipped_ratio{} + value_loss{},
                             .update = update{.epochs = 2, .minibatch_size = 32}};
  actor_critic policy{cpu, environment, {.hidden = {8}}, random_seed{1}};
  auto const report = train(cpu, ppo, environment, policy, {.steps = 400, .seed = 2});
  return std::pair(report.mean_return, support::parameters_of(policy));
}

/// Lanes step together as each does alone in plain numbers, from its state and with its draws: to the last digits,
/// which are the same where no compiler contracts one of the two.
template <class E>
void steps_alike(char const* name, E const& e) {
  CAPTURE(name);
  stepped<E> all(e, 11);
  for (int t = 0; t < 12; ++t) {
    std::vector<typename detail::state_of<E>::type> alone;
    for (int n = 0; n < all.N; ++n) alone.push_back(all.lanes.state(all.cpu, n));
    all.step();
    for (int n = 0; n < all.N; ++n) {
      CAPTURE(t, n);
      auto& s = alone[std::size_t(n)];
      random_stream draws(stream_id{5, draw_purpose::step, std::uint32_t(t)}, std::uint32_t(n));
      auto const result = detail::plain_step(e, s, all.action_of(n), draws);
      REQUIRE(arrays::close(result.reward, all.reward[std::size_t(n)], 1e-14, 1e-14));
      REQUIRE(result.terminated == all.terminated[std::size_t(n)]);
      arrays::numbers seen(std::size_t(all.D));
      detail::put_seen<real<double>>(e, s, matrix_row<real<double>, double>{seen.data(), 1});
      for (int d = 0; d < all.D; ++d)
        REQUIRE(arrays::close(seen[std::size_t(d)], all.seen[std::size_t(n * all.D + d)], 1e-14, 1e-14));
    }
  }
}

}  // namespace

TEST_CASE("wrappers: what is trained on a wrapped environment has the bits that one written by hand gives") {
  auto const wrapped = trained(frame_stack{reward_scale{cart_pole{}, .1}, frames<2>});
  CHECK(wrapped.first > 1);
  CHECK(wrapped == trained(by_hand{}));
}

TEST_CASE("wrappers: spaces known when the program runs, of plain environments, are trained on") {
  environment_of<discrete> const wrapped(frame_stack{reward_scale{support::counting{}, .5}, 3});
  CHECK(wrapped.observations.high == std::vector<double>{1000, 1, 1000, 1, 1000, 1});
  CHECK(trained(wrapped).first == 5);
}

TEST_CASE("wrappers: SIMD lanes step together as each does alone, masks and draws included") {
  steps_alike("rewards", reward_sign{reward_clip{reward_scale{action_rescale{pendulum{}}, .1}, -1, 0}});
  steps_alike("choices, repeated", action_repeat{discretized_actions{pendulum{}, 5}, 3});
  steps_alike("repeated beyond the end", action_repeat{cart_pole{}, 9});
  steps_alike("frames with a mask", frame_stack{episode_statistics{spaces::lane_doors{}}, frames<3>});
  steps_alike("a guard and bounds", observation_clip{nan_guard{root{}}, 0, 2});
  steps_alike("parameters", random_masses);
  steps_alike("draws", sticky_actions{frame_stack{random_masses, frames<2>}, .5});
  steps_alike("on the host", sticky_actions{frame_stack{pendulum{}, 2}, .5});
}

TEST_CASE("vector_environment: a scalar-generic environment that draws steps in float as it does in double") {
  sticky_actions const e{frame_stack{random_masses, frames<2>}, .5};
  stepped in_double(e, 5);
  stepped<std::remove_const_t<decltype(e)>, eigen::backend> in_float(e, 5);
  for (int t = 0; t < 5; ++t) in_double.step(), in_float.step();
  for (std::size_t i = 0; i < in_double.seen.size(); ++i)
    CHECK(arrays::close(double(in_float.seen[i]), in_double.seen[i], 1e-4, 1e-5));
}

TEST_CASE("environment_run: a copy in mid-episode goes on by itself, through the same draws and the next episode") {
  environment_run run{sticky_actions{frame_stack{random_masses, frames<2>}, .5}, 4};
  for (int t = 0; t < 5; ++t) run.step(t % 2);
  auto copy = run;
  auto other = run;
  other.step(0);
  CHECK(other.observation() != run.observation());
  for (int t = 0; t < 60; ++t) {
    if (run.done()) run.reset(), copy.reset();
    CHECK(run.step(t % 3 == 0).reward == copy.step(t % 3 == 0).reward);
    REQUIRE(run.observation() == copy.observation());
  }
}

TEST_CASE("wrappers: lanes are saved and loaded in mid-episode, of any kind, and bytes of another kind refused") {
  auto goes_on = [](auto const& e) {
    stepped one(e, 4), two(e, 4);
    for (int t = 0; t < 3; ++t) one.step();
    auto const saved = copy_out(one.cpu, one.lanes);
    copy_in(two.cpu, two.lanes, saved);
    one.step(), two.step();
    CHECK(one.seen == two.seen);
    CHECK(copy_out(one.cpu, one.lanes) == copy_out(two.cpu, two.lanes));
  };
  goes_on(sticky_actions{frame_stack{random_masses, frames<2>}, .5});
  goes_on(episode_statistics{support::counting{}});
  goes_on(sticky_actions{frame_stack{pendulum{}, 2}, .5});
  goes_on(episode_statistics{environment_of<discrete>(cart_pole{})});
  frame_stack const two{support::counting{}, 2}, three{support::counting{}, 3};
  random_stream draws;
  auto bytes = two.save(two.reset(draws));
  CHECK_THROWS_WITH(three.load(bytes),
                    "the saved state of a wrapped environment has 32 bytes of the wrapper, expected 48");
  bytes.resize(12);
  CHECK_THROWS_WITH(three.load(bytes), "the saved state of a wrapped environment ends within the state that it wraps");
}

TEST_CASE("vector_environment: an episode's last observation is kept when the next begins, as Gymnasium's SameStep") {
  support::counting e;
  e.life = 3;
  stepped lanes(e, 2);
  for (int t = 0; t < 3; ++t) lanes.step();
  CHECK(lanes.terminated == arrays::flags{1, 1});
  lanes.terminated[1] = 0;  // as if it went on
  arrays::numbers last(4, -1);
  lanes.lanes.restart(lanes.cpu, arrays::all(std::as_const(lanes.terminated)),
                      arrays::all(std::as_const(lanes.truncated)), arrays::matrix(lanes.seen, 2),
                      arrays::matrix(last, 2));
  CHECK((last[0] == 3 && last[2] == -1));
  CHECK((lanes.seen[0] == 0 && lanes.seen[2] == 3));
}
