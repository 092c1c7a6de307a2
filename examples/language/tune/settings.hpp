#pragma once
#include <cohort/backend/stored_types.hpp>
#include <cstdint>
#include <string>
#include <vector>

/// Fine-tuning of language models: `cohort grpo`, `cohort sft`, `cohort dpo`, `cohort reward`.
namespace tuning {

enum class method { grpo, sft, dpo, reward };
inline char const* name_of(method m) {
  static constexpr char const* names[] = {"grpo", "sft", "dpo", "reward"};
  return names[int(m)];
}
/// Whether it learns from rows with a chosen and a rejected completion.
inline bool has_pairs(method m) { return m == method::dpo || m == method::reward; }

/// All that a run is asked for, by the names of the command line and of config.toml.
struct settings {
  method how = method::grpo;
  std::string model, data, reward, system, pass, type;
  std::vector<double> weights;
  std::int64_t updates = 100, evaluate_every = 0, checkpoint_every = 20;
  int prompts = 8, group = 8, max_tokens = 64, minibatches = 1, epochs = 1, rows = 1024, threads = 0;
  int lora = 0, evaluate_rows = 32, evaluate_samples = 4, top_k = 0, resample = 0;
  double rate = 0, final_rate = -1, kl = 0, epsilon = .2, epsilon_high = -1, temperature = 1, top_p = 1, clip_norm = 1,
         beta = .1, center = 0, held_out = .1, lora_alpha = 0;
  std::uint64_t seed = 1;
  bool chat = false, adapter_only = false;
  std::string data_checksum;  ///< of the file that the run was begun with

  /// What was left to the method, or to another setting.
  double highest_epsilon() const { return epsilon_high < 0 ? epsilon : epsilon_high; }
  double last_rate() const { return final_rate < 0 ? rate : final_rate; }
  std::int64_t evaluation_interval() const {
    return evaluate_every > 0 ? evaluate_every : updates < 10 ? 1 : updates / 10;
  }
};

/// What was asked of the program beside the run's settings.
struct request {
  settings run;
  std::string out;
  bool resume = false, overwrite = false, quiet = false, plan = false;
};

/// From the command line and the file that it names with --config, or the config.toml of the run that it goes on with.
/// Raises program::usage_error naming what was given, where, and what is expected.
request read_request(method how, int argc, char const* const* argv, bool& asked_for_help);

/// A TOML file that gives the same run again.
std::string as_toml(settings const& s);

/// "train.jsonl" -> 8 hexadecimal digits of its CRC-32C.
std::string checksum_of(std::string const& path);

}  // namespace tuning
