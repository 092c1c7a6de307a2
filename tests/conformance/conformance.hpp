#pragma once
#include "advantage.hpp"
#include "attention.hpp"
#include "estimators.hpp"
#include "extents.hpp"
#include "gather.hpp"
#include "language.hpp"
#include "map.hpp"
#include "map_rows.hpp"
#include "memory.hpp"
#include "objective.hpp"
#include "pairs.hpp"
#include "policy.hpp"
#include "product.hpp"
#include "reduce.hpp"
#include "rows.hpp"
#include "scan.hpp"
#include "selection.hpp"
#include "series_objective.hpp"
#include "tokens.hpp"
#include "training.hpp"

namespace cohort::conformance {

/// What every backend must be able to do, to be called in a test case: make() gives the backend.
template <backend B, class Make>
void run(Make make, tolerances const& tolerance = {}) {
  B b = make();
  memory(b);
  map(b, tolerance);
  map_rows(b);
  reduce(b, tolerance);
  row_results(b, tolerance);
  scan(b, tolerance);
  segments(b);
  gather(b);
  product(b, tolerance);
  attention(b, tolerance);
  extents_that_do_not_fit(b);
  objectives(b, tolerance);
  series_objectives(b, tolerance);
  pairs(b, tolerance);
  selections(b, tolerance);
  advantages(b, tolerance);
  estimators(b, tolerance);
  policies(b, tolerance);
  training(b);
  token_samples(b, tolerance);
  language(b, tolerance);
}

}  // namespace cohort::conformance
