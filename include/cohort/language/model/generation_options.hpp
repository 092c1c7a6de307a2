#pragma once
#include <cohort/backend/stored_types.hpp>
#include <cohort/language/model/stop_tokens.hpp>
#include <cohort/language/sampler/token_sampler.hpp>
#include <cohort/language/sampler/token_support.hpp>
#include <functional>

namespace COHORT_NAMESPACE {

/// Which tokens a completion may consist of; what `always` and `here` both allow.
struct allowed_tokens {
  std::vector<std::uint8_t> always{};  ///< V flags, for all positions; empty: all tokens
  /// Sets to 0 what may not follow this prompt and what was drawn so far; the V flags come as `always` has them. Called
  /// once for each token, on one thread.
  std::function<void(std::span<std::int32_t const> prompt, std::span<std::int32_t const> completion,
                     std::span<std::uint8_t> allowed)>
      here{};

  explicit operator bool() const { return !always.empty() || here; }
};

/// A number that is added to the logit of a token.
struct token_bias {
  std::int32_t token;
  double bias;
};

struct generation_options {
  int group = 1;        ///< G, completions of each prompt
  int max_tokens = 64;  ///< of a completion, its stop token included
  stop_tokens stop{};   ///< those that end a completion
  token_sampler sampler{};
  std::vector<double> temperatures{};  ///< of samples 0 ... G - 1 of each prompt, in the place of the sampler's; empty:
                                       ///< that one for all
  allowed_tokens allowed{};
  bool keep = false;  ///< whether to store which tokens the cuts and `allowed` left (at most V / 8 bytes a token), and
                      ///< no log-probability of the whole softmax
  std::vector<token_bias> bias{};  ///< before anything else is done to the logits
  int at_once = 0;  ///< completions that are generated at a time, whole groups, one at least: where one's have ended
                    ///< the next prompt begins; 0: all. Memory for keys and values is that of so many
  /// Of each token after it was drawn: the completion's number (prompt G + sample) and the token; false ends the
  /// completion there.
  std::function<bool(std::size_t completion, std::int32_t token)> on_token{};
  int resume = 0;  ///< of one prompt and one completion, with room for so many tokens: what begins as the last call's
                   ///< prompt and completion did is not computed again. The model has to be the same. 0: computed again

  stored_type cache = stored_type::f32;  ///< of keys and values; F16 and BF16 halve their memory, and round them: on
                                         ///< the Eigen backend in float, elsewhere value_error

  double temperature_of(int sample) const {
    return temperatures.empty() ? sampler.temperature : temperatures[std::size_t(sample)];
  }
  void check() const {
    detail::require(group > 0, "generate", "group", group, "a positive number");
    detail::require(max_tokens > 0, "generate", "max_tokens", max_tokens, "a positive number");
    detail::require(at_once >= 0, "generate", "at_once", at_once, "0 (all) or a positive number");
    detail::require(resume >= 0, "generate", "resume", resume, "0 (no) or a positive number");
    sampler.check();
    if (!temperatures.empty() && temperatures.size() != std::size_t(group))
      throw value_error("generate: there are " + std::to_string(temperatures.size()) +
                        " temperatures, expected one for each of the group's " + std::to_string(group));
    for (double t : temperatures) token_sampler::check_temperature("generate", "a temperature", t);
  }
};

/// One completion: its tokens, the stop token included, and each one's log-probability: of the whole softmax at the
/// temperature, and of what the sampler's cuts left of it. With options.keep logp stays empty.
template <class T>
struct generated {
  std::vector<std::int32_t> tokens;
  std::vector<T> logp, sampler_logp;
  bool stopped = false;    ///< by its stop token; else it was cut off at max_tokens, or by on_token
  double temperature = 1;  ///< of its log-probabilities; 1 where it was drawn at 0
  token_support kept{};    ///< of each token, if options.keep
};

}  // namespace COHORT_NAMESPACE
