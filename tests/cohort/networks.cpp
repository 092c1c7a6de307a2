#ifdef COHORT_PROGRAM
#include "a_user.hpp"

using namespace a_user;
using Catch::Matchers::ContainsSubstring;
using files::get;

TEST_CASE("cohort: a policy's layers are said in the config; one that remembers is trained, gone on with and watched") {
  scratch here;
  std::string const remembers =
      "train --quiet --environment recall --with.delay 3 --policy.network 'dense{8}, gru{8}' --policy.critic dense{8} "
      "--update.unroll 16 --update.epochs 1 --evaluation.every 0 --checkpoints.every 1 --updates 4 ";
  REQUIRE(here.run(remembers + "--out whole").status == 0);
  auto const config = get(here.in("whole/config.toml"));
  CHECK_THAT(config, ContainsSubstring("network = \"dense{8}, gru{8}\"\ncritic = \"dense{8}\"\ntrunk = "));
  CHECK_THAT(config, ContainsSubstring("unroll = 16"));
  CHECK_THAT(config, !ContainsSubstring("hidden"));
  REQUIRE(here.run(remembers + "--out cut --stop.mean_return -1").status == 0);
  REQUIRE(here.run("train --quiet --resume --out cut --stop.mean_return inf").status == 0);
  CHECK(get(here.in("cut/policy.cohort")) == get(here.in("whole/policy.cohort")));
  CHECK(here.run("watch --episodes 1 --out play.svg whole").status == 0);
  REQUIRE(here.run("export --header act.hpp whole").status == 0);
  CHECK_THAT(get(here.in("act.hpp")), ContainsSubstring("struct memory"));
  CHECK_THAT(here.refusal("export --onnx none.onnx whole", 1), ContainsSubstring("gru"));
}

TEST_CASE("cohort: layers by name are the policy that policy.hidden makes") {
  scratch here;
  std::string const same = "train --quiet --update.epochs 1 --updates 1 --policy.trunk shared ";
  REQUIRE(here.run(same + "--policy.hidden 8,4 --policy.activation relu --out a").status == 0);
  REQUIRE(here.run(same + "--policy.network dense{8,relu},dense{4,relu} --out b").status == 0);
  CHECK(get(here.in("a/policy.cohort")) == get(here.in("b/policy.cohort")));
}

TEST_CASE("cohort: layers that do not fit are refused before anything is done") {
  scratch here;
  auto const says = [&](std::string const& arguments, std::string const& what) {
    CHECK_THAT(here.refusal("train --out made " + arguments), ContainsSubstring(what));
    CHECK_THAT(here.refusal("compare --algorithms a2c --out made " + arguments), ContainsSubstring(what));
    CHECK_FALSE(fs::exists(here.in("made")));
  };
  says("--policy.network dens{64}",
       "--policy.network: the layers \"dens{64}\": there is no layer named 'dens'; the nearest are dense");
  says("--policy.network dense{64", "expected a comma or } at the end");
  says("--policy.network columns{2,3}",
       "--policy.network: layer 0, columns, of 4 numbers: columns: first is 2 and count 3, expected columns of the 4");
  says("--policy.critic gru{0}", "--policy.critic: layer 0, gru, of 4 numbers: gru: units is 0");
  says("--policy.hidden 8 --policy.network dense", "--policy.hidden: policy.network says what the layers are");
  says("--policy.critic dense --policy.trunk shared", "--policy.critic: policy.trunk is \"shared\"");
}
#endif
