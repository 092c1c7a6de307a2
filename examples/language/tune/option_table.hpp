#pragma once
#include <cmath>

#include "../model_options.hpp"
#include "settings.hpp"

namespace tuning {

inline constexpr unsigned of_grpo = 1, of_sft = 2, of_dpo = 4, of_reward = 8, of_all = 15,
                          generating = of_grpo | of_sft, adapting = of_grpo | of_sft | of_dpo;

/// An option's place in the table: which methods have it, and whether a run may go on with another value.
struct option_facts {
  char const* name;
  char const* value;  ///< what its value is called in the help
  char const* help;
  char const* expected;
  unsigned methods = of_all;
  bool may_change = false;
};

inline bool has(method m, unsigned methods) { return methods >> int(m) & 1; }

/// f(facts, member, whether a value may be) for each setting: what the command line, config.toml and its reader have in
/// common. An underscore in TOML is a hyphen on the command line.
template <class Settings, class F>
void each_setting(Settings& s, F f) {
  auto any = [](auto const&) { return true; };
  auto not_empty = [](auto const& text) { return !text.empty(); };
  auto positive = [](auto x) { return x > 0; };
  auto not_negative = [](auto x) { return x >= 0; };
  auto finite = [](double x) { return x > 0 && x < 1e9; };
  constexpr char const *count = "a whole number, 1 or more", *number = "a positive number";
  f(option_facts{"model", "PATH", "a GGUF file, or a folder as Hugging Face has it", "a path"}, s.model, not_empty);
  f(option_facts{"data", "FILE", "JSON lines, each with a prompt and the columns that are read", "a path"}, s.data,
    not_empty);
  f(option_facts{"reward", "NAMES", "rewards between commas, with parameters: format,length_target:target=60",
                 "names between commas", generating},
    s.reward, any);
  f(option_facts{"weights", "X,...", "of the rewards [1 each]", "numbers between commas", generating}, s.weights, any);
  f(option_facts{"updates", "N", "in all [100]", count, of_all, true}, s.updates, positive);
  f(option_facts{"prompts", "N", "rows an update [8]", count}, s.prompts, positive);
  f(option_facts{"group", "N", "completions of each prompt [8]", "a whole number, 2 or more", of_grpo}, s.group,
    [](int n) { return n > 1; });
  f(option_facts{"resample", "N", "rounds at most of more prompts for groups whose rewards are all equal (DAPO) [0]",
                 "0 or a positive number", of_grpo},
    s.resample, not_negative);
  f(option_facts{"max_tokens", "N", "of a completion [64]", count, generating}, s.max_tokens, positive);
  f(option_facts{"rate", "X", "Adam's, at the beginning [1e-6; sft and reward 1e-5]", "a number above 0, below 1"},
    s.rate, [](double x) { return x > 0 && x < 1; });
  f(option_facts{"final_rate", "X", "at the end, a straight line between [the same]", "a number from 0 up, below 1"},
    s.final_rate, [](double x) { return x >= 0 && x < 1; });
  f(option_facts{"kl", "X", "weight of the KL to the model at the beginning, 0 for none and no copy of it [0]",
                 "0 or a positive number", of_grpo},
    s.kl, [](double x) { return x >= 0 && x < 1e9; });
  f(option_facts{"beta", "X", "how far from the model at the beginning [0.1]", number, of_dpo}, s.beta, finite);
  f(option_facts{"center", "X", "weight of (chosen's score + rejected's)^2, which keeps scores around 0 [0]",
                 "0 or a positive number", of_reward},
    s.center, [](double x) { return x >= 0 && x < 1e9; });
  f(option_facts{"epsilon", "X", "clip of the ratio [0.2]", "a number above 0, below 1", of_grpo}, s.epsilon,
    [](double x) { return x > 0 && x < 1; });
  f(option_facts{"epsilon_high", "X", "and upwards [epsilon]", number, of_grpo}, s.epsilon_high, finite);
  f(option_facts{"epochs", "N", "passes over each update's completions [1]", count}, s.epochs, positive);
  f(option_facts{"minibatches", "N", "optimizer steps a pass [1]", count}, s.minibatches, positive);
  f(option_facts{"clip_norm", "X", "largest norm of the gradient [1]", number}, s.clip_norm, positive);
  f(option_facts{"rows", "N", "tokens that pass at once; fewer take less memory [1024]", count}, s.rows, positive);
  f(option_facts{"lora", "RANK",
                 "train adapters of this rank beside the model, which stays as it lies in its files [0: all of it]",
                 "0 or a rank", adapting},
    s.lora, not_negative);
  f(option_facts{"lora_alpha", "X", "of their scale, alpha / rank [twice the rank]", number, adapting}, s.lora_alpha,
    finite);
  f(option_facts{"adapter_only", "", "with --lora, leave out the model that both are together", "true or false",
                 adapting, true},
    s.adapter_only, any);
  f(option_facts{"temperature", "X", "of completions [1]", number, generating}, s.temperature, finite);
  f(option_facts{"top_k", "N", "draw from the N most probable tokens [all]", "0 (all) or more", generating}, s.top_k,
    not_negative);
  f(option_facts{"top_p", "P", "from the fewest with this share of the probability [1]", "a number above 0, up to 1",
                 generating},
    s.top_p, [](double p) { return p > 0 && p <= 1; });
  f(option_facts{"chat", "", "prompts that are texts are a user's turn in the model's chat format", "true or false"},
    s.chat, any);
  f(option_facts{"system", "TEXT", "the system's turn of conversations that have none", "a text"}, s.system, any);
  f(option_facts{"held_out", "SHARE", "of the prompts, for evaluation, chosen by their hash [0.1]",
                 "a number from 0 up, below 1"},
    s.held_out, [](double x) { return x >= 0 && x < 1; });
  f(option_facts{"evaluate_every", "N", "updates [a tenth of all]", "0 (a tenth of all) or more", of_all, true},
    s.evaluate_every, not_negative);
  f(option_facts{"evaluate_rows", "N", "held-out rows, at most [32]", count, of_all, true}, s.evaluate_rows, positive);
  f(option_facts{"evaluate_samples", "K", "completions of each, for pass@1 to pass@K [4]", count, generating, true},
    s.evaluate_samples, positive);
  f(option_facts{"pass", "NAME", "the reward of 1 where a completion passes [accuracy, if it is one]",
                 "a reward's name", generating, true},
    s.pass, any);
  f(option_facts{"checkpoint_every", "N", "updates [20]", count, of_all, true}, s.checkpoint_every, positive);
  f(option_facts{"type", "NAME", "of the written model's numbers [as the model has them]", "f32, f16, bf16 or q8_0",
                 of_all, true},
    s.type, [](std::string const& t) { return t.empty() || program::written_type(t); });
  f(option_facts{"seed", "N", "of rows and draws [1]", "a whole number, 0 or more"}, s.seed, any);
  f(option_facts{"threads", "N", "of this machine; results do not depend on them [one for each core]",
                 "a whole number from 0 (one for each core) to 1024", of_all, true},
    s.threads, [](int n) { return n >= 0 && n <= 1024; });
  f(option_facts{"data_checksum", "", "", "8 hexadecimal digits", of_all}, s.data_checksum,
    any);  // config.toml's alone
}

}  // namespace tuning
