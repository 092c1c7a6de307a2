#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <csignal>

#include "../catch.hpp"

using namespace cohort;

namespace {

int caught = 0;
void own_handler(int signal) { caught = signal; }

auto stopped_by(int signal, stop_on_signal& signals) {
  eigen::backend cpu({.threads = 1});
  classic_control::cart_pole environment;
  auto policy = actor_critic{cpu, environment, {.hidden = {4}}, random_seed{1}};
  auto const raises = [signal](train_report const& r) {
    if (signal && r.updates == 2) std::raise(signal);
  };
  auto const ppo = algorithm{.rollout = lanes{.count = 2, .horizon = 8}, .objective = clipped_ratio{} + value_loss{}};
  return train(cpu, ppo, environment, policy, {.steps = 80}, raises, signals);
}

}  // namespace

TEST_CASE("stop_on_signal: a run ends after the update in which a signal came, and its number is the exit status") {
  for (int signal : {SIGINT, SIGTERM}) {
    stop_on_signal signals;
    auto report = stopped_by(signal, signals);
    CHECK(report.updates == 2);
    CHECK(report.stopped);
    CHECK(signals.seen() == signal);
    CHECK(signals.exit_status() == 128 + signal);
  }
  stop_on_signal signals;  // what came before is not this one's
  CHECK(signals.exit_status() == 0);
  auto report = stopped_by(0, signals);
  CHECK(report.updates == 5);
  CHECK_FALSE(report.stopped);
}

TEST_CASE("stop_on_signal: puts back what handled the signals before, and leaves an ignored one ignored") {
  auto const before_int = std::signal(SIGINT, own_handler), before_term = std::signal(SIGTERM, SIG_IGN);
  {
    stop_on_signal signals;
    std::raise(SIGTERM);
    CHECK(signals.seen() == 0);
    std::raise(SIGINT);
    CHECK(signals.seen() == SIGINT);
    CHECK(caught == 0);
  }
  std::raise(SIGINT);
  CHECK(caught == SIGINT);
  CHECK(std::signal(SIGINT, before_int) == own_handler);
  CHECK(std::signal(SIGTERM, before_term) == SIG_IGN);
}
