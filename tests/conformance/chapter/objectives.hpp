#pragma once
#include "../chapters.hpp"
#include "../objective.hpp"
#include "../pairs.hpp"
#include "../selection.hpp"
#include "../series_objective.hpp"

namespace cohort::conformance {

template <backend B>
void objectives_chapter(B& b, [[maybe_unused]] tolerances const& tolerance) {
  objectives(b, tolerance);
  series_objectives(b, tolerance);
  pairs(b, tolerance);
  selections(b, tolerance);
}

}  // namespace cohort::conformance
