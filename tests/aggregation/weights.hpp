#pragma once
#include <cohort/aggregation/means.hpp>
#include "../support/arrays.hpp"

using namespace cohort;
using namespace arrays;

/// What an aggregation makes of steps of these series.
template <class Mode>
numbers weights(Mode const& mode, integers const& series_of, int series, flags const& valid = {},
                cohort::partition groups = {}) {
  cpu backend;
  numbers result(series_of.size(), -1);
  mode(backend,
       {std::ptrdiff_t(series_of.size()), series, all(series_of),
        valid.empty() ? view<std::uint8_t const>{} : all(valid), groups},
       all(result));
  return result;
}
