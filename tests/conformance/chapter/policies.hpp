#pragma once
#include "../chapters.hpp"
#include "../policy.hpp"

namespace cohort::conformance {

template <backend B>
void policies_chapter(B& b, [[maybe_unused]] tolerances const& tolerance) {
  policies(b, tolerance);
}

}  // namespace cohort::conformance
