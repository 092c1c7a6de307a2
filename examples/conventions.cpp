// What the conventions of other libraries give on one small batch: the tables of docs/conventions.md, which a test
// compares with what this prints.
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>
#include <cstdio>
#include <initializer_list>
#include <string>

#include "conventions/worked_batch.hpp"
using namespace cohort;

using cpu = eigen::basic_backend<double>;

std::string text(double x) {
  if (std::abs(x) < 5e-5) return "0";
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, std::abs(x) < 1000 ? "%.4f" : "%.0f", x);
  return buffer;
}
void print_row(std::string const& who, std::string const& rule, numbers const& found, std::string expression) {
  while (expression.find("cohort::") != std::string::npos) expression.erase(expression.find("cohort::"), 8);
  if (auto broken = expression.find("{ ."); broken != std::string::npos) expression.erase(broken + 1, 1);
  std::printf("| %s | %s |", who.c_str(), rule.c_str());
  for (double x : found) std::printf(" %s |", text(x).c_str());
  std::printf(" `%s` |\n", expression.c_str());
}
void print_head(std::vector<std::string> const& names) {
  std::printf("\n|");
  for (auto const& name : names) std::printf(" %s |", name.c_str());
  std::printf("\n|");
  for (std::size_t i = 0; i < names.size(); ++i) std::printf(" --- |");
  std::printf("\n");
}

template <class E>
numbers advantages(E const& estimator, batch_view<double> const& b) {
  cpu backend;
  numbers advantage(24), target(24);
  estimator(backend, b, {{advantage.data(), 24}, {target.data(), 24}});
  return advantage;
}
numbers at(numbers const& all, std::initializer_list<int> steps) {
  numbers some;
  for (int i : steps) some.push_back(all[std::size_t(i)]);
  return some;
}

