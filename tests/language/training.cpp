#include <cohort/backend/eigen.hpp>
#include <cohort/backend/saved_state.hpp>
#include <cohort/language.hpp>
#include <cstddef>
#include <span>
#include <vector>

#include "../catch.hpp"
#include "../support/echo.hpp"
#include "../support/goes_on.hpp"

using namespace cohort;
using support::echo;

namespace {

struct two_answers : echo {
  std::vector<std::int32_t> chosen(row const& r) const { return solution(r); }
  std::vector<std::int32_t> rejected(row const&) const { return {11}; }
};

template <class Algorithm>
void goes_on_bit_by_bit(Algorithm const& algorithm) {
  eigen::backend cpu;
  decoder_options const shape{.vocabulary = 12, .hidden = 8, .intermediate = 16, .layers = 1, .heads = 2};
  support::goes_on_bit_by_bit(
      cpu, algorithm, two_answers{}, [&] { return language_model{cpu, shape, random_seed{1}}; }, 2);
}

auto const once = update{.epochs = 1, .minibatches = 2, .normalize = normalization::none, .optimizer = adamw{}};

/// Scored all at once, as rewards are that can work side by side.
struct echo_at_once : echo {
  std::vector<std::size_t>* asked;
  std::vector<double> scores(std::span<drawn_completion<row> const> all) const {
    asked->push_back(all.size());
    std::vector<double> said;
    for (auto const& c : all) said.push_back(score(c.row, c.tokens, c.stopped));
    return said;
  }
};
template <class Task>
std::vector<float> trained_on(Task const& task) {
  eigen::backend cpu;
  decoder_options const shape{.vocabulary = 12, .hidden = 8, .intermediate = 16, .layers = 1, .heads = 2};
  language_model model{cpu, shape, random_seed{1}};
  train(cpu,
        algorithm{.rollout = completions{.prompts = 4, .group = 3, .max_tokens = 3},
                  .advantage = group_relative{},
                  .objective = clipped_ratio{},
                  .update = once},
        task, model, {.steps = 1000, .updates = 2, .seed = 1});
  auto const parameters = model.parameters();
  return {parameters.data, parameters.data + parameters.size()};
}

}  // namespace

TEST_CASE("training: a task is asked for the scores of a rollout at once if it likes, to the same bits") {
  std::vector<std::size_t> asked;
  echo_at_once task;
  task.asked = &asked;
  CHECK(trained_on(task) == trained_on(echo{}));
  CHECK(asked == std::vector<std::size_t>{12, 12});
}

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
