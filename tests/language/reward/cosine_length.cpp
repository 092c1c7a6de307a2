#include <cohort/language/reward/accuracy.hpp>
#include <cohort/language/reward/cosine_length.hpp>
#include "../../catch.hpp"
#include "../../support/refusal.hpp"
#include "completions.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

double of_length(auto const& reward, int length) { return reward_cases::of_length(reward, length).value(); }

}  // namespace

TEST_CASE("cosine_length: a half period of a cosine from the value at 0 to that at the limit, and one beyond") {
  auto const says = [](std::optional<double> x) { return [x](completion<reward_cases::row> const&) { return x; }; };
  cosine_length const right{.correct = says(1), .limit = 12}, wrong{.correct = says(0), .limit = 12};
  // cos of 0, 60, 90 and 120 degrees.
  CHECK(of_length(right, 0) == 2.);
  CHECK(of_length(right, 4) == Approx(1.75).epsilon(1e-14));
  CHECK(of_length(right, 6) == Approx(1.5).epsilon(1e-14));
  CHECK(of_length(right, 8) == Approx(1.25).epsilon(1e-14));
  CHECK(of_length(wrong, 0) == -10.);
  CHECK(of_length(wrong, 4) == Approx(-7.5).epsilon(1e-14));
  CHECK(of_length(wrong, 8) == Approx(-2.5).epsilon(1e-14));
  for (int length : {12, 13, 100}) {
    CHECK(of_length(right, length) == -10.);
    CHECK(of_length(wrong, length) == -10.);
  }
  cosine_length open_r1{.correct = says(1), .limit = 1000, .right_at_0 = 1, .right_at_limit = .5};
  CHECK(of_length(open_r1, 100) == Approx(.9877641290737884).epsilon(1e-14));  // as Open-R1's formula gives it
}

TEST_CASE("cosine_length: it is absent where the answer is, and its limit is a number of tokens") {
  accuracy const by_row{
      .expected = [](reward_cases::row const& r) { return r.answer ? std::optional(r.answer) : std::nullopt; }};
  cosine_length const reward{.correct = by_row, .limit = 10};
  using reward_cases::of_text;
  CHECK(of_text(reward, "<answer>7</answer>", reward_cases::row{0}) == std::nullopt);
  CHECK(of_text(reward, "<answer>7</answer>", reward_cases::row{7}) == 2.);
  CHECK(of_text(reward, "<answer>7</answer>", reward_cases::row{8}) == -10.);
  static_assert(!reward_for<cosine_length<decltype(by_row)>, int>);
  cosine_length const none{.correct = by_row, .limit = 0};
  CHECK_THAT(support::refusal([&] { of_text(none, "", reward_cases::row{7}); }),
             ContainsSubstring("cosine_length: limit is 0"));
}
