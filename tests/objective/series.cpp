#include <cohort/aggregation/means.hpp>
#include <cohort/objective/clipped_ratio.hpp>
#include <cohort/objective/differentiate.hpp>
#include <cohort/objective/gspo.hpp>
#include <cohort/objective/kl_penalty.hpp>
#include <cohort/objective/series_kl_penalty.hpp>
#include <cohort/objective/tic_grpo.hpp>
#include <cohort/objective/vespo.hpp>
#include <numeric>
#include "../catch.hpp"
#include "../support/arrays.hpp"

// Objectives of series: the total along the series, and the gradient that comes back through it, against differences of
// a plain loop.

using namespace cohort;
using namespace arrays;

namespace {

/// Of one's own: reads logp both through the total and at the step itself.
struct mine {
  double epsilon = .3;
  template <class S>
  constexpr S of_step(step_terms<S> const& step) const {
    return clamp(step.logp - step.old_logp, -.4, .4);
  }
  template <class S>
  constexpr S operator()(series_terms<S> const& s) const {
    S ratio = exp(s.total / s.length);
    return -min(ratio * s.advantage, clamp(ratio, 1 - epsilon, 1 + epsilon) * s.advantage) +
           .1 * s.total * exp(s.logp - s.ref_logp);
  }
};
static_assert(series_objective<mine> && !step_objective<mine>);
static_assert(terms_read_by(mine{}) == (needs::logp | needs::old_logp | needs::advantage | needs::ref_logp));

// What is computed once for several terms, and what is not computed at all.
template <class... O>
constexpr auto found_in = detail::totals<detail::leaves_of<decltype((O{} + ...))>>;
static_assert(found_in<mine, mine, clipped_ratio>.count == 2);
static_assert(found_in<gspo, clipped_ratio, series_kl_penalty<>, vespo<>, tic_grpo>.count == 2);
static_assert(found_in<gspo, clipped_ratio, series_kl_penalty<>, vespo<>, tic_grpo>.of[3] == 1 &&
              found_in<gspo, clipped_ratio>.of[1] == -1);
static_assert(found_in<gspo>.has_slope[0] && found_in<mine>.has_slope[0] &&
              found_in<gspo_step, series_kl_penalty<>>.has_slope[0]);
static_assert(!found_in<gspo_step>.has_slope[0] && !found_in<vespo<>>.has_slope[0]);
static_assert(found_in<gspo>.needs_length && !found_in<vespo<>, tic_grpo, clipped_ratio>.needs_length);

/// Reads more with one parameter than with its default.
struct moody {
  bool far = false;
  template <class S>
  constexpr S of_step(step_terms<S> const& step) const {
    return step.logp;
  }
  template <class S>
  constexpr S operator()(series_terms<S> const& s) const {
    return far ? S(s.total * s.advantage) : S(stop_gradient(s.total) * s.advantage);
  }
};

constexpr int M = 41, N = 7;
using plain = real<double>;

struct steps_of_series {
  numbers old_logp = uniform(M, 1, -2, 0), ref_logp = uniform(M, 2, -2, 0), advantage = uniform(M, 3, -2, 2),
          logp = uniform(M, 4, -2, 0);
  integers series_of = integers(M);
  flags valid{};

