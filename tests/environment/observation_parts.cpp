#include <cohort/environment/environment_run.hpp>
#include <cohort/environment/observation_parts.hpp>

#include "../catch.hpp"

using namespace cohort;

namespace {

/// tests/gymnasium plays it beside the dictionary of odd_environments.py that it is of.
observation_parts const parts{{"where", box<2>{{-1000, -1000}, {1000, 1000}}},
                              {"kind", discrete{3}},
                              {"both/0", binary<2>{}},
                              {"both/1", box<dynamic>{{0, 0, 0}, {255, 255, 255}}},
                              {"both/10", multi_discrete{2, 3}}};

}  // namespace

TEST_CASE("observation_parts: in the order of the names, choices as zeros and a one") {
  CHECK(parts.size() == 15);
  CHECK(parts.names() == std::vector<std::string>{"both/0[0]", "both/0[1]", "both/1[0]", "both/1[1]", "both/1[2]",
                                                  "both/10[0]=0", "both/10[0]=1", "both/10[1]=0", "both/10[1]=1",
                                                  "both/10[1]=2", "kind=0", "kind=1", "kind=2", "where[0]",
                                                  "where[1]"});
  auto const space = parts.space();
  CHECK(space.low == std::vector<double>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1000, -1000});
  CHECK(space.high == std::vector<double>{1, 1, 255, 255, 255, 1, 1, 1, 1, 1, 1, 1, 1, 1000, 1000});
  std::vector<float> whole(15, -1);
  parts.put("kind", {2}, whole), parts.put("both/1", {7, 8, 255}, whole), parts.put("both/0", {1, 0}, whole);
  parts.put("where", {-.5, 12}, whole), parts.put("both/10", {1, 0}, whole);
  CHECK(whole == std::vector<float>{1, 0, 7, 8, 255, 0, 1, 1, 0, 0, 0, 0, 1, -.5f, 12});
  CHECK(observation_parts{{"2", discrete{2}}, {"10", binary<1>{}}}.names() ==
        std::vector<std::string>{"2=0", "2=1", "10"});
}

TEST_CASE("observation_parts: what does not fit is refused by name") {
  std::vector<float> whole(15);
  CHECK_THROWS_WITH(parts.put("kin", {1}, whole),
                    Catch::Matchers::Contains("observation_parts: there is no part named 'kin'; the nearest are kind"));
  CHECK_THROWS_WITH(parts.put("kind", {1, 2}, whole), "observation_parts: kind is 2, expected so many numbers: 1");
  CHECK_THROWS_WITH(parts.put("kind", {3}, whole), "observation_parts: kind is 3, expected an integer from 0 to 2");
  CHECK_THROWS_WITH(parts.put("kind", {.5}, whole), "observation_parts: kind is 0.5, expected an integer from 0 to 2");
  CHECK_THROWS_WITH(parts.put("both/0", {1, 2}, whole),
                    "observation_parts: both/0 is 2, expected an integer from 0 to 1");
  CHECK_THROWS_WITH(parts.put("kind", {0}, std::span(whole).first(3)),
                    "observation_parts: the whole is 3, expected so many numbers: 15");
  using list = observation_parts;
  CHECK_THROWS_WITH((list{{"a", discrete{2}}, {"a", binary<1>{}}}), "observation_parts: the part 'a' is there twice");
  CHECK_THROWS_WITH((list{{"", discrete{2}}}), "observation_parts: the part '' has no name");
  CHECK_THROWS_WITH((list{{"a", discrete{0}}}),
                    "observation_parts: the part 'a' has a choice of 0 values, expected at least 1");
  CHECK_THROWS_WITH((list{{"a", box<1>{{1}, {0}}}}),
                    "observation_parts: the part 'a' has a box whose low is above its high");
  CHECK_THROWS_WITH((list{{"a", box<dynamic>{}}}), "observation_parts: the part 'a' has no numbers");
}