// The expression in the last column is the one that was computed.
#define OUTCOME(who, rule, ...) \
  print_row(who, rule, at(advantages(__VA_ARGS__, batch), {0, 3, 8, 10, 14, 22}), #__VA_ARGS__)
#define STEPS(who, rule, ...) print_row(who, rule, at(advantages(__VA_ARGS__, batch), {3, 4, 7}), #__VA_ARGS__)

void outcomes() {
  worked_batch w;
  auto batch = w.views();
  print_head({"as in", "rule", "A1", "A2", "A3", "A4", "B1 to B4", "C1", "Cohort"});
  OUTCOME("verl `grpo`", "std + 1e-6, ddof 1; alone: the raw score", group_relative{.single = group_of_one::raw});
  OUTCOME("TRL `scale_rewards=\"group\"`", "std + 1e-4; alone: 0", group_relative{.epsilon = 1e-4});
  OUTCOME("OpenRLHF `group_norm`", "std + 1e-9", group_relative{.epsilon = 1e-9});
  OUTCOME("TorchRL `MCAdvantage(trajectory_return=\"sum\")`", "max(std, 1e-6)",
          group_relative{.epsilon = 1e-6, .rule = epsilon_rule::floor});
  OUTCOME("none of them", "ddof 0", group_relative{.ddof = 0});
  OUTCOME("TRL `scale_rewards=\"batch\"`", "std of all scores + 1e-4",
          group_relative{.scale = group_scale::batch_std, .epsilon = 1e-4});
  OUTCOME("Dr. GRPO; OpenRLHF `dr_grpo`, prime-rl", "not divided", group_relative{.scale = group_scale::none});
  OUTCOME("verl `rloo`", "leave one out; alone: the raw score",
          group_relative{
              .baseline = group_baseline::leave_one_out, .scale = group_scale::none, .single = group_of_one::raw});
  OUTCOME("verl `rloo_vectorized`, OpenRLHF `rloo`, TRL RLOO", "leave one out; alone: 0",
          group_relative{.baseline = group_baseline::leave_one_out, .scale = group_scale::none});
  OUTCOME("verl `opo`", "mean weighted by length: A2 counts 3 steps, not 5", opo{.single = group_of_one::raw});
  OUTCOME("verl `gpg`", "times series / series not 0", gpg{.single = group_of_one::raw});
  OUTCOME("prime-rl MaxRL", "over the group's mean", max_rl{});
  OUTCOME("verl `grpo_passk`", "the best one's lead over the second; verl refuses C", best_of_group{});
  OUTCOME("verl `reinforce_plus_plus_baseline`", "whitened over valid steps, ddof 1",
          whitened{group_relative{.scale = group_scale::none, .single = group_of_one::raw}});
  OUTCOME("OpenRLHF `reinforce_baseline`", "whitened over valid steps, ddof 0; alone: 0",
          whitened{group_relative{.scale = group_scale::none}, standardize{.ddof = 0}});
  OUTCOME("TRL RLOO `normalize_advantages`", "over the series with company, std + 1e-4",
          weighted_rewards{.how = {.baseline = group_baseline::leave_one_out, .scale = group_scale::none},
                           .batch_wide = standardize{.epsilon = 1e-4}});
  batch.groups = partition::segments({w.one_group.data(), 2}, 9, 9);
  OUTCOME("OpenRLHF `flash_reinforce`", "less the batch's mean: all nine are one group",
          group_relative{.scale = group_scale::none});
}

/// A group as a library computes it in float32, without a rule for noise.
void rounding_noise() {
  float x[] = {.3f, std::nextafter(.3f, 1.f), .3f, .3f}, mean = (x[0] + x[1] + x[2] + x[3]) / 4, squares = 0;
  for (float r : x) squares += (r - mean) * (r - mean);
  float deviation = std::sqrt(squares / 3);
  auto line = [&](char const* who, char const* rule, float divisor) {
    std::printf("| %s | %s | %s | %s | 0 |\n", who, rule, text((x[0] - mean) / divisor).c_str(),
                text((x[1] - mean) / divisor).c_str());
  };
  print_head({"as in", "rule", "B1, B3, B4", "B2", "Cohort, all"});
  line("TRL", "std + 1e-4", deviation + 1e-4f);
  line("verl", "std + 1e-6", deviation + 1e-6f);
  line("TorchRL", "max(std, 1e-6)", std::max(deviation, 1e-6f));
  line("OpenRLHF", "std + 1e-9", deviation + 1e-9f);
}

void tool_spans() {
  worked_batch w;
  w.reward[7] = 1;  // A2 is right here
  auto batch = w.with_critic();
  w.next_value[4] = w.value[7];  // after the tool the model goes on
  print_head({"as in", "rule", "step 1", "step 2", "step 5", "Cohort"});
  STEPS("verl `gae`", "invalid steps are skipped", gae{.gamma = .9, .lambda = .8});
  w.next_value[4] = w.next_value[5] = 0;
  STEPS("OpenRLHF `gae`", "gamma and lambda go on over them, their value is 0",
        gae{.gamma = .9, .lambda = .8, .invalid = invalid_steps::decay});
  batch.value = batch.next_value = {};
  STEPS("verl `reinforce_plus_plus`, before it is whitened", "skipped", monte_carlo{.gamma = .9});
  STEPS("OpenRLHF `reinforce`, before it is whitened", "gamma goes on",
        monte_carlo{.gamma = .9, .invalid = invalid_steps::decay});
}

void time_limits() {
  worked_batch w;
  w.terminated[2] = 0, w.next_value[2] = .8;  // A1 was cut off after its third step, in a state of value .8
  auto batch = w.with_critic();
  auto line = [&](char const* who, char const* rule, char const* how) {
    print_row(who, rule, at(advantages(gae{.gamma = .9, .lambda = .8}, batch), {0, 1, 2}), how);
  };
  print_head({"as in", "rule", "step 1", "step 2", "step 3", "Cohort"});
  w.truncated[2] = 1;
  line("Stable-Baselines3, TorchRL", "a truncation bootstraps", "gae{.gamma = .9, .lambda = .8}, truncated[2] = 1");
  w.truncated[2] = 0, w.terminated[2] = 1;
  line("CleanRL", "and does not: it is as a termination", "gae{.gamma = .9, .lambda = .8}, terminated[2] = 1");
}

void whitenings() {
  numbers const x{-1, 0, 0, 3};
  cpu backend;
  print_head({"as in", "rule", "-1", "0", "3", "Cohort"});
  auto line = [&](char const* who, char const* rule, char const* expression, standardize const& how) {
    numbers z = x;
    how(backend, view<double>{z.data(), 4});
    print_row(who, rule, {z[0], z[1], z[3]}, expression);
  };
  line("Stable-Baselines3, CleanRL; verl, TorchRL to 1e-6", "ddof 1, std + 1e-8", "standardize{}", standardize{});
  line("TRL", "ddof 1, std + 1e-4", "standardize{.epsilon = 1e-4}", standardize{.epsilon = 1e-4});
  line("OpenRLHF; TorchRL with a mask", "ddof 0, a least value for std", "standardize{.ddof = 0}",
       standardize{.ddof = 0});
  line("OpenRLHF `no_std_norm`", "only moved", "standardize{.divide = false}", standardize{.divide = false});
}

void kl_places() {
  worked_batch w;
  auto batch = w.views();
  auto line = [&](char const* who, char const* rule, char const* expression, auto const& estimator) {
    print_row(who, rule, at(advantages(estimator, batch), {0, 1, 2}), expression);
  };
#define PLACE(who, rule, ...) line(who, rule, #__VA_ARGS__, __VA_ARGS__)
  print_head({"as in", "rule", "step 1", "step 2", "step 3", "Cohort"});
  PLACE("TRL, verl with a KL loss", "not in the advantage", group_relative{.scale = group_scale::none});
  PLACE("TRL RLOO, verl `use_kl_in_reward`", "off the score, inside the baseline",
        kl_in_reward{.estimator = group_relative{.scale = group_scale::none}, .weight = .1});
  PLACE("OpenRLHF with a group's baseline", "what is still to come, outside",
        kl_to_go{.estimator = group_relative{.scale = group_scale::none}, .weight = .1});
#undef PLACE
}

template <class Estimator>
void kl_line(char const* who, char const* expression, Estimator const& estimator) {
  using D = dual<real<double>, 1>;
  numbers found;
  auto both = [&](double x) {
    if constexpr (requires { estimator(D{}, real<double>{}, real<double>{}); })
      return estimator(D::variable(x, 0), real<double>(0), real<double>(x - std::log(1.5)));
    else return estimator(D::variable(x, 0), real<double>(0));
  };
  for (double x : {-12., -.5, .5, 12.}) found.push_back(both(x).value.value);
  for (double x : {-12., -.5, .5, 12.}) found.push_back(both(x).tangent[0].value);
  std::printf("| %s |", who);
  for (double x : found) std::printf(" %s |", text(x).c_str());
  std::printf(" `%s` |\n", expression);
}
void kls() {
  print_head({"as in", "at -12", "-0.5", "0.5", "12", "slope at -12", "-0.5", "0.5", "12", "Cohort"});
  kl_line("k1: TRL RLOO, verl `kl`", "k1{}", k1{});
  kl_line("k1: OpenRLHF", "clamped{k1{}, 1e9, 10}", clamped{k1{}, 1e9, 10});
  kl_line("verl `abs`", "absolute_log_ratio{}", absolute_log_ratio{});
  kl_line("k2: verl `mse`", "k2{}", k2{});
  kl_line("k2: OpenRLHF", "clamped{k2{}, 1e9, 10}", clamped{k2{}, 1e9, 10});
  kl_line("k3: TRL before 1.16 by default, Liger, TorchRL", "k3{}", k3{});
  kl_line("k3: TRL 1.16, of a ratio of 1.5", "ratio_corrected{k3{}}", ratio_corrected{k3{}});
  kl_line("k3: verl `low_var_kl`", "clamped{k3{}, 20, 10}", clamped{k3{}, 20, 10});
  kl_line("k3: OpenRLHF", "clamped{k3{}, 1e9, 10}", clamped{k3{}, 1e9, 10});
  kl_line("verl `k3+`", "straight_through{clamped{k3{}, 20, 10}}", straight_through{clamped{k3{}, 20, 10}});
}

void aggregations() {
  worked_batch w;
  numbers advantage = advantages(group_relative{}, w.views());
  for (int i : {20, 21}) w.valid[std::size_t(i)] = 0;
  std::vector<std::int32_t> series_of;
  for (int n = 0; n < 9; ++n) series_of.insert(series_of.end(), std::size_t(w.offsets[n + 1] - w.offsets[n]), n);
  cpu backend;
  auto line = [&](char const* who, char const* rule, char const* expression, auto const& mode) {
    numbers weight(24);
    mode(backend, {24, 9, {series_of.data(), 24}, {w.valid.data(), 24}}, view<double>{weight.data(), 24});
    double loss = 0;
    for (std::size_t i = 0; i < 24; ++i) loss -= weight[i] * (w.valid[i] ? advantage[i] : 0);
    print_row(who, rule, {weight[0], weight[3], weight[16], loss}, expression);
  };
#define MODE(who, rule, ...) line(who, rule, #__VA_ARGS__, __VA_ARGS__)
  print_head({"as in", "rule", "a step of A1", "of A2", "of B2", "loss", "Cohort"});
  MODE("verl and OpenRLHF `token-mean`, TRL `dapo`", "1 / valid steps", step_mean{});
  MODE("verl `token-sum`", "1", step_sum{});
  MODE("verl `seq-mean-token-mean`, OpenRLHF by series", "series without a valid step leave", series_mean{});
  MODE("TRL and Liger `grpo`, TorchRL `prompt_mean`", "and count", series_mean{.empty = empty_series::count});
  MODE("verl `seq-mean-token-sum`", "1 / series", series_sum_mean{});
  MODE("verl `seq-mean-token-sum-norm`", "over the longest, 5", series_sum_mean{.length = 5});
  MODE("TRL and Liger `dr_grpo`", "over the longest allowed, here 8; all series",
       series_sum_mean{.length = 8, .empty = empty_series::count});
  MODE("TRL `luspo` from 1.10 on", "1 / all series", series_sum_mean{.empty = empty_series::count});
  MODE("Liger `luspo` by token", "its series' valid steps / (all series, longest)",
       series_sum_mean{.length = 5, .empty = empty_series::count, .times_own = true});
  MODE("TRL `bnpo`, microbatches of 3 series", "each microbatch its own mean", piecewise_step_mean{.series = 3});
  MODE("TorchRL's KL", "1 / (series, longest): padding counts as 0",
       series_sum_mean{.length = 5, .empty = empty_series::count});
#undef MODE
}

int main() {
  outcomes();
  rounding_noise();
  tool_spans();
  time_limits();
  whitenings();
  kl_places();
  kls();
  aggregations();
}
