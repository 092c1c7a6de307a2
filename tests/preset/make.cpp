#include <algorithm>
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cohort/language.hpp>
#include <cohort/preset/make.hpp>
#include <variant>

#include "../catch.hpp"
#include "../support/echo.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;

namespace {

using cpu = eigen::basic_backend<double>;
using by_name = any_algorithm<cpu, any_rollout, any_update<cpu>>;

/// Its wrong answer says the next digit; odd tokens have the better score.
struct echo : support::echo {
  std::vector<std::int32_t> chosen(row const& r) const { return solution(r); }
  std::vector<std::int32_t> rejected(row const& r) const { return {(r.digit + 1) % 10, 10}; }
  double score(row const&, std::span<std::int32_t const> tokens, bool stopped) const {
    return tokens[0] % 2 + .25 * double(tokens.size()) + .125 * stopped;
  }
  std::vector<double> parts(row const&, std::span<std::int32_t const> tokens, bool stopped) const {
    return {double(tokens[0] % 2), double(stopped)};
  }
};

// Presets at the size of a test: the same components, fewer and shorter rollouts.
struct shrink {
  void operator()(completions& r) const {
    r.prompts = 4, r.group = std::min(r.group, 4), r.max_tokens = 4, r.resample = std::min(r.resample, 1);
  }
  void operator()(lanes& r) const { r.count = 2, r.horizon = 16; }
  void operator()(probes& r) const { r.lanes = 2, r.horizon = 16; }
  void operator()(groups& r) const { r.count = 2, r.group = 4; }
  void operator()(vine& r) const { r.lanes = 2, r.horizon = 8, r.rollouts = 2; }
  void operator()(auto& r) const { r.count = 8; }
  template <class O>
  void operator()(update<O>& u) const {
    u.minibatches = 2, u.epochs = std::min(u.epochs, 2), u.minibatch_size = 0;
  }
  template <class C>
  void operator()(trust_region<C>& u) const {
    (*this)(u.critic);
  }
  template <class C, class T>
  void operator()(critic_warmup<C, T>& u) const {
    u.updates = 0, (*this)(u.then);
  }
};
by_name small(preset::named const& p) {
  auto a = p.on<cpu>();
  std::visit(shrink{}, a.rollout.kind), std::visit(shrink{}, a.update.kind);
  return a;
}
bool plays(by_name const& a) {
  return std::visit([]<class R>(R const&) { return !requires { typename R::reads_a_task; }; }, a.rollout.kind);
}
template <class Policy>
std::vector<double> parameters_of(Policy& policy) {
  auto now = policy.parameters();
  return {now.data, now.data + now.rows};
}

/// One update of a preset moves the parameters, and all numbers stay finite.
template <class E, class Policy>
void check_update(cpu& backend, by_name const& a, E const& environment, Policy policy) {
  auto before = parameters_of(policy);
  auto report = train(backend, a, environment, policy, {.steps = 100'000, .updates = 1, .seed = 2});
  CHECK(report.updates == 1);
  CHECK(std::isfinite(report.metrics.loss));
  CHECK(report.metrics.gradient_norm > 0);
  auto after = parameters_of(policy);
  CHECK(before != after);
  CHECK(std::all_of(after.begin(), after.end(), [](double x) { return std::isfinite(x); }));
}

decoder_options const shape{.vocabulary = 12, .hidden = 16, .intermediate = 32, .layers = 1, .heads = 2, .context = 16};
language_options const how{.initial_std = .2};

}  // namespace

TEST_CASE("presets: each one for environments makes an update") {
  cpu backend;
  classic_control::cart_pole environment;
  for (auto const& name : preset::names()) {
    INFO(name);
    auto a = small(preset::make(name));
    if (!plays(a)) continue;
    if (a.objective.reads() & needs::value || a.advantage.reads() & needs::critic)
      check_update(backend, a, environment, actor_critic{backend, environment, {.hidden = {8}}, random_seed{1}});
    else check_update(backend, a, environment, actor{backend, environment, {.hidden = {8}}, random_seed{1}});
  }
}

TEST_CASE("presets: each one for language models makes an update") {
  cpu backend;
  for (auto const& name : preset::names()) {
    INFO(name);
    auto a = small(preset::make(name));
    if (plays(a)) continue;
    if (a.objective.reads() & needs::value)
      check_update(backend, a, echo{}, language_model_with_value{backend, shape, random_seed{1}, how});
    else check_update(backend, a, echo{}, language_model{backend, shape, random_seed{1}, how});
  }
}

TEST_CASE("presets: one by name does what the composed one does, bit by bit") {
  cpu backend;
  classic_control::cart_pole environment;
  auto both = [&](auto composed, preset::named const& named) {
    auto a = actor_critic{backend, environment, {.hidden = {8}}, random_seed{1}}, b = a;
    train(backend, composed, environment, a, {.steps = 4000, .updates = 2, .seed = 3});
    train(backend, named, environment, b, {.steps = 4000, .updates = 2, .seed = 3});
    CHECK(parameters_of(a) == parameters_of(b));
    CHECK(text(composed) == named.text());
  };
  auto ppo = preset::ppo_37();
  ppo.rollout.horizon = 64, ppo.update.minibatches = 2,
  ppo.objective = clipped_ratio{.epsilon = .1} + clipped_value_loss{.weight = .25, .clip = .3};
  both(ppo,
       preset::make(
           "ppo_37",
           {{"rollout.horizon", 64}, {"update.minibatches", 2}, {"objective.epsilon", .1}, {"objective.clip", .3}}));
  auto trpo = preset::trpo();
  trpo.rollout.horizon = 64, trpo.update.target_kl = .02;
  both(trpo, preset::make("trpo", {{"rollout.horizon", 64}, {"update.target_kl", .02}}));
}

TEST_CASE("presets: a setting finds its number with and without the names in between") {
  auto text_of = [](std::vector<setting> s) { return preset::make("grpo", std::move(s)).text(); };
  CHECK_THAT(text_of({{"objective.epsilon", .1}}),
             ContainsSubstring("clipped_ratio{epsilon = 0.1, epsilon_high = 0.1}"));
  CHECK_THAT(text_of({{"objective.clipped_ratio.epsilon_high", .3}, {"objective.epsilon", .1}}),
             ContainsSubstring("clipped_ratio{epsilon = 0.1, epsilon_high = 0.3}"));
  CHECK_THAT(text_of({{"objective.kl_penalty.weight", .5}}), ContainsSubstring("kl_penalty{k3, weight = 0.5}"));
  CHECK_THAT(text_of({{"update.rate", 1e-3}}), ContainsSubstring("adam{rate = 0.001"));
  CHECK_THAT(text_of({{"rollout.temperature", .5}}), ContainsSubstring("temperature = 0.5"));
  CHECK_THAT(text_of({{"advantage.epsilon", .5}, {"advantage.ddof", 0}}),
             ContainsSubstring("group_relative{ddof = 0, epsilon = 0.5}"));
}

TEST_CASE("presets: unknown names, fields and numbers are refused with what there is") {
  CHECK_THROWS_WITH(preset::make("grop"), ContainsSubstring("no algorithm named 'grop'; the nearest are"));
  CHECK_THROWS_WITH(preset::make("grpo", {{"objective.epsilom", .1}}),
                    ContainsSubstring("no parameter named 'objective.epsilom'") &&
                        ContainsSubstring("the nearest are objective.epsilon"));
  CHECK_THROWS_WITH(preset::make("grpo", {{"rollout.group", 2.5}}),
                    ContainsSubstring("rollout.group is 2.5, expected a whole number"));
  CHECK_THROWS_WITH(preset::make("grpo", {{"objective.epsilon", -.1}}),
                    ContainsSubstring("clipped_ratio: epsilon is -0.1"));
  CHECK_THROWS_WITH(preset::make("ppo_37", {{"objective.weight", 1}, {"rollout.count", 0}}),
                    ContainsSubstring("lanes: count is 0"));
}

TEST_CASE("presets: one that does not fit the environment or the policy is refused where the run begins") {
  cpu backend;
  classic_control::cart_pole environment;
  auto policy = actor{backend, environment, {.hidden = {8}}, random_seed{1}};
  CHECK_THROWS_WITH(train(backend, preset::make("grpo"), environment, policy, {}),
                    ContainsSubstring("the algorithm's rollout is completions{"));
  CHECK_THROWS_WITH(train(backend, preset::make("hybrid_grpo"), environment, policy, {}),
                    ContainsSubstring("the algorithm's rollout is probes{"));
  CHECK_THROWS_WITH(train(backend, preset::make("ppo"), environment, policy, {}), ContainsSubstring("value"));
}
