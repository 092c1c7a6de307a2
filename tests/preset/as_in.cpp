#include <cohort/preset/as_in/differences.hpp>
#include <cohort/run/text.hpp>
#include <set>

#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

// Libraries' own numbers on one batch, from scores to the gradient (tests/golden/as_in.py).

using namespace cohort;
using namespace arrays;
using Catch::Matchers::ContainsSubstring;
namespace as_in = preset::as_in;

namespace {

/// The first `series` of the recorded batch.
preset::recorded_batch recorded(golden::table const& rows, std::size_t series) {
  auto const& offsets = golden::row(rows, "offsets");
  auto const& groups = golden::row(rows, "group_offsets");
  preset::recorded_batch batch;
  for (std::size_t g = 0; g + 1 < groups.size() && groups[g + 1] <= double(series); ++g) {
    std::vector<preset::recorded_series> members;
    for (auto n = std::size_t(groups[g]); n < std::size_t(groups[g + 1]); ++n) {
      auto own = [&](char const* name) {
        auto const& all = golden::row(rows, name);
        return numbers(all.begin() + std::ptrdiff_t(offsets[n]), all.begin() + std::ptrdiff_t(offsets[n + 1]));
      };
      preset::recorded_series s;
      s.logp = own("logp"), s.old_logp = own("old_logp"), s.ref_logp = own("ref_logp"),
      s.valid = cast<std::uint8_t>(own("valid"));
      s.reward = numbers(s.logp.size(), 0), s.reward.back() = golden::row(rows, "score")[n];
      members.push_back(s);
    }
    batch.add_group(members);
  }
  return batch;
}

void require_steps(preset::recorded_batch const& batch, numbers const& found, numbers const& expected,
                   char const* what) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO(what << " of step " << i << ": " << found[i] << ", recorded " << expected[i]);
    if (batch.valid[i]) REQUIRE(close(found[i], expected[i], 1e-10, 1e-14));
  }
}

template <class C>
void require_library(C convention, std::string const& name, std::size_t series, bool with_kl,
                     std::string const& file = "as_in.txt") {
  INFO(name);
  auto batch = recorded(golden::read("preset/as_in.txt"), series);
  auto rows = golden::read("preset/" + file);
  batch.sampler_logp = batch.old_logp;
  cpu backend;
  auto found = as_in::evaluate(backend, convention, batch);
  require_steps(batch, found.advantage, golden::row(rows, name + "/advantage"), "advantage");
  require_steps(batch, found.slope, golden::row(rows, name + "/slope"), "slope");
  REQUIRE(close(found.loss, golden::row(rows, name + "/loss")[0], 1e-10, 1e-14));
  REQUIRE(close(found.gradient_norm, golden::row(rows, name + "/norm")[0], 1e-10));
  if (with_kl) require_steps(batch, found.kl, golden::row(rows, name + "/kl"), "kl");
  for (std::size_t i = 0; i < found.slope.size();
       ++i)  // what the numbers mean: the gradient is weight, ratio and advantage
    if (batch.valid[i] && found.kl_at != as_in::kl_place::loss)
      REQUIRE(close(found.slope[i], -found.weight[i] * found.ratio[i] * found.advantage[i], 1e-12, 1e-15));
}

}  // namespace

TEST_CASE(
    "as_in: TRL's, verl's, OpenRLHF's and Liger's defaults give those libraries' advantages, losses and gradients to "
    "1e-10",
    "[golden]") {
  require_library(as_in::trl_1_16{}, "trl", 12, false);
  require_library(as_in::verl_0_9{}, "verl", 12, true);
  require_library(as_in::openrlhf_0_11{}, "openrlhf", 12, true);
  require_library(as_in::liger_0_8{}, "liger", 12, false);
}