  steps_of_series() {
    for (int i = 0; i < M; ++i) series_of[i] = (i * 5 + i / 9) % (N - 1);  // in any order, and none of the last series
  }
  step_views<double> views() const {
    step_views<double> v{
        .old_logp = all(old_logp), .logp = all(logp), .ref_logp = all(ref_logp), .advantage = all(advantage)};
    v.series_of = all(series_of), v.series = N;
    if (!valid.empty()) v.valid = all(valid);
    return v;
  }
  bool is_valid(int i) const { return valid.empty() || valid[std::size_t(i)]; }
};

template <class O>
numbers weights_of(O const& o, steps_of_series const& b) {
  cpu backend;
  numbers w((1 + detail::aggregations_in<O>)*M);
  aggregated_steps<double> steps{M, N, all(b.series_of), b.views().valid};
  series_mean{}(backend, steps, all(w).part(0, M));
  std::apply([&, k = 1](auto const&... mode) mutable { (mode(backend, steps, all(w).part(k++ * M, M)), ...); },
             detail::composed(o).modes);
  return w;
}
struct result {
  numbers loss = numbers(M, -99), logp = numbers(M, -99);
  double total() const { return std::accumulate(loss.begin(), loss.end(), 0.); }
};
template <class O>
result run(O const& o, steps_of_series const& b) {
  cpu backend;
  numbers w = weights_of(o, b);
  std::array<view<double const>, 1 + detail::aggregations_in<O>> weights;
  for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = all(std::as_const(w)).part(std::ptrdiff_t(k) * M, M);
  result r;
  differentiate(backend, o, b.views(), weights, {.loss = all(r.loss), .logp = all(r.logp)});
  return r;
}
/// What the objective says it is: a sum over valid steps, in a plain loop.
template <class O>
double by_hand(O const& o, steps_of_series const& b, numbers const& weight) {
  double loss = 0;
  auto terms = [&](int i) {
    step_terms<plain> s;
    s.old_logp = b.old_logp[i], s.ref_logp = b.ref_logp[i], s.advantage = b.advantage[i], s.logp = b.logp[i];
    return s;
  };
  for (int i = 0; i < M; ++i) {
    if (!b.is_valid(i)) continue;
    series_terms<plain> s;
    static_cast<step_terms<plain>&>(s) = terms(i);
    double total = 0, length = 0;
    for (int j = 0; j < M; ++j)
      if (b.is_valid(j) && b.series_of[j] == b.series_of[i]) total += o.of_step(terms(j)).value, length += 1;
    s.total = total, s.length = length;
    loss += weight[i] * plain(o(s)).value;
  }
  return loss;
}

}  // namespace

TEST_CASE(
    "series objectives: the loss is that of a plain loop, and the gradient that of its differences, valid steps or "
    "not") {
  for (bool masked : {false, true}) {
    steps_of_series b;
    if (masked)
      for (int i = 0; i < M; ++i) b.valid.push_back(i % 4 != 1 && b.series_of[i] != 2);
    numbers weight = weights_of(mine{}, b);
    if (masked)
      for (int i = 0; i < M; ++i)
        if (!b.valid[i]) b.logp[i] = b.advantage[i] = std::nan("");
    result r = run(mine{}, b);
    REQUIRE(close(r.total(), by_hand(mine{}, b, weight), 1e-12, 1e-14));
    for (int i = 0; i < M; ++i) {
      if (!b.is_valid(i)) {
        REQUIRE(r.loss[i] == 0);
        REQUIRE(r.logp[i] == 0);
        continue;
      }
      double before = b.logp[i];
      double expected = slope([&](double x) { return b.logp[i] = x, by_hand(mine{}, b, weight); }, before, 1e-4);
      b.logp[i] = before;
      REQUIRE(close(r.logp[i], expected, 1e-9, 1e-10));
    }
  }
}

TEST_CASE("series objectives: in an expression they are one term among others, each with its own weights") {
  steps_of_series b;
  auto whole = run(mine{} + .5 * clipped_ratio{} + aggregate(step_mean{}, 2. * mine{.epsilon = .1}), b);
  auto one = run(mine{}, b), two = run(.5 * clipped_ratio{}, b),
       three = run(aggregate(step_mean{}, 2. * mine{.epsilon = .1}), b);
  for (int i = 0; i < M; ++i) {
    REQUIRE(close(whole.loss[i], one.loss[i] + two.loss[i] + three.loss[i], 1e-12, 1e-14));
    REQUIRE(close(whole.logp[i], one.logp[i] + two.logp[i] + three.logp[i], 1e-12, 1e-14));
  }
}

