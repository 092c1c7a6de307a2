#include <limits>
#include "../catch.hpp"
#include "everything.hpp"

// Of an invalid step nothing is read, to the bit: whatever stands there, all advantages and targets are the same.
// (invalid_steps::decay says that it reads where such a step leads, and is not among these.)

namespace {

everything with_at_invalid(double x, int anchor, bool end) {
  auto e = a_batch({3, 5, 1, 8, 2, 4}, 3);
  e.each_step([&, n = 0](a_step& t) mutable {
    ++n;
    if (t.valid) return;
    for (double* term : {&t.reward, &t.value, &t.next_value, &t.sampler_logp, &t.old_logp, &t.ref_logp, &t.squares})
      *term = x;
    t.anchor = anchor < 0 ? n % 4 : anchor;
  });
  e.invalid_end = end;
  return e;
}

}  // namespace

TEST_CASE("invalid steps: whatever stands there, every estimator gives the same bits") {
  double const inf = std::numeric_limits<double>::infinity();
  auto const plain = with_at_invalid(0, 0, false);
  std::vector<everything> others;
  for (double x : {nan_, 1e300, -inf, .1})
    for (int anchor : {-1, 3, 1 << 30}) others.push_back(with_at_invalid(x, anchor, x != .1));
  auto same_bits = [&](std::string const& name, auto const& estimator) {
    auto const expected = plain.advantage_and_target(estimator);
    for (auto const& other : others) {
      CAPTURE(name);
      auto const found = other.advantage_and_target(estimator);
      CHECK(found.first == expected.first);
      CHECK(found.second == expected.second);
    }
  };
  each_estimator(same_bits);
  same_bits("gigpo, leave one out", gigpo{.steps = {.baseline = group_baseline::leave_one_out}});
  same_bits("gigpo, batch_std", gigpo{.steps = {.scale = group_scale::batch_std}});
}

TEST_CASE("gigpo: where an invalid step would stand does not choose how the others' returns are added up") {
  // 64 steps in the state 0 whose sum depends on the order of additions, with invalid ones between them.
  std::vector<double> reward;
  flags valid;
  integers anchor, elsewhere;
  random_stream draws(stream_id{4, draw_purpose::user});
  for (int i = 0; i < 64; ++i) {
    reward.push_back(draws.normal() * std::pow(10, draws.uniform(-3, 3)));
    valid.push_back(i % 5 != 2);
    anchor.push_back(0), elsewhere.push_back(valid.back() ? 0 : 1 + i % 3);
  }
  grouped<double> b(std::vector<int>(64, 1), {64}, reward);
  b.valid = valid;
  auto of = [&](integers const& anchors) {
    auto v = b.views();
    v.anchor = all(anchors), v.anchors = 4;
    return advantages(gigpo{}, v);
  };
  CHECK(of(anchor) == of(elsewhere));
}
