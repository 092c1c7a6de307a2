#include <cohort/objective/bradley_terry.hpp>
#include <cohort/objective/differentiate_pairs.hpp>
#include <cohort/objective/dpo.hpp>
#include <cohort/objective/orpo.hpp>
#include <cohort/objective/simpo.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

// DPO, IPO, a hinge, SimPO, ORPO, Bradley-Terry: against TRL's trainers, differences, and the table of gradient
// coefficients.

using namespace cohort;
using namespace arrays;

namespace {

/// Pairs of one-step series, so that a step's log-probability is the series' sum.
struct pairs {
  numbers logp, ref_logp, value;
  integers series_of;
  flags last;

  void add(double chosen, double rejected, double chosen_ref = 0, double rejected_ref = 0) {
    for (double x : {chosen, rejected})
      logp.push_back(x), value.push_back(x), series_of.push_back(std::int32_t(series_of.size())), last.push_back(1);
    ref_logp.push_back(chosen_ref), ref_logp.push_back(rejected_ref);
  }
  struct result {
    double loss = 0;
    numbers logp, value;
  };
  template <class O>
  result operator()(O const& o) const {
    cpu backend;
    result r{0, numbers(logp.size()), numbers(logp.size())};
    numbers loss(logp.size());
    step_views<double> v{.logp = all(logp), .ref_logp = all(ref_logp), .value = all(value)};
    v.series_of = all(series_of), v.series = std::ptrdiff_t(logp.size());
    differentiate_pairs(backend, o, v, all(last), {.loss = all(loss), .logp = all(r.logp), .value = all(r.value)});
    for (double x : loss) r.loss += x;
    return r;
  }
};

pairs recorded(golden::table const& rows, char const* chosen, char const* rejected, bool with_reference) {
  pairs p;
  auto const& c = golden::row(rows, chosen);
  auto const& r = golden::row(rows, rejected);
  for (std::size_t i = 0; i < c.size(); ++i)
    if (with_reference) p.add(c[i], r[i], golden::row(rows, "chosen_ref")[i], golden::row(rows, "rejected_ref")[i]);
    else p.add(c[i], r[i]);
  return p;
}

template <class O>
void require_recorded(golden::table const& rows, O const& o, std::string const& name, pairs const& p,
                      bool scores = false) {
  CAPTURE(name);
  auto found = p(o);
  auto const& slope = scores ? found.value : found.logp;
  REQUIRE(close(found.loss, golden::row(rows, name)[0], 1e-10, 1e-12));
  for (std::size_t i = 0; i < slope.size() / 2; ++i) {
    REQUIRE(close(slope[2 * i], golden::row(rows, name + "/chosen")[i], 1e-10, 1e-12));
    REQUIRE(close(slope[2 * i + 1], golden::row(rows, name + "/rejected")[i], 1e-10, 1e-12));
  }
}

/// Series of several steps in a shuffled order, some of them invalid, one pair without a rejected step.
struct ragged {
  int M = 40;
  std::ptrdiff_t N = 8;
  numbers logp = uniform(M, 1, -2, 0), ref_logp = uniform(M, 2, -2, 0), value = uniform(M, 3, -2, 2);
  integers series_of = integers(M);
  flags valid = flags(M, 1), last = flags(M, 0);

  ragged() {
    for (int i = 0; i < M; ++i) series_of[i] = i * 7 % 40 % 7, valid[i] = i % 6 != 2;  // series 7 has none
    for (int n = 0; n < 7; ++n)
      for (int i = M; i-- > 0;)
        if (series_of[i] == n && valid[i]) {
          last[i] = 1;
          break;
        }
  }
  template <class O>
  pairs::result operator()(O const& o, numbers* per_step = nullptr) const {
    cpu backend;
    pairs::result r{0, numbers(M), numbers(M)};
    numbers loss(M);
    step_views<double> v{.logp = all(logp), .ref_logp = all(ref_logp), .value = all(value), .valid = all(valid)};
    v.series_of = all(series_of), v.series = N;
    differentiate_pairs(backend, o, v, all(last), {.loss = all(loss), .logp = all(r.logp), .value = all(r.value)});
    for (double x : loss) r.loss += x;
    if (per_step) *per_step = loss;
    return r;
  }
};

template <class O>
void require_differences(O const& o) {
  ragged b;
  auto at = b(o);
  for (auto [field, slopes] : {std::pair(&ragged::logp, &at.logp), std::pair(&ragged::value, &at.value)})
    for (int i = 0; i < b.M; ++i) {
      double& x = (b.*field)[i];
      double before = x, expected = slope([&](double y) { return x = y, b(o).loss; }, before, 1e-3);
      x = before;
      REQUIRE(close((*slopes)[i], expected, 1e-9, 1e-11));
    }
}

}  // namespace

