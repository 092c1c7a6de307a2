// GRPO on a real model: it learns to answer in 20 characters, the reward of TRL's quick start.
//
//     shorten --model models/SmolLM2-135M-Instruct.Q4_1.gguf --out short.gguf --updates 20
//     cohort chat --model short.gguf
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/language.hpp>
#include <cohort/language/files/model_text.hpp>
#include <cohort/language/files/write_gguf.hpp>

#include "../program/command_line.hpp"
#include "../program/numbers.hpp"

namespace {

using namespace cohort;

constexpr char const* questions[] = {"What is the capital of France?",
                                     "Why is the sky blue?",
                                     "What do bees make?",
                                     "Who wrote Hamlet?",
                                     "How do plants eat?",
                                     "What is a prime number?",
                                     "What is the opposite of hot?",
                                     "Where do penguins live?",
                                     "What is water made of?",
                                     "How many legs has a spider?",
                                     "What is the largest planet?",
                                     "Why do we sleep?",
                                     "What is the color of grass?",
                                     "What is gravity?",
                                     "Who painted the Mona Lisa?",
                                     "What is the square root of 81?",
                                     "What does a baker do?",
                                     "What is the moon?",
                                     "How do fish breathe?",
                                     "What is the fastest animal?",
                                     "When do leaves fall?",
                                     "What is a poem?",
                                     "How long is a day on Earth?",
                                     "What is the tallest mountain?"};

/// A question, whose answer is worth the more the nearer it is to 20 characters.
struct short_answers {
  struct row {
    std::size_t question;
  };
  language::model_text const& text;

  row draw(random_stream& draws) const { return {draws.integer(std::size(questions))}; }
  std::vector<std::int32_t> prompt(row const& r) const {
    std::vector<language::chat_turn> const turns{{"user", questions[r.question]}};
    return text.words.encode((*text.chat)(turns), {.begin_end = false});
  }
  std::int32_t stop() const { return text.stop.at(0); }
  double score(row const&, std::span<std::int32_t const> tokens, bool, sample_place) const {
    return -std::abs(20. - double(text.words.decode(tokens).size()));
  }
};

void shorten(std::filesystem::path const& from, std::filesystem::path const& to, int updates, double rate,
             int threads) {
  eigen::backend cpu({.threads = threads});
  language::gguf_model const file(from);
  language::model_text const text = language::read_text(from);
  if (!text.chat || text.stop.empty()) throw cohort_error(text.why_no_chat + "; it takes a model that talks");
  language_model policy(cpu, file.options(), random_seed{}, {.initial_std = 0});
  std::span<float> const parameters(policy.parameters().data, std::size_t(policy.parameters().size()));
  file.read_parameters<float>(parameters);

  auto grpo = algorithm{
      .rollout = completions{.prompts = 1, .group = 8, .max_tokens = 48},
      .advantage = group_relative{},
      .objective = clipped_ratio{} + kl_penalty{.estimator = k3{}, .weight = .04},
      .update = update{.epochs = 1,
                       .minibatches = 1,
                       .normalize = normalization::none,
                       .optimizer = adam{.rate = rate},
                       .max_gradient_norm = 1},
  };
  train(cpu, grpo, short_answers{text}, policy, {.steps = 1'000'000'000, .updates = updates, .seed = 1},
        [](auto const& report) {
          program::print("update " + std::to_string(report.updates) + ", reward " +
                         std::to_string(report.completions.reward) + ", tokens " +
                         std::to_string(report.completions.mean_length) + "\n");
        });
  language::write_gguf<float>(
      to, file.options(), parameters,
      {.stop_tokens = file.stop_tokens(), .values = file::new_gguf_values{}.copy(file.file(), "tokenizer.")});
}

}  // namespace

int main(int argc, char** argv) {
  using namespace program;
  typed model, out, updates, rate, threads;
  CLI::App app{"Trains a language model by GRPO to answer in 20 characters.", "shorten"};
  add(app, "--model", model, "a GGUF file with a tokenizer and a chat template", "FILE")->required();
  add(app, "--out", out, "the GGUF file that it becomes", "FILE")->required();
  add(app, "--updates", updates, "[20]", "N");
  add(app, "--rate", rate, "of Adam [2e-6]", "X");
  add(app, "--threads", threads, "threads [one for each core]", "N");
  return run(app, argc, argv, [&] {
    auto positive = [](double x) { return x > 0 && x < 1; };
    shorten(*model, *out, whole_number_of("--updates", updates, 20, 1),
            number_of("--rate", rate, 2e-6, positive, "a positive number"), threads_of(threads));
  });
}
