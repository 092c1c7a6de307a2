#include <cohort/aggregation/sums.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/clipped_value_loss.hpp>
#include <cohort/objective/differentiate.hpp>
#include <cohort/objective/dro.hpp>
#include <cohort/objective/dual_clip.hpp>
#include <cohort/objective/entropy_bonus.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/log_likelihood.hpp>
#include <cohort/objective/policy_gradient.hpp>
#include <cohort/objective/sapo.hpp>
#include <cohort/objective/value_loss.hpp>
#include "grid.hpp"

// Random sums of up to four terms with random factors, each alone or with weights of its own, through the fused kernel,
// against five-point differences of the sum written out. Types are drawn at compile time, numbers at fixed seeds.

using namespace cohort;
using namespace arrays;
using scalars::plain;
using scalars::point;

namespace {

/// What terms are drawn from; all have parameters that the log-ratios of the batch keep off.
constexpr auto pool = std::tuple{clipped_ratio{.epsilon = .2, .epsilon_high = .28},
                                 dual_clip{.c = 2.5},
                                 two_sided_clip{.epsilon = .2, .epsilon_high = .28, .delta = 1.5},
                                 sapo{},
                                 dro{.beta = .3},
                                 policy_gradient{},
                                 importance_ratio{},
                                 log_ratio_distance{.weight = .2},
                                 log_likelihood{},
                                 positive_likelihood{.threshold = .1},
                                 kl_penalty<k3>{.weight = .3},
                                 kl_penalty<ratio_corrected<k3>>{.weight = .1},
                                 value_loss{},
                                 clipped_value_loss{.clip = .3},
                                 value_loss{.weight = 1, .distance = huber_error{.delta = .8}},
                                 entropy_bonus<>{.weight = .2}};
constexpr int terms_in_pool = std::tuple_size_v<decltype(pool)>;

/// A number below n from the draw `which` of composition `seed`.
constexpr int drawn(int seed, int which, int n) {
  std::uint64_t x = std::uint64_t(seed) * 0x9e3779b97f4a7c15u + std::uint64_t(which) * 0xbf58476d1ce4e5b9u + 1;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return int(((x ^ (x >> 31)) >> 11) % std::uint64_t(n));
}
template <int Seed, int K>
auto drawn_term(double factor) {
  auto term = std::get<drawn(Seed, 2 * K, terms_in_pool)>(pool);
  if constexpr (drawn(Seed, 2 * K + 1, 3) == 0) return factor * aggregate(step_sum{}, term);
  else if constexpr (drawn(Seed, 2 * K + 1, 3) == 1) return aggregate(step_sum{}, term * factor);
  else return factor * term;
}
template <int Seed, int K = 0>
auto composition(numbers const& factor) {
  if constexpr (K == drawn(Seed, 99, 4)) return drawn_term<Seed, K>(factor[K]);
  else return drawn_term<Seed, K>(factor[K]) + composition<Seed, K + 1>(factor);
}

constexpr int M = 29;

template <int Seed>
void check() {
  numbers factor = uniform(4, 100 + Seed, -2, 2);
  auto o = composition<Seed>(factor);
  using O = decltype(o);
  numbers u = uniform(M * 4, 200 + Seed);
  std::vector<point> points;
  double const log_ratios[] = {-1.3, -.6, -.3, -.1, .05, .15, .3, .5, 1.2};
  for (int i = 0; i < M; ++i) {
    point p = grid::step(log_ratios[i % 9], 3 * u[4 * i], -2.5 + u[4 * i + 1]);
    if (std::abs(p.advantage.value - .1) < .01) p.advantage = .2;
    p.ref_logp = p.logp.value + u[4 * i + 2], p.value = 2 * u[4 * i + 3],
    p.old_value = p.value.value + (i % 2 ? .17 : -.45), p.target = p.value.value + (i % 3 - 1) * 1.1 + .2;
    points.push_back(p);
  }
  auto column = [&](auto field) {
    numbers x;
    for (auto const& p : points) x.push_back((p.*field).value);
    return x;
  };
  numbers old_logp = column(&point::old_logp), logp = column(&point::logp), ref_logp = column(&point::ref_logp),
          advantage = column(&point::advantage), entropy = column(&point::entropy), value = column(&point::value),
          old_value = column(&point::old_value), target = column(&point::target);
  step_views<double> in{.sampler_logp = all(std::as_const(old_logp)),
                        .old_logp = all(std::as_const(old_logp)),
                        .logp = all(std::as_const(logp)),
                        .ref_logp = all(std::as_const(ref_logp)),
                        .advantage = all(std::as_const(advantage)),
                        .entropy = all(std::as_const(entropy)),
                        .value = all(std::as_const(value)),
                        .old_value = all(std::as_const(old_value)),
                        .target = all(std::as_const(target))};
  // Every weight another: those of the algorithm first, then of each `aggregate`.
  constexpr int modes = detail::aggregations_in<O>;
  numbers weight = uniform((1 + modes) * M, 300 + Seed, .1, 1);
  std::array<view<double const>, 1 + modes> weights;
  for (int k = 0; k <= modes; ++k) weights[std::size_t(k)] = all(std::as_const(weight)).part(k * M, M);
  numbers loss(M), by_logp(M), by_entropy(M), by_value(M);
  cpu backend;
  differentiate(backend, o, in, weights,
                {.loss = all(loss), .logp = all(by_logp), .entropy = all(by_entropy), .value = all(by_value)});
  for (int i = 0; i < M; ++i) {
    // The oracle knows neither leaves nor duals: each term's plain value times its factor and its weight, in the order
    // they were drawn.
    auto written_out = [&](point const& p) {
      struct {
        double sum, size;
      } total{0, 0};
      int mode = 0;
      auto add = [&]<int K>(std::integral_constant<int, K>) {
        if constexpr (K <= drawn(Seed, 99, 4)) {
          bool own = drawn(Seed, 2 * K + 1, 3) != 2;
          double x = factor[K] * weight[std::size_t((own ? ++mode : 0) * M + i)] *
                     plain(std::get<drawn(Seed, 2 * K, terms_in_pool)>(pool)(p)).value;
          total.sum += x, total.size += std::abs(x);
        }
      };
      add(std::integral_constant<int, 0>{}), add(std::integral_constant<int, 1>{}),
          add(std::integral_constant<int, 2>{}), add(std::integral_constant<int, 3>{});
      return total;
    };
    auto [sum, size] = written_out(points[std::size_t(i)]);
    CAPTURE(Seed, i, size);
    REQUIRE(close(loss[std::size_t(i)], sum, 1e-14, 1e-14 * size));
    auto compare = [&](auto field, numbers const& found) {
      double x = (points[std::size_t(i)].*field).value;
      double expected = slope(
          [&](double y) {
            point moved = points[std::size_t(i)];
            moved.*field = y;
            return written_out(moved).sum;
          },
          x);
      REQUIRE(close(found[std::size_t(i)], expected, 1e-9, 1e-11 * size));
    };
    if (terms_read_by(o) & needs::logp) compare(&point::logp, by_logp);
    if (terms_read_by(o) & needs::entropy) compare(&point::entropy, by_entropy);
    if (terms_read_by(o) & needs::value) compare(&point::value, by_value);
  }
}

template <int... Seed>
void check_all(std::integer_sequence<int, Seed...>) {
  (check<Seed>(), ...);
}

}  // namespace

TEST_CASE(
    "compositions: the fused kernel's loss and derivatives of 24 random sums are those of their terms written out, by "
    "differences to 1e-9") {
  check_all(std::make_integer_sequence<int, 24>());
}

TEST_CASE(
    "compositions: the draws hold every length, terms with and without weights of their own, and nearly all of the "
    "pool") {
  int lengths[4] = {}, kinds[3] = {}, used[terms_in_pool] = {}, distinct = 0;
  for (int seed = 0; seed < 24; ++seed) {
    int last = drawn(seed, 99, 4);
    ++lengths[last];
    for (int k = 0; k <= last; ++k) ++kinds[drawn(seed, 2 * k + 1, 3)], ++used[drawn(seed, 2 * k, terms_in_pool)];
  }
  for (int n : used) distinct += n > 0;
  for (int n : lengths) CHECK(n > 0);
  for (int n : kinds) CHECK(n > 5);
  CHECK(distinct >= terms_in_pool - 2);
}
