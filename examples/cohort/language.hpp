#pragma once
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

/// The commands on language models, each a program of its own, so that nothing else needs what they need.
namespace cli {

inline constexpr std::pair<char const*, char const*> language_commands[] = {
    {"chat", "talks with a language model"},
    {"convert", "a language model's files between formats and types"},
    {"dpo", "trains a language model on chosen and rejected completions"},
    {"generate", "continues tokens or texts by a language model"},
    {"grpo", "trains a language model by GRPO on prompts and rewards"},
    {"reward", "trains a reward model on chosen and rejected completions"},
    {"score", "log-probabilities of tokens under a language model"},
    {"serve", "answers requests over HTTP as OpenAI's interface has them"},
    {"sft", "trains a language model on prompts and their completions"},
    {"tokenize", "texts to a model's tokens, and back"},
};

inline bool is_language_command(std::string_view name) {
  for (auto const& command : language_commands)
    if (name == command.first) return true;
  return false;
}

/// In the place of this program; comes back only where it can't, with the exit status.
inline int run_language(char** argv) {
  std::error_code none;
  auto const self = std::filesystem::read_symlink("/proc/self/exe", none);
  auto const program =
      (none ? std::filesystem::path(argv[0]) : self).parent_path() / ("cohort-" + std::string(argv[1]));
  execv(program.c_str(), argv + 1);
  std::fprintf(stderr, "cohort: %s cannot be run: %s%s\n", program.c_str(), std::strerror(errno),
               errno == ENOENT ? "; it is built where the component language is (docs/language.md)" : "");
  return 1;
}

}  // namespace cli
