#ifdef COHORT_PROGRAM
#include <string>

#include "a_user.hpp"

using namespace a_user;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

TEST_CASE("cohort diagnose: what is wrong with a run, from its folder alone") {
  scratch here;
  auto says = [&](std::string const& folder) {
    auto const o = here.run("diagnose " + folder);
    INFO(o.err);
    CHECK(o.status == 0);
    return o.out;
  };
  REQUIRE(here.run(quick + "--out slow --updates 20 --update.rate 1e-9 --update.minibatch_size 64 --evaluation.every 0")
              .status == 0);
  CHECK_THAT(says("slow"), StartsWith("slow: 20 updates, 10240 steps, mean return ") &&
                               ContainsSubstring("\nsmall_steps: all 20 updates together can have moved no more than"));
  REQUIRE(here.run(quick + "--out car --environment MountainCar-v0 --steps 11000 --rollout.horizon 32 "
                           "--update.max_gradient_norm 1e-8 --policy.normalize_observations false")
              .status == 0);
  auto const car = says("car");
  CHECK_THAT(car, ContainsSubstring("\nobservation_scale: observation[1] (velocity) is"));
  CHECK_THAT(car, ContainsSubstring("\nconstant_returns: each of "));
  files::put(here.in("car/metrics.jsonl"),
             files::get(here.in("car/metrics.jsonl")) + "{\"time/iter");  // was killed there
  CHECK(says("car") == car);

  CHECK_THAT(here.refusal("diagnose none"), ContainsSubstring("none holds no run (it has no config.toml)"));
  fs::remove(here.in("slow/metrics.jsonl"));
  CHECK_THAT(here.refusal("diagnose slow"), ContainsSubstring("slow holds no run (it has no metrics.jsonl)"));
}
#endif
