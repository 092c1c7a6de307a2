// Parameters of an algorithm by name: numbers, yes or no, and words.
#include <cohort/cohort.hpp>
#include <cohort/preset/make.hpp>
#include <cohort/run/settings.hpp>

#include "../catch.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

template <class A>
auto value_of(A const& a, std::string const& name) {
  for (setting const& s : settings_of(a))
    if (s.name == name) return s.value;
  FAIL("no parameter " << name);
  return setting("", 0).value;
}
template <class E>
std::vector<std::string_view> words() {
  return {detail::enumerators<E>.begin(), detail::enumerators<E>.end()};
}
enum class unnamed_zero { first = 1 };

}  // namespace

TEST_CASE("enumerators: the names are those of the definition, in its order") {
  using list = std::vector<std::string_view>;
  CHECK(words<group_scale>() == list{"group_std", "batch_std", "none"});
  CHECK(words<normalization>() == list{"none", "minibatch", "batch"});
  CHECK(words<softmax_over>() == list{"support", "vocabulary"});
  CHECK(words<activation>() == list{"tanh", "relu", "linear"});
  CHECK(words<unnamed_zero>().empty());
  CHECK(detail::name_of(critic_target::lambda_return) == "lambda_return");
  CHECK(detail::name_of(activation(7)) == "7");
  CHECK(detail::enumerator_named<trunk>("shared") == trunk::shared);
  CHECK_FALSE(detail::enumerator_named<trunk>("share"));
  CHECK_FALSE(detail::enumerator_named<trunk>(""));
  CHECK(detail::any_enumerator<group_scale>() == "\"group_std\", \"batch_std\" or \"none\"");
}

TEST_CASE("settings: the parameters of every preset, each by a name of its own, give the same preset again") {
  preset::each([](auto const& p) {
    INFO(p.from.name);
    auto a = p();
    auto const all = settings_of(a);
    CHECK(all.size() > 4);
    for (setting const& s : all) CHECK_NOTHROW(apply_settings(a, {s}));
    auto const again = settings_of(a);
    REQUIRE(again.size() == all.size());
    for (std::size_t i = 0; i < again.size(); ++i) {
      CHECK(again[i].name == all[i].name);
      CHECK(again[i].value == all[i].value);
    }
  });
}

TEST_CASE("settings: a number in the place of a linear schedule is both its ends, also of what the schedule is for") {
  auto a = preset::ppo_atari();
  apply_settings(a, {{"update.rate", .5}, {"objective.epsilon", .3}});
  auto number = [&](char const* name) { return std::get<double>(value_of(a, name)); };
  for (auto const* name : {"update.rate.from", "update.rate.to"}) CHECK(number(name) == .5);
  for (auto const* name : {"objective.epsilon.from", "objective.epsilon.to"}) CHECK(number(name) == .3);
  apply_settings(a, {{"objective.epsilon.to", .1}});
  CHECK(std::get<0>(a.objective.leaves).term.schedule.to == .1);
}

TEST_CASE("settings: words and yes or no reach the fields that they name, those too that a text leaves out") {
  algorithm a{.rollout = probes{},
              .advantage = hybrid_grpo{},
              .objective = weighted(importance_weights{}, clipped_ratio{}) + clipped_value_loss{},
              .aggregation = series_mean{},
              .update = trust_region<update<muon<>>>{},
              .reward = standardized_reward{}};
  apply_settings(a, {{"rollout.execute", "softmax"},
                     {"rollout.noise", "common"},
                     {"advantage.scale", "batch_std"},
                     {"advantage.transform", "tanh_of_group_score"},
                     {"advantage.after", "undiscounted"},
                     {"advantage.target", "lambda_return"},
                     {"advantage.leave_one_out", true},
                     {"advantage.tail", 1},
                     {"objective.over", "geometric_mean"},
                     {"objective.beyond", "mask"},
                     {"objective.rule", "clipped"},
                     {"aggregation.empty", "count"},
                     {"update.over", "pi"},
                     {"update.normalize", "none"},
                     {"update.critic.normalize", "batch"},
                     {"update.critic.non_finite", "restore"},
                     {"update.critic.nesterov", false},
                     {"update.critic.muon.scale", "spectral"},
                     {"update.critic.others.decays", "all"},
                     {"reward.scope", "group"}});
  CHECK(a.rollout.execute == executed_probe::softmax);
  CHECK(a.rollout.noise == action_noise::common);
  CHECK(a.advantage.scale == group_scale::batch_std);
  CHECK(a.advantage.transform == reward_transform::tanh_of_group_score);
  CHECK(a.advantage.after == bootstrap::undiscounted);
  CHECK(a.advantage.target == critic_target::lambda_return);
  CHECK(a.advantage.baseline.leave_one_out);
  CHECK(a.advantage.tail);
  auto const& weights = std::get<0>(a.objective.modes).selection;
  CHECK(weights.over == ratio_over::geometric_mean);
  CHECK(weights.beyond == beyond_bounds::mask);
  CHECK(std::get<1>(a.objective.leaves).term.rule == value_clip::clipped);
  CHECK(a.aggregation.empty == empty_series::count);
  CHECK(a.update.over == divergence_over::pi);
  CHECK(a.update.normalize == normalization::none);
  CHECK(a.update.critic.normalize == normalization::batch);
  CHECK(a.update.critic.non_finite == non_finite::restore);
  CHECK_FALSE(a.update.critic.optimizer.nesterov);
  CHECK(a.update.critic.optimizer.scale == muon_scale::spectral);
  CHECK(a.update.critic.optimizer.others.decays == decayed::all);
  CHECK(a.reward.scope == reward_scope::group);
  CHECK(std::get<std::string>(value_of(a, "update.critic.others.decays")) == "all");
  CHECK_FALSE(std::get<bool>(value_of(a, "update.critic.nesterov")));
  CHECK_THAT(preset::make("grpo", {{"advantage.by", "process"}, {"update.normalize", "batch"}}).text(),
             ContainsSubstring("group_relative{by = process, ") && ContainsSubstring("normalize = batch"));
}

TEST_CASE("settings: a value of another kind is refused with what it may be, an unknown word with the nearest") {
  auto const says = [](setting const& s, std::string const& what) {
    algorithm a{.advantage = group_relative{}};
    CHECK_THROWS_WITH(apply_settings(a, {s}), ContainsSubstring(what));
  };
  says({"update.normalize", "minibach"},
       "update.normalize is \"minibach\", expected \"none\", \"minibatch\" or \"batch\"; the nearest is \"minibatch\"");
  says({"update.normalize", 2}, "update.normalize is 2, expected \"none\", \"minibatch\" or \"batch\"");
  says({"update.normalize", true}, "update.normalize is true, expected \"none\"");
  says({"update.normalise", "none"}, "no parameter named 'update.normalise'; the nearest are update.normalize");
  says({"update.standardization.divide", "yes"}, "divide is \"yes\", expected true or false");
  says({"update.standardization.divide", 2}, "divide is 2, expected true or false");
  says({"update.epochs", "many"}, "update.epochs is \"many\", expected a whole number");
  says({"update.epochs", true}, "update.epochs is true, expected a whole number");
  says({"update.epochs", 3e9}, "update.epochs is 3e+09, expected a whole number");
  says({"update.minibatch_size", 9223372036854775808.}, "minibatch_size is 9.22337e+18, expected a whole number");
  says({"objective.epsilon", "high"}, "objective.epsilon is \"high\", expected a number");
}
