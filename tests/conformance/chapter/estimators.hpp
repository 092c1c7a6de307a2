#pragma once
#include "../advantage.hpp"
#include "../chapters.hpp"
#include "../estimators.hpp"

namespace cohort::conformance {

template <backend B>
void estimators_chapter(B& b, [[maybe_unused]] tolerances const& tolerance) {
  advantages(b, tolerance);
  estimators(b, tolerance);
}

}  // namespace cohort::conformance
