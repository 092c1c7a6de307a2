#pragma once
#include <cohort/language/model/generation_options.hpp>
#include <cohort/language/tokenizer/regular_expression.hpp>
#include <cohort/language/tokenizer/tokenizer.hpp>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace COHORT_NAMESPACE::detail {

/// Which tokens may follow in each state of an expression's automaton, found out where a completion first comes there.
class expression_mask {
 public:
  expression_mask(language::regular_expression expression, language::tokenizer const& words, stop_tokens stop)
      : expression_(std::move(expression)), stop_(std::move(stop)) {
    if (stop_.empty())
      throw value_error("matching: there is no stop token, expected one at least, which ends the text that matches");
    for (std::int32_t id = 0; id < words.size(); ++id)
      for (bool first : {true, false})
        (first ? first_ : later_).push_back(stop_.contains(id) ? std::string() : words.bytes(id, first));
  }

  void operator()(std::span<std::int32_t const> completion, std::span<std::uint8_t> allowed) {
    std::lock_guard const one(busy_);  // the copies of an allowed_tokens share it
    for (auto id : stop_)
      if (id < 0 || std::size_t(id) >= allowed.size())
        throw value_error("matching: the stop token is " + std::to_string(id) + ", expected one of the vocabulary's " +
                          std::to_string(allowed.size()));
    auto at = expression_.start();
    for (std::size_t t = 0; t < completion.size(); ++t) {
      auto const& bytes = t == 0 ? first_ : later_;
      auto const id = std::size_t(completion[t]);
      at = id < bytes.size() && !bytes[id].empty() ? expression_.next(at, bytes[id]) : expression_.nowhere;
    }
    auto const& may = mask(at, completion.empty());
    for (std::size_t v = 0; v < allowed.size(); ++v)
      if (v >= may.size() || !may[v]) {
        bool const ends = expression_.accepts(at) && stop_.contains(std::int32_t(v));
        if (!ends) allowed[v] = 0;
      }
  }

 private:
  using state = language::regular_expression::state;
  static constexpr std::size_t most_bits = std::size_t(1) << 29;  // of all masks: 64 MiB

  std::vector<bool> const& mask(state at, bool first) {
    auto const key = std::int64_t(at) * 2 + first;
    if (auto const found = masks_.find(key); found != masks_.end()) return found->second;
    auto const& bytes = first ? first_ : later_;
    std::vector<bool> may(bytes.size());
    for (std::size_t v = 0; v < bytes.size(); ++v)
      may[v] = !bytes[v].empty() && expression_.next(at, bytes[v]) != expression_.nowhere;
    if ((masks_.size() + 1) * may.size() > most_bits) masks_.clear();
    return masks_[key] = std::move(may);
  }

  language::regular_expression expression_;
  stop_tokens stop_;
  std::vector<std::string> first_, later_;  // the bytes of each token; none: it is no part of a text
  std::unordered_map<std::int64_t, std::vector<bool>> masks_;
  std::mutex busy_;
};

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// The tokens after which the completion's text, by itself as `decode` gives it, can still become one that matches the
/// expression as a whole; those of `stop` exactly where it does, and no other special ones. `stop` is what
/// generation_options or the task has.
///
///     auto [words, stop, chat, why] = language::read_text(path);
///     generate(cpu, model, prompts, {.stop = stop, .allowed = language::matching("yes|no", words, stop)}, draws);
///
/// A completion that is cut off at max_tokens has the beginning of such a text. Where the vocabulary has no token for
/// any byte that could follow, generation raises value_error, as wherever nothing is allowed. Masks are made for each
/// state once and kept (a bit a token, up to 64 MiB); copies share them.
inline allowed_tokens matching(regular_expression expression, tokenizer const& words, stop_tokens stop) {
  auto const mask = std::make_shared<detail::expression_mask>(std::move(expression), words, std::move(stop));
  return {.always = {},
          .here = [mask](std::span<std::int32_t const>, std::span<std::int32_t const> completion,
                         std::span<std::uint8_t> allowed) { (*mask)(completion, allowed); }};
}

}  // namespace COHORT_NAMESPACE::language