TEST_CASE("as_in: verl gives the only one of a group its score, over 1 + 1e-6", "[golden]") {
  auto rows = golden::read("preset/as_in.txt");
  auto batch = recorded(rows, 13);
  cpu backend;
  auto found = as_in::evaluate(backend, as_in::verl_0_9{}, batch).advantage;
  auto expected = golden::row(rows, "verl_all/advantage");
  for (auto i = std::size_t(batch.offsets[12]); i < expected.size(); ++i)
    expected[i] *= 1 + 1e-6;  // a constant that Cohort leaves out
  require_steps(batch, found, expected, "advantage");
}

TEST_CASE("as_in: with its KL turned on each is the library's own", "[golden]") {
  auto check = [](auto c, std::string const& name, std::size_t series, double weight) {
    INFO(name);
    auto rows = golden::read("preset/as_in.txt");
    auto batch = recorded(rows, series);
    cpu backend;
    auto found = as_in::evaluate(backend, c, batch, weight);
    require_steps(batch, found.slope, golden::row(rows, name + "/slope"), "slope");
    REQUIRE(close(found.loss, golden::row(rows, name + "/loss")[0], 1e-10, 1e-14));
    CHECK(found.kl_weight == weight);
    CHECK_THAT(found.objective, ContainsSubstring("kl_penalty"));
  };
  check(as_in::trl_1_16{}, "trl_kl", 12, .04);
  check(as_in::verl_0_9{}, "verl_kl", 12, .001);
  check(as_in::liger_0_8{}, "liger", 12, .04);
}

TEST_CASE(
    "as_in: a KL with its default weight is the default, with weight 0 there is none, and where there is none it has "
    "no weight") {
  auto batch = recorded(golden::read("preset/as_in.txt"), 13);
  batch.sampler_logp = batch.old_logp;
  batch.value = batch.next_value = numbers(batch.logp.size(), 0);
  cpu backend;
  for (auto const& name : as_in::names())
    as_in::with_convention(name, [&](auto c) {
      INFO(name);
      auto found = as_in::evaluate(backend, c, batch);
      if constexpr (c.kl_at == as_in::kl_place::none) {
        CHECK_THROWS_WITH(as_in::evaluate(backend, c, batch, .1), ContainsSubstring("has none"));
      } else {
        auto same = as_in::evaluate(backend, c, batch, found.kl_weight);
        CHECK((same.slope == found.slope && same.loss == found.loss && same.advantage == found.advantage));
        auto without = as_in::evaluate(backend, c, batch, 0.);
        for (std::size_t i = 0; i < without.slope.size(); ++i)
          if (batch.valid[i])
            CHECK(close(without.slope[i], -without.weight[i] * without.ratio[i] * without.advantage[i], 1e-12, 1e-15));
        CHECK(as_in::evaluate(backend, c, batch, 1.).slope != found.slope);
      }
    });
}

TEST_CASE("as_in: two conventions part where their numbers do, and one with itself nowhere") {
  auto batch = recorded(golden::read("preset/as_in.txt"), 13);
  cpu backend;
  auto trl = as_in::evaluate(backend, as_in::trl_1_16{}, batch),
       verl = as_in::evaluate(backend, as_in::verl_0_9{}, batch),
       liger = as_in::evaluate(backend, as_in::liger_0_8{}, batch);
  for (auto const& r : as_in::differences(trl, trl)) CHECK((r.differ == 0 && r.in_a == r.in_b));
  auto parted = as_in::differences(trl, verl);
  CHECK(parted[0].name == "advantage");
  CHECK(parted[0].in_a == trl.rules->advantage);
  numbers apart;
  std::size_t differ = 0;
  for (std::size_t i = 0; i < trl.advantage.size(); ++i) {
    apart.push_back(std::abs(trl.advantage[i] - verl.advantage[i]));
    differ += apart.back() > 1e-11;
  }
  CHECK(parted[0].differ == differ);
  CHECK(apart[parted[0].first] > 1e-11);
  CHECK(apart[parted[0].most] == *std::max_element(apart.begin(), apart.end()));
  auto of_mean = as_in::differences(trl, liger);
  CHECK((of_mean[0].differ == 0 && of_mean[3].differ == 0 && of_mean[4].differ > 0));
}

