#include <cohort/backend/eigen.hpp>
#include <cohort/language.hpp>
#include <cohort/run/saved_state.hpp>

#include "../catch.hpp"
#include "../support/echo.hpp"

using namespace cohort;
using support::echo;

namespace {

struct two_answers : echo {
  std::vector<std::int32_t> chosen(row const& r) const { return solution(r); }
  std::vector<std::int32_t> rejected(row const&) const { return {11}; }
};

/// Four updates in one run; two of a run, and two more of another that was given the state of the first.
template <class Algorithm>
void goes_on_bit_by_bit(Algorithm const& algorithm) {
  eigen::backend cpu;
  two_answers const task;
  auto model = [&] {
    return language_model{cpu,
                          decoder_options{.vocabulary = 12, .hidden = 8, .intermediate = 16, .layers = 1, .heads = 2},
                          random_seed{1}};
  };
  auto values = [](auto& m) {
    auto p = m.parameters();
    return std::vector<float>(p.data, p.data + p.rows);
  };
  auto whole = model(), first = model(), second = model();
  train_options const options{.updates = 4, .seed = 2};
  training one{cpu, algorithm, task, whole, options};
  while (one.step()) {
  }
  training before{cpu, algorithm, task, first, options};
  REQUIRE(before.step());
  REQUIRE(before.step());
  training after{cpu, algorithm, task, second, options};
  copy_in(cpu, after, copy_out(cpu, before));
  while (after.step()) {
  }
  CHECK(values(second) == values(whole));
  CHECK(after.report().steps == one.report().steps);
  CHECK(after.report().metrics.loss == one.report().metrics.loss);
}

auto const once = update{.epochs = 1, .minibatches = 2, .normalize = normalization::none, .optimizer = adamw{}};

}  // namespace

TEST_CASE("training: a language model's run that is copied in the middle goes on bit by bit, in every rollout") {
  SECTION("completions") {
    goes_on_bit_by_bit(algorithm{.rollout = completions{.prompts = 4, .group = 4, .max_tokens = 3},
                                 .advantage = group_relative{},
                                 .objective = clipped_ratio{} + kl_penalty{},
                                 .update = once,
                                 .reference = {.every = 2}});
  }
  SECTION("demonstrations") {
    goes_on_bit_by_bit(algorithm{
        .rollout = demonstrations{8}, .advantage = no_advantage{}, .objective = log_likelihood{}, .update = once});
  }
  SECTION("preferences") {
    goes_on_bit_by_bit(
        algorithm{.rollout = preferences{8}, .advantage = no_advantage{}, .objective = dpo{}, .update = once});
  }
}
