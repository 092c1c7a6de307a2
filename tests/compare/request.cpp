#include "../../examples/compare/request.hpp"

#include "../../examples/compare/group_size.hpp"
#include "../catch.hpp"

using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<std::string> const environments{"CartPole-v1", "Pendulum-v1"}, algorithms{"ppo", "grpo", "hybrid_grpo"};

compare::settings check(compare::request const& typed) { return compare::checked(typed, environments, algorithms); }

compare::request with(std::optional<std::string> compare::request::* option, std::string const& value) {
  compare::request typed;
  typed.*option = value;
  return typed;
}

using typed = compare::request;

}  // namespace

TEST_CASE("request: nothing typed is CartPole-v1, every algorithm, seeds 1 to 10, and a folder that may be replaced") {
  auto const asked = check({});
  CHECK(asked.environment == "CartPole-v1");
  CHECK(asked.algorithms == algorithms);
  CHECK(asked.seeds == 10);
  CHECK(asked.first_seed == 1);
  CHECK(asked.steps == 0);
  CHECK_FALSE(asked.group);
  CHECK(asked.threads >= 1);
  CHECK(asked.out == "build/compare");
  CHECK(asked.overwrite);
}

TEST_CASE("request: what is typed is taken") {
  auto const asked = check({"Pendulum-v1", "grpo,ppo", "3", "18446744073709551613", "50000", "2", "1", "a/b", false});
  CHECK(asked.environment == "Pendulum-v1");
  CHECK(asked.algorithms == std::vector<std::string>{"grpo", "ppo"});
  CHECK(asked.seeds == 3);
  CHECK(asked.first_seed == 18446744073709551613u);
  CHECK(asked.steps == 50000);
  CHECK(asked.group == 2);
  CHECK(asked.threads == 1);
  CHECK(asked.out == "a/b");
  CHECK_FALSE(asked.overwrite);
}

TEST_CASE("request: an unknown environment or algorithm is answered with the known ones") {
  CHECK_THROWS_WITH(check(with(&typed::environment, "LunarLander")),
                    "unknown environment 'LunarLander'; known: CartPole-v1, Pendulum-v1");
  CHECK_THROWS_WITH(check(with(&typed::algorithms, "dqn")), "unknown algorithm 'dqn'; known: ppo, grpo, hybrid_grpo");
  CHECK_THROWS_WITH(check(with(&typed::algorithms, "")), "unknown algorithm ''; known: ppo, grpo, hybrid_grpo");
  CHECK_THROWS_WITH(check(with(&typed::algorithms, "ppo,,grpo")), ContainsSubstring("unknown algorithm ''"));
  CHECK_THROWS_WITH(check(with(&typed::algorithms, "ppo,")), ContainsSubstring("unknown algorithm ''"));
}

TEST_CASE("request: a name that was nearly right is suggested") {
  CHECK_THROWS_WITH(check(with(&typed::environment, "CartPole")), ContainsSubstring("did you mean CartPole-v1?"));
  CHECK_THROWS_WITH(check(with(&typed::environment, "cartpole-v0")), ContainsSubstring("did you mean CartPole-v1?"));
  CHECK_THROWS_WITH(check(with(&typed::algorithms, "PPO")), ContainsSubstring("did you mean ppo?"));
  CHECK_THROWS_WITH(check(with(&typed::algorithms, "hybrid-grpo")), ContainsSubstring("did you mean hybrid_grpo?"));
  CHECK_THROWS_WITH(check(with(&typed::algorithms, "hybrid")), ContainsSubstring("did you mean hybrid_grpo?"));
}

TEST_CASE("request: an algorithm named twice is refused") {
  CHECK_THROWS_WITH(check(with(&typed::algorithms, "ppo,grpo,ppo")), "--algorithms names ppo twice");
}

