#pragma once
#include <cohort/backend/stored_types.hpp>
#include <cohort/language/model/generation_options.hpp>

#include "../program/command_line.hpp"
#include "../program/numbers.hpp"

/// The options that programs on language models have in common.
namespace program {

/// The type of that name, of those that are written; nothing where there is none.
inline std::optional<cohort::stored_type> written_type(std::string const& given) {
  using enum cohort::stored_type;
  for (auto [name, type] : {std::pair("f32", f32), {"f16", f16}, {"bf16", bf16}, {"q8_0", q8_0}})
    if (given == name) return type;
  return {};
}
inline std::optional<cohort::stored_type> stored_type_of(std::string const& option, typed const& given) {
  if (!given) return {};
  if (auto const type = written_type(*given)) return type;
  throw usage_error(option + " is '" + *given + "', expected f32, f16, bf16 or q8_0");
}

/// Which model, as what, on how many threads.
struct model_options {
  typed path_, type_, threads_;
  bool wide = false;

  void add_to(CLI::App& app) {
    add(app, "--model", path_, "a GGUF file, or a folder as Hugging Face has it: config.json, model.safetensors",
        "PATH")
        ->required();
    add(app, "--type", type_, "holds the weights as f32, f16, bf16 or q8_0 [as they are in the file]", "NAME");
    add(app, "--threads", threads_, "threads [one for each core]", "N");
    app.add_flag("--double", wide, "computes in double precision, instead of single");
  }
  std::string const& path() const { return *path_; }
  int threads() const { return threads_of(threads_); }
  std::optional<cohort::stored_type> type() const { return stored_type_of("--type", type_); }
};

/// How tokens are drawn.
struct sampling_options {
  typed tokens_, temperature_, top_k_, top_p_, min_p_, typical_p_, repetition_, presence_, frequency_, seed_;
  bool greedy_ = false;

  /// `what` they make is a continuation or an answer.
  void add_to(CLI::App& app, std::string const& what) {
    add(app, "--tokens", tokens_, "tokens of " + what + " at most", "N");
    auto* const greedily =
        app.add_flag("--greedy", greedy_, "take the most probable token each time, as --temperature 0 does");
    for (auto* option :
         {add(app, "--temperature", temperature_, "divides the logits before a token is drawn [1]", "X"),
          add(app, "--top-k", top_k_, "draw from the N most probable tokens", "N"),
          add(app, "--top-p", top_p_, "of those, from the fewest that have this share of the probability", "P"),
          add(app, "--min-p", min_p_, "of those, from the ones at least P times as probable as the most probable one",
              "P"),
          add(app, "--typical-p", typical_p_,
              "of those, from the fewest with this share whose -log p is nearest to the entropy", "P"),
          add(app, "--seed", seed_, "of the draws [0]", "N")})
      option->excludes(greedily);
    add(app, "--repetition-penalty", repetition_,
        "divides the positive logits of tokens that stood before, multiplies the negative ones [1]", "X");
    add(app, "--presence-penalty", presence_, "is subtracted from the logits of tokens that were generated [0]", "X");
    add(app, "--frequency-penalty", frequency_, "and this as often as they were [0]", "X");
  }
  std::uint64_t seed() const { return whole_number_of<std::uint64_t>("--seed", seed_, 0, 0); }
  cohort::generation_options read(int most_tokens) const {
    auto share = [](double p) { return p > 0 && p <= 1; };
    auto fits = [](double t) { return t == 0 || (t >= 1e-6 && t < 1e9); };
    auto positive = [](double x) { return x > 0 && x < 1e9; };
    auto any = [](double x) { return x > -1e9 && x < 1e9; };
    return {.max_tokens = whole_number_of("--tokens", tokens_, most_tokens, 1),
            .sampler = {
                .temperature =
                    greedy_ ? 0 : number_of("--temperature", temperature_, 1., fits, "0 or a number from 1e-6 up"),
                .top_k = whole_number_of("--top-k", top_k_, 0, 1),
                .top_p = number_of("--top-p", top_p_, 1., share, "a number above 0, up to 1"),
                .min_p = number_of("--min-p", min_p_, 0., share, "a number above 0, up to 1"),
                .typical_p = number_of("--typical-p", typical_p_, 1., share, "a number above 0, up to 1"),
                .repetition_penalty = number_of("--repetition-penalty", repetition_, 1., positive, "a positive number"),
                .presence_penalty = number_of("--presence-penalty", presence_, 0., any, "a number"),
                .frequency_penalty = number_of("--frequency-penalty", frequency_, 0., any, "a number"),
            }};
  }
};

}  // namespace program
