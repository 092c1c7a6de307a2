#pragma once
#include <cohort/run/algorithm.hpp>

namespace cohort::preset {

/// Where a named algorithm is from, and how far its composition can be relied on.
struct source {
  char const* name;     ///< what registry.hpp finds it by
  char const* paper;    ///< authors, number, equations
  char const* certain;  ///< what the paper or its authors' code says
  char const* open;  ///< what they leave open or could not be read, and what stands there instead; what is not composed
};

/// The update of the presets for language models: one pass over what was sampled, cut into `minibatches`, by Adam with
/// epsilon 1e-8 and a gradient norm of at most 1; advantages stay as they are.
inline auto language_update(double rate = 1e-6, int minibatches = 0) {
  return update{.epochs = 1,
                .minibatches = minibatches,
                .normalize = normalization::none,
                .optimizer = adam{.rate = rate, .epsilon = 1e-8},
                .max_gradient_norm = 1};
}

}  // namespace cohort::preset
