#pragma once
#include "support.hpp"

// The conformance suite as chapters, each of which may be compiled by itself: chapter/*.hpp define them.
namespace cohort::conformance {

template <backend B>
void elements_chapter(B&, tolerances const&);  ///< memory, maps, rows, sums, gathers
template <backend B>
void series_chapter(B&, tolerances const&);  ///< scans, segments, products, attention, extents that do not fit
template <backend B>
void objectives_chapter(B&, tolerances const&);  ///< of steps, series and pairs, with selections
template <backend B>
void estimators_chapter(B&, tolerances const&);  ///< advantages and exact divergences
template <backend B>
void policies_chapter(B&, tolerances const&);  ///< distributions, networks, actors and critics
template <backend B>
void training_chapter(B&, tolerances const&);  ///< every kind of rollout and update
template <backend B>
void language_chapter(B&, tolerances const&);  ///< draws of tokens, language models

/// What every backend must be able to do, to be called in a test case: make() gives the backend. It is a B, or derived
/// from it where another one has the same primitives.
template <backend B, class Make>
void run(Make make, tolerances const& tolerance = {}) {
  auto made = make();
  B& b = made;
  elements_chapter<B>(b, tolerance);
  series_chapter<B>(b, tolerance);
  objectives_chapter<B>(b, tolerance);
  estimators_chapter<B>(b, tolerance);
  policies_chapter<B>(b, tolerance);
  training_chapter<B>(b, tolerance);
  language_chapter<B>(b, tolerance);
}

}  // namespace cohort::conformance
