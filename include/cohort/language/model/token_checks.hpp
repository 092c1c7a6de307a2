#pragma once
#include <cohort/language/model/decoder_options.hpp>
#include <span>

namespace COHORT_NAMESPACE::detail {

/// Raises value_error, calling the tokens `what`, where there are none or one is outside the vocabulary.
inline void require_tokens(decoder_options const& o, std::string const& what, std::span<std::int32_t const> tokens) {
  if (tokens.empty()) throw value_error(what + " is empty, expected one token or more");
  for (std::size_t i = 0; i < tokens.size(); ++i)
    if (tokens[i] < 0 || tokens[i] >= o.vocabulary)
      throw value_error(what + ": token " + std::to_string(i) + " is " + std::to_string(tokens[i]) +
                        ", expected one of the vocabulary's " + std::to_string(o.vocabulary));
}

}  // namespace COHORT_NAMESPACE::detail
