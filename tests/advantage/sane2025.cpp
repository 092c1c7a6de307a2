#include <cohort/preset/sane2025.hpp>
#include "../catch.hpp"
#include "probes.hpp"

using namespace probes;
namespace sane2025 = cohort::preset::sane2025;

namespace {

/// Probes that all end in one and the same state, whose value is next_value, as in the author's code.
probe_batch shared_next_state(int G) {
  probe_batch b = random(4, 3, G, 1, .2);
  for (int r = 0; r < b.R(); ++r)
    for (int g = 0; g < G; ++g) b.probe_value[r * G + g] = b.next_value[r];
  return b;
}

}  // namespace

TEST_CASE("sane2025::paper is mean_i tanh(r_i) + V(s') - V(s), one number for the group") {
  probe_batch b = shared_next_state(4);
  std::fill(b.terminated.begin(), b.terminated.end(), 0);
  auto A = run(sane2025::paper, b).advantage;
  for (int r = 0; r < b.R(); ++r) {
    double mean = 0;
    for (int g = 0; g < 4; ++g) mean += std::tanh(b.reward[r * 4 + g]) / 4;
    for (int g = 0; g < 4; ++g) REQUIRE(close(A[r * 4 + g], mean + b.next_value[r] - b.value[r], 1e-13, 1e-14));
  }
}

TEST_CASE("sane2025::pull_request is tanh(r_i) + gamma V(s'_i) - V(s), minus its mean over the group") {
  probe_batch b = random(4, 3, 5, 1, .2);
  auto A = run(sane2025::pull_request, b).advantage;
  for (int r = 0; r < b.R(); ++r) {
    numbers plain;
    double mean = 0;
    for (int i = r * 5; i < r * 5 + 5; ++i) {
      plain.push_back(std::tanh(b.reward[i]) + (b.terminated[i] ? 0 : .99 * b.probe_value[i]) - b.value[r]);
      mean += plain.back() / 5;
    }
    for (int g = 0; g < 5; ++g) REQUIRE(close(A[r * 5 + g], plain[g] - mean, 1e-13, 1e-14));
  }
}

TEST_CASE(
    "sane2025::fork is tanh of the group's z-score, ddof 1 and epsilon 1e-8, and its critic learns GAE's returns of "
    "the executed branch") {
  probe_batch b = random(4, 3, 4, 1, .2);
  auto [A, target] = run(sane2025::fork, b);
  for (int r = 0; r < b.R(); ++r) {
    moments m = moments_of(numbers(b.reward.begin() + r * 4, b.reward.begin() + r * 4 + 4), 1);
    for (int i = r * 4; i < r * 4 + 4; ++i) {
      REQUIRE(close(A[i], std::tanh((b.reward[i] - m.mean) / (m.std + 1e-8)), 1e-13, 1e-14));
      REQUIRE(close(target[i], along_lane(sane2025::fork, b, A, r, true) + b.value[r], 1e-12, 1e-13));
    }
  }
}

TEST_CASE(
    "sane2025::fork_mean_target has the fork's advantages, and the mean of r_i + gamma (1 - d_i) V(s'_i) for its "
    "critic") {
  for (int G : {1, 4}) {
    probe_batch b = random(4, 3, G, 1, .2);
    auto [A, target] = run(sane2025::fork_mean_target, b);
    REQUIRE(A == run(sane2025::fork, b).advantage);
    for (int r = 0; r < b.R(); ++r) {
      double mean = 0;
      for (int i = r * G; i < r * G + G; ++i)
        mean += (b.reward[i] + (b.terminated[i] ? 0 : .99 * b.probe_value[i])) / G;
      for (int g = 0; g < G; ++g) REQUIRE(close(target[r * G + g], mean, 1e-13, 1e-14));
    }
  }
}

TEST_CASE("sane2025::fork_positive is tanh(2.5 minmax(r)) r, fork_centered its z-score over the group with ddof 0") {
  probe_batch b = random(4, 3, 4, 1, .2);
  for (int i = 4; i < 8; ++i) b.reward[i] = 1.5;  // equal: no range to be placed in
  auto positive = run(sane2025::fork_positive, b), centered = run(sane2025::fork_centered, b);
  REQUIRE(positive.target == run(sane2025::fork_mean_target, b).target);
  REQUIRE(centered.target == positive.target);
  for (int r = 0; r < b.R(); ++r) {
    auto first = b.reward.begin() + r * 4;
    double least = *std::min_element(first, first + 4), most = *std::max_element(first, first + 4);
    numbers score;
    for (int g = 0; g < 4; ++g) score.push_back(std::tanh(2.5 * (first[g] - least) / (most - least + 1e-8)) * first[g]);
    moments m = moments_of(score, 0);
    for (int g = 0; g < 4; ++g) {
      REQUIRE(close(positive.advantage[r * 4 + g], score[g], 1e-13, 1e-14));
      REQUIRE(close(centered.advantage[r * 4 + g], (score[g] - m.mean) / (m.std + 1e-8), 1e-12, 1e-13));
    }
    if (r == 1)
      for (int g = 0; g < 4; ++g) REQUIRE((positive.advantage[4 + g] == 0 && centered.advantage[4 + g] == 0));
  }
}

TEST_CASE("sane2025: what is measured within a group says nothing of a group of one") {
  probe_batch b = random(4, 3, 1, 1, .2);
  for (auto const& o : {sane2025::fork, sane2025::fork_mean_target, sane2025::fork_positive, sane2025::fork_centered})
    for (double x : run(o, b).advantage) REQUIRE(x == 0);
}