TEST_CASE("as_in: prime-rl's loss is its own code's, and that of its formula", "[golden]") {
  require_library(as_in::prime_rl{}, "prime_rl", 13, false, "as_in_prime_rl.txt");
  auto batch = recorded(golden::read("preset/as_in.txt"), 13);
  batch.sampler_logp = batch.old_logp;
  cpu backend;
  auto found = as_in::evaluate(backend, as_in::prime_rl{}, batch);
  double loss = 0, valid = 0;
  auto counts = [&](std::size_t i) { return batch.valid[i] && found.advantage[i] != 0; };
  for (std::size_t i = 0; i < found.slope.size(); ++i) valid += counts(i);
  REQUIRE(valid < double(found.slope.size()) - 10);  // a group of equal scores and one of a single series are left out
  for (std::size_t i = 0; i < found.slope.size(); ++i) {
    REQUIRE((found.weight[i] != 0) == counts(i));
    if (!counts(i)) continue;
    double x = batch.logp[i] - batch.sampler_logp[i], r = std::exp(x),
           moved = std::exp(batch.logp[i]) - std::exp(batch.sampler_logp[i]), A = found.advantage[i];
    bool keep = A > 0 ? moved <= .2 : moved >= -.2;
    loss += ((keep ? -A * r : 0) + 1e-3 * x * x) / valid;
    REQUIRE(close(found.slope[i], ((keep ? -A * r : 0) + 2e-3 * x) / valid, 1e-12, 1e-15));
    REQUIRE(close(found.kl[i], x * x, 1e-12, 1e-15));
    REQUIRE(close(found.ratio[i], (A >= 0 ? moved <= .2 : moved >= -.2) ? r : 0, 1e-12, 1e-15));
  }
  REQUIRE(close(found.loss, loss, 1e-12));
}

TEST_CASE("as_in: TorchRL's defaults give its own advantages, targets, losses and gradients to 1e-10", "[golden]") {
  auto rows = golden::read("preset/as_in_torchrl.txt");
  auto const& offsets = golden::row(rows, "offsets");
  preset::recorded_batch batch;
  for (std::size_t n = 0; n + 1 < offsets.size(); ++n) {
    preset::recorded_series s;
    auto own = [&](char const* name) {
      auto const& all = golden::row(rows, name);
      return numbers(all.begin() + std::ptrdiff_t(offsets[n]), all.begin() + std::ptrdiff_t(offsets[n + 1]));
    };
    s.reward = own("reward"), s.value = own("value"), s.logp = own("logp"), s.old_logp = own("old_logp");
    s.truncated = golden::row(rows, "truncated")[n] != 0, s.value_after = golden::row(rows, "value_after")[n];
    batch.add_group({s});
  }
  cpu backend;
  as_in::torchrl_0_14 c;
  auto found = as_in::evaluate(backend, c, batch);
  require_steps(batch, found.advantage, golden::row(rows, "advantage"), "advantage");
  require_steps(batch, found.slope, golden::row(rows, "slope"), "slope");
  REQUIRE(close(found.loss, golden::row(rows, "loss")[0], 1e-10, 1e-14));
  auto of_value =
      preset::apply(backend, c.advantage(), value_loss{.weight = 1, .distance = huber_error{}}, c.mean(), batch);
  require_steps(batch, of_value.target, golden::row(rows, "target"), "target");
  require_steps(batch, of_value.value, golden::row(rows, "value_slope"), "value slope");
  REQUIRE(close(of_value.total, golden::row(rows, "value_loss")[0], 1e-10, 1e-14));
  REQUIRE(text(c.objective()) ==
          text(c.loss() + value_loss{.weight = 1, .distance = huber_error{}} + entropy_bonus{.weight = .01}));
}

