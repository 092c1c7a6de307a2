#pragma once
#include "../chapters.hpp"
#include "../gather.hpp"
#include "../map.hpp"
#include "../map_rows.hpp"
#include "../memory.hpp"
#include "../reduce.hpp"
#include "../rows.hpp"

namespace cohort::conformance {

template <backend B>
void elements_chapter(B& b, [[maybe_unused]] tolerances const& tolerance) {
  memory(b);
  map(b, tolerance);
  map_rows(b);
  reduce(b, tolerance);
  row_results(b, tolerance);
  gather(b);
}

}  // namespace cohort::conformance
