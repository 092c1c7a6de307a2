// All that is compiled of environments and algorithms, once for the game and the C interface.
#include "learner.hpp"

#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint/load.hpp>
#include <cohort/checkpoint/save.hpp>
#include <cohort/cohort.hpp>

#include "../game/catch_ball.hpp"

namespace host {

namespace {

using namespace cohort;
using eigen::backend;

/// Of algorithms that differ in the numbers of their rollout and update, the types are the same, so that a run is
/// compiled once for each environment.
using any_of_lanes = any_algorithm<backend, lanes>;

any_of_lanes algorithm_named(std::string const& name) {
  if (name == "ppo")
    return erased<backend>(
        algorithm{.rollout = lanes{.count = 16, .horizon = 32},
                  .advantage = gae{.gamma = .95, .lambda = .95},
                  .objective = clipped_ratio{} + value_loss{.weight = .5},
                  .update = update{.epochs = 4, .minibatch_size = 64, .optimizer = adam{.rate = 3e-3}}});
  if (name == "a2c")
    return erased<backend>(algorithm{.rollout = lanes{.count = 16, .horizon = 16},
                                     .advantage = gae{.gamma = .95, .lambda = .95},
                                     .objective = policy_gradient{} + value_loss{.weight = .5},
                                     .update = update{.epochs = 1, .optimizer = adam{.rate = 3e-3}}});
  throw value_error("algorithm is '" + name + "', expected ppo or a2c");
}

template <environment E>
class learner_of final : public learner {
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(E::actions)>, discrete>,
                "the actions here are single numbers");
  using policy_type = actor_critic<backend, categorical>;

 public:
  learner_of(E const& environment, std::string const& algorithm, std::uint64_t seed)
      : environment_(environment),
        policy_(cpu_, environment_, {.hidden = {32}}, random_seed{seed}),
        run_(cpu_, algorithm_named(algorithm), environment_, policy_,
             {.steps = std::numeric_limits<std::int64_t>::max(), .seed = seed}),
        control_(cpu_, environment_, policy_, random_seed{seed + 1}),
        play_(environment_, seed + 1) {}

  int observations() const override { return int(observation_size<E>); }
  int choices() const override { return E::actions.n; }

  void reset() override { play_.reset(); }
  outcome step(int action) override {
    if (action < 0 || action >= choices())
      throw value_error("action is " + std::to_string(action) + ", expected a whole number from 0 to " +
                        std::to_string(choices() - 1));
    auto const o = play_.step(action);
    return {o.reward, o.terminated, o.truncated};
  }
  void observe(std::span<double> to) const override {
    require_size(to.size());
    auto const seen = play_.observation();
    std::copy(seen.begin(), seen.end(), to.begin());
  }
  int act(std::span<double const> observation) override {
    require_size(observation.size());
    return control_.act(observation);
  }
  int best(std::span<double const> observation) override {
    require_size(observation.size());
    return control_.best(observation);
  }

  bool train_for(double milliseconds) override { return run_.step_for(milliseconds) == step_state::updated; }
  progress report() const override {
    auto const& r = run_.report();
    return {r.steps, r.episodes, r.updates, r.mean_return, r.seconds};
  }

  void save(std::filesystem::path const& path) override { cohort::save(cpu_, run_, path); }
  void load(std::filesystem::path const& path) override { cohort::load(cpu_, run_, path); }
  std::vector<std::byte> saved_bytes() override { return cohort::saved_bytes(cpu_, run_); }
  void load(std::span<std::byte const> bytes) override { cohort::load(cpu_, run_, bytes); }

 private:
  void require_size(std::size_t given) const {
    if (given != std::size_t(observations()))
      throw value_error("observation has " + std::to_string(given) + " numbers, expected " +
                        std::to_string(observations()));
  }

  backend cpu_{{.threads = 1}};  // 1: the thread that calls, and no other
  E environment_;
  policy_type policy_;
  training<backend, lanes, detail::update_in<any_of_lanes>, E, policy_type> run_;
  controller<backend, E, policy_type> control_;
  environment_run<E> play_;
};

}  // namespace

std::unique_ptr<learner> make_learner(std::string const& environment, std::string const& algorithm,
                                      std::uint64_t seed) {
  auto make = [&]<class E>(E const& e) -> std::unique_ptr<learner> {
    return std::make_unique<learner_of<E>>(e, algorithm, seed);
  };
  if (environment == "cart_pole") return make(classic_control::cart_pole{});
  if (environment == "catch_ball") return make(game::catch_ball{});
  if (environment == "catch_ball_wide") return make(game::with_wide_paddle);
  throw value_error("environment is '" + environment + "', expected cart_pole, catch_ball or catch_ball_wide");
}

}  // namespace host
