#pragma once
#include "../chapters.hpp"
#include "../training.hpp"

namespace cohort::conformance {

template <backend B>
void training_chapter(B& b, [[maybe_unused]] tolerances const& tolerance) {
  training(b);
}

}  // namespace cohort::conformance
