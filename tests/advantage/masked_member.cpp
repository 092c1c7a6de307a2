#include <cmath>
#include <cohort/advantage/all.hpp>

#include "../catch.hpp"
#include "../support/arrays.hpp"

// A series without a valid step is no member of its group: the others get what they get where it is not there at all.

using namespace cohort;
using namespace arrays;

namespace {

/// Groups of three or four series of two steps; the reward stands at the last one.
struct answers {
  numbers reward, value, scores;
  flags valid;
  integers offsets{0}, groups{0};

  void group(std::vector<double> const& rewards, int masked = -1) {
    for (std::size_t i = 0; i < rewards.size(); ++i) {
      for (double r : {0., rewards[i]}) {
        reward.push_back(r), value.push_back(.25 * r);
        valid.push_back(int(i) != masked);
      }
      for (double part : {rewards[i], 1 - .5 * rewards[i]}) scores.push_back(part);
      offsets.push_back(std::int32_t(reward.size()));
    }
    groups.push_back(std::int32_t(offsets.size()) - 1);
  }
  template <class E>
  numbers operator()(E const& estimator, bool with_valid = true) const {
    cpu backend;
    std::ptrdiff_t M = std::ptrdiff_t(reward.size()), N = std::ptrdiff_t(offsets.size()) - 1;
    flags ended(reward.size(), 0), cut(reward.size(), 0);
    for (std::size_t i = 1; i < reward.size(); i += 2) ended[i] = 1;
    batch_view<double> b;
    b.series = partition::segments(all(offsets), M, 2);
    b.groups = partition::segments(all(groups), N, 4);
    b.reward = all(reward), b.terminated = all(std::as_const(ended)), b.truncated = all(std::as_const(cut));
    b.value = b.next_value = all(value);
    b.scores = view<double const>(scores.data(), N, 2);
    if (with_valid) b.valid = all(valid);
    numbers out(reward.size(), 7.), target(reward.size());
    estimator(backend, b, estimates<double>{all(out), {}});
    return out;
  }
};

/// With the second of four masked, and without it.
template <class E>
void leaves_its_group(E const& estimator) {
  CAPTURE(E::notes.name);
  answers four, three;
  four.group({1, 1, 0, .5}, 1), four.group({.25, 2, .5, 1});
  three.group({1, 0, .5}), three.group({.25, 2, .5, 1});
  numbers found = four(estimator), right = three(estimator);
  for (std::size_t i : {2, 3}) CHECK(found[i] == 0);
  found.erase(found.begin() + 2, found.begin() + 4);
  for (std::size_t i = 0; i < right.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(found[i] - right[i]) < 1e-12);
  }
}

}  // namespace

TEST_CASE("masked member: rewards 1, 1, 0, 0 of which the second is invalid") {
  answers b;
  b.group({1, 1, 0, 0}, 1);
  auto is = [&](numbers const& found, double first, double others) {
    for (std::size_t i = 0; i < 8; ++i) {
      CAPTURE(i, found[i]);
      CHECK(std::abs(found[i] - (i < 2 ? first : i < 4 ? 0 : others)) < 1e-4);
    }
  };
  is(b(group_relative{.scale = group_scale::none}), .6667, -.3333);
  is(b(group_relative{}), 1.1547, -.5774);
  is(b(group_relative{.baseline = group_baseline::leave_one_out, .scale = group_scale::none}), 1, -.5);
}

TEST_CASE("masked member: every estimator of groups leaves it out") {
  leaves_its_group(group_relative{});
  leaves_its_group(group_relative{.scale = group_scale::batch_std});
  leaves_its_group(group_relative{.by = credit::process});
  leaves_its_group(gpg{}), leaves_its_group(opo{}), leaves_its_group(max_rl{}), leaves_its_group(best_of_group{});
  leaves_its_group(pass_at_k{.k = 2}), leaves_its_group(weighted_rewards{}), leaves_its_group(gdpo{});
  leaves_its_group(group_and_value{});
}