TEST_CASE(
    "as_in: at a time limit Stable-Baselines3 and TorchRL bootstrap and CleanRL does not; elsewhere their GAE is the "
    "same") {
  preset::recorded_batch batch;
  preset::recorded_series s;
  s.reward = {1, 2, 3}, s.logp = {-1, -2, -1.5}, s.old_logp = {-1.1, -2.3, -1.4}, s.value = {.5, -.5, .25};
  auto cut = s;
  cut.truncated = true, cut.value_after = 2;
  batch.add_group({s}), batch.add_group({cut});
  cpu backend;
  auto of = [&](auto c) {
    auto a = preset::apply(backend, c.advantage(), c.ratio(), c.mean(), batch).advantage;
    return a;
  };
  auto sb3 = of(as_in::stable_baselines3_2_9{}), torchrl = of(as_in::torchrl_0_14{}), cleanrl = of(as_in::cleanrl{});
  CHECK(sb3 == torchrl);
  double decay = 1;
  for (int t = 2; t >= 0; --t, decay *= .99 * .95) {
    CHECK(sb3[t] == cleanrl[t]);
    CHECK(cleanrl[t] == Approx(cleanrl[t + 3]));
    CHECK(sb3[t + 3] - cleanrl[t + 3] == Approx(.99 * 2 * decay));
  }
  auto normalized = as_in::evaluate(backend, as_in::cleanrl{}, batch).advantage;
  double sum = 0, squares = 0;
  for (double a : normalized) sum += a, squares += a * a;
  CHECK(std::abs(sum) < 1e-12);
  CHECK(squares == Approx(5));
}

TEST_CASE("as_in: conventions are found by name, and say their rules in words") {
  std::set<std::string> seen;
  for (auto const& name : as_in::names()) {
    CHECK(seen.insert(name).second);
    int calls = 0;
    as_in::with_convention(name, [&](auto c) {
      ++calls;
      CHECK(name == c.rules.name);
      for (char const* said : {c.rules.library, c.rules.advantage, c.rules.normalization, c.rules.ratio, c.rules.kl,
                               c.rules.mean, c.rules.source})
        CHECK(std::string(said).size() > 3);
      CHECK_THAT(text(c.objective()), ContainsSubstring(cohort::text(c.ratio()).substr(0, 8)));
    });
    CHECK(calls == 1);
  }
  CHECK(seen.size() == 8);
  CHECK_THROWS_WITH(as_in::with_convention("trl_1_15", [](auto) {}),
                    ContainsSubstring("there is no convention named 'trl_1_15'; the nearest are trl_1_16"));
}

TEST_CASE("as_in: what was not recorded and is read is named, and lists of another length too") {
  preset::recorded_batch batch;
  preset::recorded_series s;
  s.reward = {1, 2}, s.logp = {-1, -2}, s.old_logp = {-1, -2};
  batch.add_group({s, s});
  cpu backend;
  CHECK_THROWS_WITH(as_in::evaluate(backend, as_in::liger_0_8{}, batch), ContainsSubstring("ref_logp"));
  CHECK_THROWS_WITH(as_in::evaluate(backend, as_in::openrlhf_0_11{}, batch), ContainsSubstring("ref_logp"));
  CHECK_THROWS_WITH(as_in::evaluate(backend, as_in::cleanrl{}, batch), ContainsSubstring("value"));
  auto longer = s, without = s;
  longer.logp.push_back(-3), without.old_logp.clear();
  CHECK_THROWS_WITH(batch.add_group({longer}),
                    ContainsSubstring("the number of logp of series 2 is 3, expected one for each of its rewards"));
  preset::recorded_batch other;
  CHECK_THROWS_WITH(other.add_group({s, without}), ContainsSubstring("old_logp"));
  CHECK_THROWS_WITH(preset::recorded_batch().add_group({{}}), ContainsSubstring("no step"));
}
