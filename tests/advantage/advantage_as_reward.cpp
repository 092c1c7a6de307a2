#include <cohort/preset/sane2025.hpp>
#include "../catch.hpp"
#include "probes.hpp"

using namespace probes;
namespace sane2025 = cohort::preset::sane2025;
using Catch::Matchers::ContainsSubstring;

namespace {

/// The whole of the pull request of March 2025, written out: centered advantages, tanh of their z-score over the stored
/// samples, GAE.
result pull_request_written_out(probe_batch const& b, double gamma, double lambda) {
  numbers stored;
  for (int r = 0; r < b.R(); ++r) {
    numbers plain;
    double mean = 0;
    for (int i = r * b.G; i < r * b.G + b.G; ++i) {
      plain.push_back(std::tanh(b.reward[i]) + (b.terminated[i] ? 0 : .99 * b.probe_value[i]) - b.value[r]);
      mean += plain.back() / b.G;
    }
    stored.push_back(plain[b.executed[r] - r * b.G] - (b.G > 1 ? mean : 0));
  }
  moments m = moments_of(stored, 0);
  result out{numbers(b.M(), 0), numbers(b.M(), 0)};
  for (int r = 0; r < b.R(); ++r) {
    double sum = 0, weight = 1;
    for (int s = r; s < b.R(); s += b.N) {
      int x = b.executed[s];
      sum += weight * (std::tanh((stored[s] - m.mean) / (m.std + 1e-8)) +
                       (b.terminated[x] ? 0 : gamma * b.next_value[s]) - b.value[s]);
      if (b.terminated[x] || b.truncated[x]) break;
      weight *= gamma * lambda;
    }
    out.advantage[b.executed[r]] = sum;
    for (int g = 0; g < b.G; ++g) out.target[r * b.G + g] = sum + b.value[r];
  }
  return out;
}

}  // namespace

TEST_CASE(
    "sane2025::pull_request_second_pass puts centered advantages in the place of rewards, and GAE over their score") {
  for (int G : {1, 2, 5})
    for (int N : {1, 3, 40}) {
      probe_batch b = random(6, N, G, 1, .2);
      auto found = run(sane2025::pull_request_second_pass, b), expected = pull_request_written_out(b, .99, .95);
      for (int i = 0; i < b.M(); ++i) {
        REQUIRE(close(found.advantage[i], expected.advantage[i], 1e-11, 1e-11));
        REQUIRE(close(found.target[i], expected.target[i], 1e-11, 1e-11));
      }
    }
}

TEST_CASE(
    "advantage_as_reward: only executed samples have an advantage, and rewards equal within a group leave the critic's "
    "errors alone") {
  probe_batch b = random(5, 4, 3, 1, 0);
  for (int r = 0; r < b.R(); ++r)
    for (int g = 0; g < 3; ++g) b.reward[r * 3 + g] = b.reward[r * 3], b.probe_value[r * 3 + g] = b.probe_value[r * 3];
  advantage_as_reward<hybrid_grpo> o{
      .estimator = {.baseline = {.kappa = 1}}, .gamma = .9, .lambda = 0, .transform = reward_transform::none};
  auto A = run(o, b).advantage;
  for (int r = 0; r < b.R(); ++r)
    for (int i = r * 3; i < r * 3 + 3; ++i)
      REQUIRE(close(A[i], i == b.executed[r] ? .9 * b.next_value[r] - b.value[r] : 0, 1e-12, 1e-13));
}

TEST_CASE("advantage_as_reward: works on probes of several steps, whose first it goes along") {
  probe_batch b = random(5, 4, 3, 4, .2);
  advantage_as_reward<hybrid_grpo> o{.gamma = .9, .transform = reward_transform::tanh, .tau = .7};
  auto inner = run(hybrid_grpo{}, b).advantage, A = run(o, b).advantage;
  numbers f(b.M());
  for (int i = 0; i < b.M(); ++i) f[i] = std::tanh(.7 * inner[i]);
  for (int r = 0; r < b.R(); ++r)
    REQUIRE(close(A[b.executed[r]], along_lane({.gamma = .9}, b, f, r, true), 1e-12, 1e-12));
}

TEST_CASE("advantage_as_reward: refuses a transform within groups of one, and a batch without probes") {
  probe_batch b = random(2, 2, 2, 1);
  for (auto transform : {reward_transform::tanh_of_group_score, reward_transform::weighted_in_group})
    REQUIRE_THROWS_WITH(run(advantage_as_reward<hybrid_grpo>{.transform = transform}, b),
                        ContainsSubstring("within its group"));
  auto view = b.views();
  view.probe_value = {};
  REQUIRE_THROWS_WITH(run(advantage_as_reward<hybrid_grpo>{}, view),
                      ContainsSubstring("advantage_as_reward") && ContainsSubstring("probes"));
  REQUIRE_THROWS_WITH(run(advantage_as_reward<hybrid_grpo>{.tau = 0}, b), ContainsSubstring("tau is 0"));
}
