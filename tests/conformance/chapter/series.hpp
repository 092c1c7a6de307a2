#pragma once
#include "../attention.hpp"
#include "../chapters.hpp"
#include "../extents.hpp"
#include "../product.hpp"
#include "../scan.hpp"

namespace cohort::conformance {

template <backend B>
void series_chapter(B& b, [[maybe_unused]] tolerances const& tolerance) {
  scan(b, tolerance);
  segments(b);
  product(b, tolerance);
  attention(b, tolerance);
  extents_that_do_not_fit(b);
}

}  // namespace cohort::conformance
