#pragma once
#include "../chapters.hpp"
#include "../language.hpp"
#include "../tokens.hpp"

namespace cohort::conformance {

template <backend B>
void language_chapter(B& b, [[maybe_unused]] tolerances const& tolerance) {
  token_samples(b, tolerance);
  language(b, tolerance);
}

}  // namespace cohort::conformance
