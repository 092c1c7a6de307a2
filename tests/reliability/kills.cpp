// Kills a training process (tests/checkpoint/killed.cpp) at random moments, starts it again in its folder until it
// ends, and compares its last bits with those of a run that nobody killed:
//
//     kills --count 200 --seed 1
#include <chrono>
#include <cstdio>
#include <optional>
#include <random>
#include <thread>

#include "../support/files.hpp"
#include "../support/running_program.hpp"

using seconds = std::chrono::duration<double>;

namespace {

/// The training's exit status, or minus the signal that ended it.
int started(std::filesystem::path const& folder, std::optional<seconds> killed_after = {}) {
  auto const begin = std::chrono::steady_clock::now();
  running_program training(folder, COHORT_TRAINING, {"checkpoints: a run that is killed"});
  if (killed_after) {
    std::this_thread::sleep_until(begin + *killed_after);
    training.send(SIGKILL);
  }
  return training.end();
}

struct tally {
  int kills = 0, runs = 0, resumed = 0;
};

/// Kills until `count` have been, none of which a run may lose anything by. What went wrong, or "".
std::string kill(int count, unsigned seed, tally& n) {
  files::scratch const here("cohort_kills");
  auto const whole = here.path / "whole", folder = here.path / "killed";
  std::filesystem::create_directory(whole);
  auto const begin = std::chrono::steady_clock::now();
  if (int const status = started(whole); status != 0)
    return "the run that is not killed ended with " + std::to_string(status);
  seconds const length = std::chrono::steady_clock::now() - begin;
  auto const expected = files::get(whole / "end.cohort");
  if (expected.empty()) return "the run that is not killed left no end";
  std::mt19937 random(seed);
  while (n.kills < count) {
    std::filesystem::remove_all(folder), std::filesystem::create_directory(folder);
    for (;;) {
      n.resumed += std::filesystem::exists(folder / "checkpoints") &&
                   files::entries(folder / "checkpoints") > 1;  // beside the lock
      std::optional<seconds> moment;
      if (n.kills < count) moment = length * std::uniform_real_distribution<>(0, 1.1)(random);
      int const status = started(folder, moment);
      if (status == 0) break;
      if (status != -SIGKILL || !moment) return "a run ended with " + std::to_string(status);
      ++n.kills;
    }
    ++n.runs;
    std::string const at = " after kill " + std::to_string(n.kills);
    if (files::get(folder / "end.cohort") != expected) return "a run ended with other bits" + at;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder))
      if (entry.path().extension() == ".part") return entry.path().string() + " is left" + at;
  }
  return "";
}

}  // namespace

int main(int count, char** words) {
  auto const word = [&](int i) { return std::string(i < count ? words[i] : ""); };
  if (count != 5 || word(1) != "--count" || word(3) != "--seed") {
    std::fprintf(stderr, "usage: kills --count KILLS --seed SEED\n");
    return 2;
  }
  tally n;
  std::string const wrong = kill(std::stoi(word(2)), unsigned(std::stoul(word(4))), n);
  std::printf(
      "%d kills; %d runs ended, with the bits of one that was not killed; %d starts went on from a checkpoint\n",
      n.kills, n.runs, n.resumed);
  if (!wrong.empty()) std::fprintf(stderr, "kills: %s\n", wrong.c_str());
  return wrong.empty() ? 0 : 1;
}