TEST_CASE("trl: DPO, with label smoothing, IPO and the hinge: losses and gradients", "[golden]") {
  auto rows = golden::read("objective/trl_preference.txt");
  auto p = recorded(rows, "chosen", "rejected", true);
  require_recorded(rows, dpo{.beta = .1}, "sigmoid", p);
  require_recorded(rows, dpo{.beta = .1, .label_smoothing = .1}, "smoothed", p);
  require_recorded(rows, preference_hinge{.beta = .1}, "hinge", p);
}

TEST_CASE("trl: Bradley-Terry, with a margin, and with scores kept around 0", "[golden]") {
  auto rows = golden::read("objective/trl_preference.txt");
  require_recorded(rows, bradley_terry{}, "reward", recorded(rows, "chosen_reward", "rejected_reward", false), true);
  auto const& margin = golden::row(rows, "margin");  // one for each pair there: pair by pair here
  for (std::string name : {"reward_margin", "reward_centered"}) {
    double total = 0, n = double(margin.size());
    for (std::size_t i = 0; i < margin.size(); ++i) {
      pairs one;
      one.add(golden::row(rows, "chosen_reward")[i], golden::row(rows, "rejected_reward")[i]);
      auto found = one(bradley_terry{.margin = margin[i], .center = name == "reward_centered" ? .01 : 0});
      total += found.loss / n;
      REQUIRE(close(found.value[0] / n, golden::row(rows, name + "/chosen")[i], 1e-10, 1e-12));
      REQUIRE(close(found.value[1] / n, golden::row(rows, name + "/rejected")[i], 1e-10, 1e-12));
    }
    REQUIRE(close(total, golden::row(rows, name)[0], 1e-10, 1e-12));
  }
}

TEST_CASE("trl: IPO, SimPO and ORPO divide by lengths, here of steps that all have the same log-probability",
          "[golden]") {
  auto rows = golden::read("objective/trl_preference.txt");
  auto const& c = golden::row(rows, "chosen");
  pairs p;
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < c.size(); ++i)
    for (int side : {0, 1}) {
      char const* name = side ? "rejected" : "chosen";
      auto n = int(golden::row(rows, std::string(name) + "_length")[i]);
      first.push_back(p.logp.size());
      for (int t = 0; t < n; ++t) {
        p.logp.push_back(golden::row(rows, name)[i] / n),
            p.ref_logp.push_back(golden::row(rows, std::string(name) + "_ref")[i] / n), p.value.push_back(0);
        p.series_of.push_back(std::int32_t(2 * i + std::size_t(side))), p.last.push_back(t == n - 1);
      }
    }
  cpu backend;
  numbers loss(p.logp.size()), slope(p.logp.size());
  step_views<double> v{.logp = all(std::as_const(p.logp)), .ref_logp = all(std::as_const(p.ref_logp))};
  v.series_of = all(std::as_const(p.series_of)), v.series = std::ptrdiff_t(2 * c.size());
  auto agrees = [&](auto const& o, std::string const& name) {
    CAPTURE(name);
    differentiate_pairs(backend, o, v, all(std::as_const(p.last)), {.loss = all(loss), .logp = all(slope)});
    double total = 0;
    for (double x : loss) total += x;
    CHECK(close(total, golden::row(rows, name)[0], 1e-10, 1e-12));
    for (std::size_t i = 0; i < c.size(); ++i) {
      CHECK(close(slope[first[2 * i]], golden::row(rows, name + "/chosen")[i], 1e-10, 1e-12));
      CHECK(close(slope[first[2 * i + 1]], golden::row(rows, name + "/rejected")[i], 1e-10, 1e-12));
    }
  };
  agrees(ipo{.beta = .1}, "ipo");
  agrees(simpo{.beta = 2, .gamma = 1, .label_smoothing = .1}, "simpo");
  agrees(orpo{.weight = .1}, "orpo");
}

