#include "plan.hpp"

#include <cohort/language/model/lora_layout.hpp>
#include <cohort/language/model/training_memory.hpp>

#include "../../program/exit_status.hpp"
#include "../../program/memory.hpp"
#include "run.hpp"

namespace tuning {

namespace {

using namespace cohort;
using program::binary_size;

std::vector<memory_part> parts_of(settings const& s, model_source const& source, std::size_t longest_prompt,
                                  std::size_t longest_completion) {
  bool const generates = s.how == method::grpo;
  decoder_options model = source.options();
  if (s.how == method::reward) model.tied = true;  // no head over the vocabulary
  double const adapters = s.lora > 0 ? double(lay_out(model, adapters_of(s)).parameters()) : 0;
  return training_memory({.model = model,
                          .settings = {.rows_per_pass = s.rows},
                          .reference = s.how == method::dpo || s.kl > 0,
                          .prompts = generates ? s.prompts : 0,
                          .group = s.how == method::grpo ? s.group
                                   : has_pairs(s.how)    ? 2
                                                         : 1,
                          .max_tokens = int(generates ? std::size_t(s.max_tokens) : longest_completion),
                          .prompt_tokens = int(longest_prompt),
                          .adapters = adapters,
                          .base_bytes = source.bytes()});
}

/// The changes that there are, those that change least what is computed first.
std::vector<std::pair<std::string, settings>> changes(settings const& s) {
  std::vector<std::pair<std::string, settings>> all;
  auto add = [&](std::string const& words, auto change) {
    settings changed = s;
    change(changed);
    all.emplace_back(words, changed);
  };
  for (int rows : {512, 256, 128})
    if (rows < s.rows) add("--rows " + std::to_string(rows) + " (slower)", [=](settings& c) { c.rows = rows; });
  if (s.how == method::grpo) {
    for (int prompts = s.prompts / 2; prompts >= 1; prompts /= 2)
      add("--prompts " + std::to_string(prompts), [=](settings& c) { c.prompts = prompts; });
    add("--rows 128 --prompts 1", [](settings& c) { c.rows = 128, c.prompts = 1; });
    if (s.kl > 0) add("--kl 0 --rows 128 --prompts 1", [](settings& c) { c.kl = 0, c.rows = 128, c.prompts = 1; });
  }
  if (s.lora == 0 && s.how != method::reward) add("--lora 16", [](settings& c) { c.lora = 16; });
  if (s.lora == 0 && s.how == method::grpo)
    add("--lora 16 --rows 128 --prompts 1", [](settings& c) { c.lora = 16, c.rows = 128, c.prompts = 1; });
  return all;
}

}  // namespace

std::string memory_plan(settings const& s, model_source const& source, std::size_t longest_prompt,
                        std::size_t longest_completion, double machine) {
  auto const parts = parts_of(s, source, longest_prompt, longest_completion);
  double const total = total_of(parts);
  std::string text;
  char line[120];
  auto row = [&](std::string const& name, double bytes) {
    std::snprintf(line, sizeof line, "  %-40s %10s\n", name.c_str(), binary_size(bytes).c_str());
    text += line;
  };
  for (auto const& part : parts) row(part.name, part.bytes);
  row("in all, of this machine's " + binary_size(machine), total);
  if (total <= machine) return text;
  std::string change = "a smaller model";
  for (auto const& [words, changed] : changes(s)) {
    double const then = total_of(parts_of(changed, source, longest_prompt, longest_completion));
    if (then > machine) continue;
    change = words + ", with which it takes " + binary_size(then);
    break;
  }
  throw program::usage_error("the run would take " + binary_size(total) + " of memory (" + parts[0].name + " " +
                             binary_size(parts[0].bytes) + ", --plan says the rest), and this machine has " +
                             binary_size(machine) + "; expected " + change);
}

}  // namespace tuning
