#include <algorithm>
#include <cohort/random/stream.hpp>
#include <set>
#include <vector>
#include "../catch.hpp"

using cohort::draw_purpose;
using cohort::random_stream;
using cohort::stream_id;

namespace {

constexpr int n = 1'000'000;

/// Whether a mean of n numbers with this standard deviation is within five standard errors of what it should be: for a
/// fixed seed it is or it is not.
bool near(double sum, double expected, double deviation) {
  return std::abs(sum / n - expected) <= 5 * deviation / std::sqrt(n);
}

}  // namespace

TEST_CASE(
    "random_stream: uniforms have the mean, variance and independence of uniforms, along a lane and across lanes") {
  random_stream along(stream_id{1, draw_purpose::action, 2}, 3);
  for (bool across : {false, true}) {
    double sum = 0, squares = 0, products = 0, last = .5, lowest = 1, highest = 0;
    for (int i = 0; i < n; ++i) {
      double u =
          across ? random_stream(stream_id{1, draw_purpose::action, 2}, std::uint32_t(i)).uniform() : along.uniform();
      sum += u, squares += (u - .5) * (u - .5), products += (u - .5) * (last - .5);
      last = u, lowest = std::min(lowest, u), highest = std::max(highest, u);
    }
    CHECK(near(sum, .5, std::sqrt(1. / 12)));
    CHECK(near(squares, 1. / 12, std::sqrt(1. / 80 - 1. / 144)));
    CHECK(near(products, 0, 1. / 12));
    CHECK((lowest > 0 && lowest < 2e-5 && highest < 1 && highest > 1 - 2e-5));  // missed once in e^20
  }
}

TEST_CASE("random_stream: uniform(low, high) stays between its bounds and reaches near both") {
  random_stream draws(stream_id{5});
  double lowest = 9, highest = -9;
  for (int i = 0; i < 10000; ++i) {
    double u = draws.uniform(-3, 2);
    lowest = std::min(lowest, u), highest = std::max(highest, u);
  }
  CHECK((lowest > -3 && lowest < -2.99 && highest < 2 && highest > 1.99));  // missed once in e^20
}

TEST_CASE("random_stream: normals have the moments, tails and independence of normals") {
  random_stream draws(stream_id{7, draw_purpose::step});
  double sum[5] = {}, products = 0, last = 0, beyond = 0, far = 0;
  for (int i = 0; i < n; ++i) {
    double z = draws.normal(), power = 1;
    for (double& s : sum) s += power, power *= z;
    products += z * last, last = z;
    beyond += std::abs(z) > 1.959963984540054, far += std::abs(z) > 3.2905267314919255;
  }
  CHECK(near(sum[1], 0, 1));
  CHECK(near(sum[2], 1, std::sqrt(2)));
  CHECK(near(sum[3], 0, std::sqrt(15)));
  CHECK(near(sum[4], 3, std::sqrt(96)));
  CHECK(near(products, 0, 1));
  CHECK(near(beyond, .05, std::sqrt(.05 * .95)));
  CHECK(near(far, .001, std::sqrt(.001 * .999)));
}

TEST_CASE("random_stream: integer(n) gives 0 to n - 1, each as often") {
  random_stream draws(stream_id{9, draw_purpose::shuffle});
  for (std::uint32_t sides : {1u, 2u, 6u, 7u, 100u}) {
    std::vector<int> counts(sides);
    for (int i = 0; i < n; ++i) ++counts.at(draws.integer(sides));
    double p = 1. / sides;
    for (int count : counts) CHECK(near(count, p, std::sqrt(p * (1 - p))));
  }
  bool high = false;
  for (int i = 0; i < 100; ++i) high |= draws.integer(~0u) > 1u << 31;
  CHECK(high);
}

TEST_CASE("random_stream: a lane's words are the stream's blocks, one after the other") {
  stream_id s{0x123456789abcdef0, draw_purpose::reset, 17};
  random_stream draws(s, 4);
  for (std::uint32_t block = 0; block < 5; ++block)
    for (std::uint32_t word : s.words(4, block)) CHECK(draws.word() == word);
  static_assert([] {
    random_stream at_compile_time(stream_id{1}, 2);
    return at_compile_time.word() == stream_id{1}.words(2, 0)[0] && at_compile_time.uniform() < 1;
  }());
}

TEST_CASE("random_stream: equal coordinates give equal draws, in whatever order lanes draw, and copies go on alike") {
  stream_id s{3, draw_purpose::action, 8};
  random_stream first(s, 0), second(s, 1), again(s, 1);
  double before = again.uniform();
  first.normal();
  CHECK(second.uniform() == before);
  random_stream copy = second;
  CHECK(copy.normal() == second.normal());
  CHECK(copy.integer(1000) == second.integer(1000));
}

TEST_CASE("random_stream: another seed, purpose, step, lane or index is another draw") {
  std::set<double> seen;
  int draws = 0;
  auto draw = [&](std::uint64_t seed, draw_purpose use, std::uint32_t step, std::uint32_t lane) {
    random_stream s(stream_id{seed, use, step}, lane);
    for (int i = 0; i < 3; ++i) seen.insert(s.uniform()), ++draws;
  };
  auto uses = {draw_purpose::initialization, draw_purpose::action,
               draw_purpose::reset,          draw_purpose::step,
               draw_purpose::shuffle,        draw_purpose::evaluation,
               draw_purpose::user,           draw_purpose(int(draw_purpose::user) + 1)};
  for (std::uint64_t seed : {0ull, 1ull, 2ull, 1ull << 32, 1ull << 63, ~0ull})
    for (draw_purpose use : uses)
      for (std::uint32_t step : {0u, 1u, 2u, 1u << 31})
        for (std::uint32_t lane : {0u, 1u, 2u, 1u << 31}) draw(seed, use, step, lane);
  CHECK(draws == 6 * 8 * 4 * 4 * 3);
  CHECK(int(seen.size()) == draws);
}
