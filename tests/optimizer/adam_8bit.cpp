#include <cohort/backend/eigen.hpp>
#include <cohort/erased/any_optimizer.hpp>
#include <cohort/optimizer/adam.hpp>
#include <cohort/optimizer/adam_8bit.hpp>
#include "../support/refusal.hpp"
#include "after.hpp"

using namespace optimizer_runs;
using support::refusal;

namespace {

/// The furthest that any recorded parameter is from bitsandbytes', over 1 + its own size.
template <class Backend>
double distance_8bit(std::string const& name, adam_8bit const& o) {
  using T = value_t<Backend>;
  constexpr std::ptrdiff_t n = 4500;
  auto const table = golden::read("optimizer/adam_8bit.txt");
  Backend backend;
  auto state = detail::start_optimizer(backend, o, parameter_layout(n));
  std::vector<T> p = numbers_of<T>(n, 99), scale{1};
  double furthest = 0;
  int recorded = 0;
  for (int k = 0; k < steps_of_run; ++k) {
    auto const g = numbers_of<T>(n, k);
    o.update(backend, state, k / double(steps_of_run), all(p), view<T const>(all(g)), view<T const>(all(scale)));
    auto const found = table.find(name + "/" + std::to_string(k + 1));
    if (found == table.end()) continue;
    ++recorded;
    for (std::size_t i = 0; i < found->second.size(); ++i) {
      double const d = std::abs(double(p[41 * i]) - found->second[i]) / (1 + std::abs(found->second[i]));
      furthest = d <= furthest ? furthest : d;  // a NaN stays
    }
  }
  REQUIRE(recorded == 4);
  return furthest;
}

adam_8bit const plain{.rate = falling, .decays = decayed::all};

}  // namespace

TEST_CASE("adam_8bit: its maps are bitsandbytes' to the bit, and a number's code is that of the nearest", "[golden]") {
  auto const table = golden::read("optimizer/adam_8bit.txt");
  for (bool has_sign : {true, false}) {
    auto const map = detail::dynamic_map(has_sign);
    auto const& want = golden::row(table, has_sign ? "signed" : "unsigned");
    for (std::size_t i = 0; i < map.size(); ++i) REQUIRE(double(map[i]) == want[i]);
    auto const begin_at = detail::codes_to_begin_at(map, has_sign);
    random_stream draws(stream_id{1, draw_purpose::user});
    for (int i = 0; i < 20'000; ++i) {
      // Of all decades, the codes themselves, and the middles between them.
      std::size_t const c = draws.integer(255);
      double const middle = (double(map[c]) + double(map[c + 1])) / 2;
      double const drawn = std::pow(10., draws.uniform(-9, 0)) * (has_sign && i % 2 ? -1 : 1);
      for (double x : {drawn, double(map[c]), middle}) {
        int nearest = 0;
        for (int k = 1; k < 256; ++k)
          if (std::abs(x - double(map[std::size_t(k)])) < std::abs(x - double(map[std::size_t(nearest)]))) nearest = k;
        std::vector<double> const of_double(map.begin(), map.end());
        REQUIRE(detail::nearest_code(x, of_double.data(), begin_at.data()) == nearest);
      }
    }
  }
}

TEST_CASE("adam_8bit: 50 steps leave the parameters of bitsandbytes' Adam8bit and AdamW8bit, to 1e-12", "[golden]") {
  auto decaying = plain;
  decaying.decay = .1;
  CHECK(distance_8bit<cpu>("adam_8bit", plain) < 1e-12);
  CHECK(distance_8bit<cpu>("adamw_8bit", decaying) < 1e-12);
  CHECK(distance_8bit<archetype<double>>("adamw_8bit", decaying) < 1e-12);
  CHECK(distance_8bit<cpu>("adam_8bit", decaying) > 1e-3);
  // In float a sum may be rounded to another code; the parameters move by rate times a code's step at most.
  CHECK(distance_8bit<in_float>("adam_8bit", plain) < 1e-3);
}

TEST_CASE("adam_8bit: matrices of 4096 parameters and more have 8 bits, each with blocks of its own; the rest has 32") {
  in_float backend;
  parameter_layout const layout(10'100, {{10, 64, 65}, {5000, 10, 10}, {5100, 50, 100}});
  auto state = detail::start_optimizer(backend, plain, layout);
  REQUIRE(state.pieces.size() == 2);
  CHECK((state.pieces[0].first == 10 && state.pieces[0].count == 4160 && state.pieces[0].block == 0));
  CHECK((state.pieces[1].first == 5100 && state.pieces[1].block == 17));
  REQUIRE(state.others.size() == 2);
  CHECK((state.others[0].count == 10 && state.others[1].first == 4170 && state.others[1].count == 930));
  std::vector<float> p = numbers_of<float>(10'100, 99), q = p, g = numbers_of<float>(10'100, 3), scale{.5};
  plain.update(backend, state, 0, all(p), view<float const>(all(g)), view<float const>(all(scale)), .75);
  adam const whole{.rate = falling, .epsilon = 1e-8};
  auto moments = detail::start_optimizer(backend, whole, layout);
  whole.update(backend, moments, 0, all(q), view<float const>(all(g)), view<float const>(all(scale)), .75);
  for (std::size_t i = 0; i < p.size(); ++i) REQUIRE(p[i] == Approx(q[i]).margin(2e-6));  // the first step is exact
  // Two bytes, 1 / 32 of a float, and tables.
  std::size_t const tables = 512 * 4 + (1 << 16) + (1 << 15);
  CHECK(state.bytes() == 37 * 256 * 2 + 37 * 2 * 4 + tables + 940 * 8);
}

TEST_CASE("adam_8bit: a state that was saved goes on as if it had not been") {
  cpu backend;
  parameter_layout const layout(5000, {{0, 64, 64}});
  std::vector<double> p = numbers_of<double>(5000, 99), scale{1};
  any_optimizer<cpu> one = plain, two = plain;
  one.start(backend, layout), two.start(backend, layout);
  auto const step = [&](any_optimizer<cpu>& o, std::vector<double>& x, int k) {
    auto const g = numbers_of<double>(5000, k);
    o.update(backend, 0, all(x), view<double const>(all(g)), view<double const>(all(scale)));
  };
  for (int k = 0; k < 3; ++k) step(one, p, k);
  auto q = p;
  copy_in(backend, two, copy_out(backend, one));
  for (int k = 3; k < 6; ++k) step(one, p, k), step(two, q, k);
  CHECK(p == q);
}

TEST_CASE("adam_8bit: numbers out of their range are refused; a gradient of zeros moves nothing") {
  cpu backend;
  CHECK(refusal([&] { detail::start_optimizer(backend, adam_8bit{.beta1 = 1}, parameter_layout(5)); }) ==
        "adam_8bit: beta1 is 1, expected a number in [0, 1)");
  CHECK(refusal([&] { detail::start_optimizer(backend, adam_8bit{.smallest = 0}, parameter_layout(5)); }) ==
        "adam_8bit: smallest is 0, expected a positive number");
  CHECK_THROWS_AS(detail::start_optimizer(backend, adam_8bit{.decay = .1}, parameter_layout(5000)), value_error);
  std::vector<double> p = numbers_of<double>(5000, 1), scale{1};
  auto const before = p;
  std::vector<double> const g(5000, 0);
  auto state = detail::start_optimizer(backend, plain, parameter_layout(5000));
  plain.update(backend, state, 0, all(p), view<double const>(all(g)), view<double const>(all(scale)));
  CHECK(p == before);
}
