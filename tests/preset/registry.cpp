#include <cohort/preset/registry.hpp>
#include <set>

#include "../catch.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("presets: no two have the same name, and each says where it is from, what is certain and what is not") {
  std::set<std::string> seen;
  preset::each([&](auto const& p) {
    CHECK(seen.insert(p.from.name).second);
    for (char const* said : {p.from.paper, p.from.certain, p.from.open}) CHECK(std::string(said).size() > 3);
  });
  CHECK(seen.size() == preset::names().size());
}

TEST_CASE("presets: one is found by its name, and of an unknown name the nearest are told") {
  int prompts = 0;
  preset::with_preset("dapo", [&](auto const& p) {
    if constexpr (requires { p().rollout.prompts; }) prompts = p().rollout.prompts;
  });
  CHECK(prompts == 512);
  CHECK_THROWS_WITH(preset::with_preset("grp0_outcome", [](auto const&) {}),
                    ContainsSubstring("there is no algorithm named 'grp0_outcome'; the nearest are grpo_outcome"));
  CHECK_THROWS_WITH(preset::described("grp"), ContainsSubstring("grpo_outcome, grpo_process and dr_grpo"));
  CHECK_THROWS_AS(preset::described(""), value_error);
}

TEST_CASE("presets: a description has the parts with their formulas") {
  CHECK(preset::described("grpo_outcome") ==
        "grpo_outcome: Shao et al. 2024 (DeepSeekMath), arXiv:2402.03300, eq. 3, 4 and 4.1.2\n\n"
        "rollout      completions{prompts = 16, group = 64, max_tokens = 1024}\n"
        "advantage    group_relative{ddof = 1, epsilon = 1e-06}\n"
        "  group_relative: (R_i - mean R) / (std R + epsilon) within the group (Shao et al. 2024, arXiv:2402.03300, "
        "4.1.2)\n"
        "objective    clipped_ratio{epsilon = 0.2, epsilon_high = 0.2} + kl_penalty{k3, weight = 0.04}\n"
        "  clipped_ratio: -min(r A, clamp(r, 1 - epsilon, 1 + epsilon_high) A) (Schulman et al. 2017, "
        "arXiv:1707.06347, eq. 7; epsilon_high: DAPO, arXiv:2503.14476, eq. 10)\n"
        "  kl_penalty: weight KL^(logp, ref_logp) (Shao et al. 2024, arXiv:2402.03300, eq. 3 and 4, with k3 and 0.04)\n"
        "    k3: exp(-x) - 1 + x, x = log pi - log ref (Schulman 2020, Approximating KL divergence)\n"
        "aggregation  series_mean{}\n"
        "  series_mean: a valid step weighs 1 / (series, valid steps of its own) (Shao et al. 2024, arXiv:2402.03300, "
        "eq. 3)\n"
        "update       update{epochs = 1, normalize = none, adam{rate = 1e-06, epsilon = 1e-08}, max_gradient_norm = "
        "1}\n\n"
        "certain: advantage, objective, k3 in the loss with .04, both means, G 64, 1024 tokens, batches of 1024, rate "
        "1e-6, one update a rollout\n"
        "open:    the clip (.2 here) and whether std divides by n or n - 1 (here) are not said; 1e-6 beside it is "
        "verl's\n");
  CHECK_THAT(text(preset::reinforce_plus_plus()),
             ContainsSubstring(
                 "whitened{kl_in_reward{monte_carlo{gamma = 1}, k1, weight = 0.01}, ddof = 1, epsilon = 1e-08}"));
  CHECK_THAT(text(preset::trpo()), ContainsSubstring("trust_region{target_kl = 0.01, "));
  CHECK_THAT(text(preset::dpo()), ContainsSubstring("dpo{beta = 0.1, label_smoothing = 0}"));
  CHECK_THAT(text(preset::deepseek_r1()), ContainsSubstring("reference    refresh{every = 25, share = 1}"));
}

TEST_CASE(
    "presets: what differs from its usual value is printed, such as a rollout's noise and a transform's steepness") {
  hybrid_grpo steep{.baseline = {.leave_one_out = true}, .transform = reward_transform::tanh, .tau = 2};
  algorithm probing{
      .rollout = probes{.execute = executed_probe::softmax, .sharpness = 3, .noise = action_noise::common},
      .advantage = steep,
      .update = update{.standardization = {.ddof = 0, .divide = false}}};
  CHECK_THAT(text(probing),
             ContainsSubstring(
                 "probes{lanes = 8, horizon = 32, group = 4, execute = softmax, sharpness = 3, noise = common}"));
  CHECK_THAT(
      text(probing),
      ContainsSubstring(
          "hybrid_grpo{gamma = 0.99, weight = 1, kappa = 0.5, leave_one_out = true, transform = tanh, tau = 2}"));
  CHECK_THAT(
      text(probing),
      ContainsSubstring(
          "normalize = minibatch, standardization = standardize{ddof = 0, epsilon = 1e-08, divide = false}, adam{"));
  CHECK_THAT(text(algorithm{.rollout = groups{.noise = action_noise::common}}),
             ContainsSubstring("groups{count = 2, group = 8, noise = common}"));
  CHECK_THAT(text(algorithm{.rollout = vine{.noise = action_noise::common}}),
             ContainsSubstring("gamma = 0.99, noise = common}"));
  CHECK_THAT(text(algorithm{.advantage = chained_samples{.tau = 3}}), ContainsSubstring("tau = 3}"));
  CHECK_THAT(text(algorithm{.advantage = advantage_as_reward<>{.tau = 3}}), ContainsSubstring("tau = 3}"));
  CHECK_THAT(text(algorithm{.update = trust_region<>{.backtracks = 4, .normalize = normalization::none}}),
             ContainsSubstring("iterations = 15, backtracks = 4, normalize = none, critic"));
  CHECK_THAT(text(preset::vapo()), ContainsSubstring("decoupled{length_adaptive_gae{gamma = 1, alpha = 0.05}, target = "
                                                     "monte_carlo{gamma = 1, bootstrap = false}}"));
  CHECK_THAT(text(preset::vapo()),
             ContainsSubstring("+ 0.1 weighted(high_return{threshold = 0.5, normalize = true}, log_likelihood{})"));
}