TEST_CASE("request: numbers are whole, positive and in range") {
  for (auto const option : {&typed::seeds, &typed::first_seed, &typed::steps, &typed::threads, &typed::group})
    for (auto const* value :
         {"0", "-1", "-99999999999999999999999", "", " 5", "5 ", "+5", "1.5", "1e5", "0x10", "five", "100'000", "nan"})
      CHECK_THROWS_WITH(check(with(option, value)),
                        ContainsSubstring("is '" + std::string(value) + "', expected a whole number from "));
  for (auto const option : {&typed::seeds, &typed::first_seed, &typed::steps, &typed::threads, &typed::group})
    CHECK_THROWS_WITH(check(with(option, "99999999999999999999999")),
                      ContainsSubstring("is '99999999999999999999999', expected a whole number from "));
  CHECK_THROWS_WITH(check(with(&typed::seeds, "10001")), "--seeds is '10001', expected a whole number from 1 to 10000");
  CHECK_THROWS_WITH(check(with(&typed::threads, "1025")),
                    "--threads is '1025', expected a whole number from 1 to 1024");
  CHECK(check(with(&typed::seeds, "010")).seeds == 10);
}

TEST_CASE("request: the last seed must be a number, too") {
  CHECK_THROWS_WITH(check(with(&typed::first_seed, "18446744073709551607")),
                    ContainsSubstring("expected a whole number from 1 to 18446744073709551606"));
  CHECK(check(with(&typed::first_seed, "18446744073709551606")).first_seed == 18446744073709551606u);
}

TEST_CASE("request: a group of one is refused, with the reason") {
  CHECK_THROWS_WITH(
      check(with(&typed::group, "1")),
      "--group is '1', expected a whole number from 2 to 2147483647: an advantage is what a return has over its "
      "group's mean, and a group of one is its own mean");
}

TEST_CASE("request: the command that the report shows asks for the same once more") {
  auto asked = check({});
  asked.seeds = 3, asked.first_seed = 7, asked.threads = 2, asked.algorithms = {"ppo", "grpo"};
  CHECK(compare::command(asked) ==
        "compare --env CartPole-v1 --algorithms ppo,grpo --seeds 3 --first-seed 7 --threads 2");
  asked.steps = 5000, asked.group = 4;
  CHECK_THAT(compare::command(asked), ContainsSubstring(" --first-seed 7 --steps 5000 --group 4 --threads 2"));
}

TEST_CASE("request: a group whose rollout has more steps than the machine's memory holds is refused, with the limit") {
  compare::settings asked;
  asked.algorithms = {"grpo", "ppo"};
  asked.seeds = 1;
  asked.threads = 8;
  double const memory = 90. * 2000 * 1000;  // of 1,000 members with 1,000 steps each, in two runs
  auto const check = [&](int group) {
    asked.group = group;
    compare::require_possible_group(asked, "grpo", 1000, memory);
  };
  CHECK_NOTHROW(check(1000));
  CHECK_THROWS_WITH(
      check(1001),
      "--group is '1001', expected a whole number from 2 to 1000: a rollout of grpo has 1000 steps for each "
      "member and takes 85.9 MiB or more, 2 runs go at a time, and this machine has 171.7 MiB");
  CHECK_THROWS_AS(check(2147483647), program::usage_error);
  asked.seeds = 4;  // 8 runs
  CHECK_THROWS_WITH(check(251), ContainsSubstring("expected a whole number from 2 to 250"));
}

TEST_CASE("request: a group whose rollout has more steps than 32 bits number is refused whatever the memory") {
  compare::settings asked;
  asked.algorithms = {"hybrid_grpo"};
  asked.group = 2147483;
  CHECK_NOTHROW(compare::require_possible_group(asked, "hybrid_grpo", 1000, 1e18));
  asked.group = 2147484;
  CHECK_THROWS_WITH(compare::require_possible_group(asked, "hybrid_grpo", 1000, 1e18),
                    ContainsSubstring("from 2 to 2147483"));
  CHECK_NOTHROW(compare::require_possible_group(asked, "ppo", 0, 1));
}
