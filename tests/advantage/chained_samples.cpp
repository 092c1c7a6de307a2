#include <cohort/advantage/gae.hpp>
#include <cohort/preset/sane2025.hpp>
#include "../catch.hpp"
#include "probes.hpp"

using namespace probes;
namespace sane2025 = cohort::preset::sane2025;
using Catch::Matchers::ContainsSubstring;

namespace {

/// The pseudo-steps of each lane written out one after another, and GAE as the sum of its errors forward from each.
result written_out(chained_samples const& o, probe_batch const& b) {
  numbers f = transformed({.transform = o.transform, .tau = o.tau, .ddof = o.ddof, .epsilon = o.epsilon}, b);
  result out{numbers(b.M()), numbers(b.M())};
  for (int n = 0; n < b.N; ++n) {
    struct pseudo_step {
      int index;
      double reward, value, next;
      bool cut;
    };
    std::vector<pseudo_step> line;
    for (int t = 0; t < b.T; ++t)
      for (int g = 0; g < b.G; ++g) {
        int r = t * b.N + n, x = b.executed[r];
        bool last = g == b.G - 1;
        double next = !last ? b.value[r] : b.terminated[x] ? 0 : b.next_value[r];
        line.push_back({r * b.G + g, f[r * b.G + g], b.value[r], next, last && (b.terminated[x] || b.truncated[x])});
      }
    for (std::size_t p = 0; p < line.size(); ++p) {
      double sum = 0, weight = 1;
      for (std::size_t k = p; k < line.size(); ++k) {
        sum += weight * (line[k].reward + o.gamma * line[k].next - line[k].value);
        if (line[k].cut) break;
        weight *= o.gamma * o.lambda;
      }
      out.advantage[line[p].index] = sum;
      out.target[line[p].index] = sum + line[p].value;
    }
  }
  return out;
}

}  // namespace

TEST_CASE("chained_samples: GAE along the samples of all states of a lane, one after another") {
  for (int G : {1, 2, 5})
    for (int N : {1, 3, 40})
      for (auto transform : {reward_transform::none, reward_transform::tanh, reward_transform::tanh_of_group_score,
                             reward_transform::tanh_of_batch_score, reward_transform::weighted_in_group})
        for (double lambda : {0., .7, 1.})
          for (double gamma : {1., .9}) {
            chained_samples o{
                .gamma = gamma, .lambda = lambda, .transform = transform, .tau = .8, .ddof = 0, .epsilon = 1e-3};
            probe_batch b = random(7, N, G, 1);
            result found = run(o, b), expected = written_out(o, b);
            for (int i = 0; i < b.M(); ++i) {
              REQUIRE(close(found.advantage[i], expected.advantage[i], 1e-12, 1e-12));
              REQUIRE(close(found.target[i], expected.target[i], 1e-12, 1e-12));
            }
          }
}

TEST_CASE("chained_samples: a group of one is GAE") {
  probe_batch b = random(9, 5, 1, 1);
  auto lane = b.views();
  lane.reward = all(b.reward), lane.terminated = all(b.terminated), lane.truncated = all(b.truncated);
  result expected{numbers(b.M()), numbers(b.M())},
      found = run(chained_samples{.gamma = .9, .lambda = .6, .transform = reward_transform::none}, b);
  cpu backend;
  gae{.gamma = .9, .lambda = .6}(backend, lane, {all(expected.advantage), all(expected.target)});
  for (int i = 0; i < b.M(); ++i) REQUIRE(close(found.advantage[i], expected.advantage[i], 1e-13, 1e-13));
}

TEST_CASE(
    "chained_samples: with equal rewards at terminal states of value 0 nobody gets anything, by the batch's score") {
  probe_batch b = random(3, 2, 4, 1, 0);
  b.reward.assign(b.M(), .1), b.value.assign(b.R(), 0), b.terminated.assign(b.M(), 1);
  for (double x : run(chained_samples{}, b).advantage) REQUIRE(std::abs(x) < 1e-7);  // rounding over 1e-8
  b.reward.assign(b.M(), .125);
  for (double x : run(chained_samples{}, b).advantage) REQUIRE(x == 0);
}

TEST_CASE("chained_samples: where a sibling terminated only the executed one's end counts") {
  probe_batch b = random(1, 1, 2, 1, 0);
  b.executed = {1}, b.terminated = {1, 0};
  chained_samples o{.gamma = .5, .lambda = .5, .transform = reward_transform::none};
  double second = b.reward[1] + .5 * b.next_value[0] - b.value[0],
         first = b.reward[0] + .5 * b.value[0] - b.value[0] + .25 * second;
  REQUIRE(close(run(o, b).advantage[0], first, 1e-14));
  REQUIRE(close(run(o, b).advantage[1], second, 1e-14));
}

TEST_CASE("sane2025::first_pull_request scores rewards over the buffer with numpy's deviation and 1e-8") {
  probe_batch b = random(5, 2, 3, 1);
  moments m = moments_of(b.reward, 0);
  probe_batch scored = b;
  for (double& r : scored.reward) r = std::tanh((r - m.mean) / (m.std + 1e-8));
  auto found = run(sane2025::first_pull_request, b).advantage,
       expected = run(chained_samples{.transform = reward_transform::none}, scored).advantage;
  for (int i = 0; i < b.M(); ++i) REQUIRE(close(found[i], expected[i], 1e-12, 1e-13));
}

TEST_CASE("chained_samples: needs a critic, probes of one step, and parameters in their range") {
  probe_batch b = random(2, 2, 2, 1);
  auto view = b.views();
  view.executed = {};
  REQUIRE_THROWS_WITH(run(chained_samples{}, view),
                      ContainsSubstring("chained_samples") && ContainsSubstring("probes"));
  REQUIRE_THROWS_WITH(run(chained_samples{}, random(2, 2, 2, 3)), ContainsSubstring("steps of a probe is 3"));
  REQUIRE_THROWS_WITH(run(chained_samples{.gamma = 2}, b), ContainsSubstring("gamma is 2"));
  REQUIRE_THROWS_WITH(run(chained_samples{.lambda = -1}, b), ContainsSubstring("lambda is -1"));
  REQUIRE_THROWS_WITH(run(chained_samples{.tau = -1}, b), ContainsSubstring("tau is -1"));
}