TEST_CASE("orpo: of a series that is sure the odds stand still, and nothing is infinite") {
  pairs p;
  p.add(0, -3), p.add(-2, 0);
  auto found = p(orpo{.weight = 1});
  double most = -1e-6 - std::log(-std::expm1(-1e-6)), odds3 = -3 - std::log(-std::expm1(-3.)),
         odds2 = -2 - std::log(-std::expm1(-2.));
  CHECK(close(found.loss, (std::log1p(std::exp(odds3 - most)) + 2 + std::log1p(std::exp(most - odds2))) / 2, 1e-12, 0));
  CHECK(found.logp[0] == -.5);
  CHECK(found.logp[3] == 0);
}

TEST_CASE(
    "pairs: derivatives by every step's log-probability and value are five-point differences, in any order, valid or "
    "not") {
  require_differences(dpo{.beta = .5, .label_smoothing = .1});
  require_differences(ipo{.beta = .5});
  require_differences(simpo{.beta = 2, .gamma = .5, .label_smoothing = .1});
  require_differences(orpo{.weight = .7});
  require_differences(bradley_terry{.margin = .3, .center = .1});
}

TEST_CASE("pairs: one whose series has no valid step counts nowhere, and what is invalid is not read") {
  ragged b;
  for (int i = 0; i < b.M; ++i)
    if (!b.valid[i]) b.logp[i] = b.ref_logp[i] = b.value[i] = std::nan("");
  numbers loss;
  auto found = b(dpo{}, &loss);
  REQUIRE(std::isfinite(found.loss));
  double by_hand = 0;
  for (int p = 0; p < 3; ++p) {
    double d = 0;
    for (int i = 0; i < b.M; ++i)
      if (b.valid[i] && b.series_of[i] / 2 == p) d += (b.series_of[i] % 2 ? -1 : 1) * (b.logp[i] - b.ref_logp[i]);
    by_hand += std::log1p(std::exp(-.1 * d)) / 3;
  }
  CHECK(close(found.loss, by_hand, 1e-12, 0));
  for (int i = 0; i < b.M; ++i)
    if (!b.valid[i] || b.series_of[i] == 6) {
      CHECK(found.logp[i] == 0);
      CHECK(loss[i] == 0);
    }
}

TEST_CASE(
    "dpo: its gradient coefficient is that of the unified paradigm, beta sigmoid(beta (log-ratio of the rejected - of "
    "the chosen))") {
  pairs p;
  p.add(-3, -2.5, -2, -4);
  double beta = .7, coefficient = beta / (1 + std::exp(-beta * ((-2.5 + 4) - (-3 + 2))));
  auto found = p(dpo{.beta = beta});
  CHECK(close(found.logp[0], -coefficient, 1e-14, 0));
  CHECK(close(found.logp[1], coefficient, 1e-14, 0));
}

TEST_CASE("dpo: finite for log-ratios of thousands, in both directions") {
  pairs p;
  p.add(-5000, 0), p.add(0, -5000);
  auto found = p(dpo{.beta = 1});
  CHECK(close(found.loss, 2500, 1e-12, 0));
  CHECK(found.logp == numbers{-.5, .5, 0, 0});
}

TEST_CASE("pairs: what the objective reads and the batch does not have is named; an odd number of series is refused") {
  cpu backend;
  pairs p;
  p.add(1, 2);
  numbers loss(2), slope(2);
  step_views<double> v{.logp = all(std::as_const(p.logp))};
  v.series_of = all(std::as_const(p.series_of)), v.series = 2;
  auto run = [&] {
    differentiate_pairs(backend, dpo{}, v, all(std::as_const(p.last)), {.loss = all(loss), .logp = all(slope)});
  };
  CHECK_THROWS_WITH(run(), "the objective reads ref_logp, which this batch does not have");
  v.series = 3;
  CHECK_THROWS_WITH(
      run(), "differentiate_pairs: the number of series is 3, expected an even one, chosen and rejected in turn");
}
