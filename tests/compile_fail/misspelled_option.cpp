// An option that there is not: where it stands is shown, and what there is, or the type that has no such member.
// case: option_of_component -DCOMPONENT
// expect: 'epsilonn'
// case: option_of_optimizer -DOPTIMIZER
// expect: 'lr'
// case: option_of_policy -DPOLICY
// expect: has .hidden, .activation, .trunk, .policy_gain, .value_gain, .log_std
// case: option_of_policy_with_distribution -DDISTRIBUTION
// expect: has .hidden, .activation, .trunk, .policy_gain, .value_gain, .log_std
// case: option_of_train -DTRAIN
// expect: train_options
// case: option_of_train_with_preset -DPRESET
// expect: train_options
// case: option_of_training -DTRAINING
// expect: the options are .steps, .updates and .seed
// case: option_of_average -DAVERAGE
// expect: the options are .share, .corrected and .every
// case: option_of_language_model -DLANGUAGE
// expect: backend, decoder_options, random_seed, language_options
// at most: 10 lines
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#if defined(CONTROL) || defined(LANGUAGE)
#include <cohort/language.hpp>
#endif
#if defined(CONTROL) || defined(PRESET)
#include <cohort/presets.hpp>
#endif

using namespace cohort;

int main() {
  eigen::backend cpu;
  classic_control::pendulum environment;
#ifdef CONTROL
  auto policy = actor_critic{cpu, environment, {.hidden = {8}}};
  auto other = actor{cpu, environment, beta_distribution{}, {.hidden = {8}}, random_seed{1}};
  train(cpu, algorithm{.objective = clipped_ratio{.epsilon = .1}}, environment, policy, {.steps = 5});
  training run{cpu, algorithm{}, environment, policy, {.steps = 5}};
  moving_average by_default{cpu}, average{cpu, {.share = .02}};
  language_model model{cpu, {.vocabulary = 4}};
#elif defined(COMPONENT)
  auto objective = clipped_ratio{.epsilonn = .1} + value_loss{};
#elif defined(OPTIMIZER)
  auto optimizer = adam{.lr = 1e-3};
#elif defined(POLICY)
  auto policy = actor_critic{cpu, environment, {.hiden = {8}}};
#elif defined(DISTRIBUTION)
  auto policy = actor{cpu, environment, beta_distribution{}, {.hiden = {8}}, random_seed{1}};
#elif defined(AVERAGE)
  moving_average average{cpu, {.shar = .02}};
#elif defined(LANGUAGE)
  language_model model{cpu, {.vocabulari = 4}};
#else
  auto policy = actor_critic{cpu, environment};
#ifdef TRAIN
  train(cpu, algorithm{}, environment, policy, {.step = 5}, progress_bar{});
#elif defined(PRESET)
  train(cpu, preset::make("ppo"), environment, policy, {.step = 5});
#else
  training run{cpu, algorithm{}, environment, policy, {.step = 5}};
#endif
#endif
}