TEST_CASE(
    "series objectives: steps side by side in order of their series, or in runs that come back, give what the same "
    "steps in any order give") {
  constexpr int most = 97;
  for (int run_of : {1, 2, 7, 8, 9, 30}) {
    steps_of_series b;
    b.old_logp = uniform(most, 1, -2, 0), b.ref_logp = uniform(most, 2, -2, 0), b.advantage = uniform(most, 3, -2, 2),
    b.logp = uniform(most, 4, -2, 0);
    b.series_of = integers(most);
    for (int i = 0; i < most; ++i) b.series_of[i] = i / run_of * 5 % N;
    std::vector<int> order(most);
    for (int i = 0; i < most; ++i) order[i] = i * 37 % most;
    steps_of_series mixed = b;
    for (int i = 0; i < most; ++i)
      mixed.old_logp[i] = b.old_logp[order[i]], mixed.ref_logp[i] = b.ref_logp[order[i]],
      mixed.advantage[i] = b.advantage[order[i]], mixed.logp[i] = b.logp[order[i]],
      mixed.series_of[i] = b.series_of[order[i]];
    auto both = [](steps_of_series const& s) {
      cpu backend;
      numbers loss(most), slope(most), weight(most, 1);
      differentiate(backend, mine{} + gspo{.epsilon = .5}, s.views(), {all(std::as_const(weight))},
                    {.loss = all(loss), .logp = all(slope)});
      return std::pair(loss, slope);
    };
    auto [loss, slope] = both(b);
    auto [mixed_loss, mixed_slope] = both(mixed);
    for (int i = 0; i < most; ++i) {
      CAPTURE(run_of, i);
      REQUIRE(close(mixed_loss[i], loss[order[i]], 1e-12, 1e-13));
      REQUIRE(close(mixed_slope[i], slope[order[i]], 1e-12, 1e-13));
    }
  }
}

TEST_CASE("series objectives: terms that share a total give what each of them gives with its own") {
  steps_of_series b;
  for (int i = 0; i < M; ++i) b.valid.push_back(i % 5 != 1);
  gspo a{.epsilon = .5};
  gspo_step step{.epsilon = .5};
  series_kl_penalty<> kl{.weight = .3};
  auto whole = run(a + .5 * aggregate(step_mean{}, kl) + step + 2. * tic_grpo{} + vespo<>{}, b);
  auto one = run(a, b), two = run(.5 * aggregate(step_mean{}, kl), b), three = run(step, b),
       four = run(2. * tic_grpo{}, b), five = run(vespo<>{}, b);
  for (int i = 0; i < M; ++i) {
    REQUIRE(
        close(whole.loss[i], one.loss[i] + two.loss[i] + three.loss[i] + four.loss[i] + five.loss[i], 1e-12, 1e-14));
    REQUIRE(
        close(whole.logp[i], one.logp[i] + two.logp[i] + three.logp[i] + four.logp[i] + five.logp[i], 1e-12, 1e-14));
  }
}

TEST_CASE(
    "series objectives: a term that has a derivative with respect to its total only with the parameters it has is "
    "refused") {
  steps_of_series b;
  CHECK_NOTHROW(run(moody{}, b));
  CHECK_THROWS_WITH(run(moody{.far = true}, b),
                    "a term of the objective reads the total of a series, with a derivative, with the parameters it "
                    "has, and not with those of its type's default: it must read the same with all");
}

TEST_CASE("series objectives: a batch that does not say which series its steps belong to is refused") {
  cpu backend;
  steps_of_series b;
  auto v = b.views();
  v.series_of = {};
  numbers w(M, 1);
  result r;
  CHECK_THROWS_WITH(
      differentiate(backend, mine{}, v, {all(std::as_const(w))}, {.loss = all(r.loss), .logp = all(r.logp)}),
      "the objective has a term of series, and this batch does not say which series its steps belong to (series_of)");
}
