#pragma once
#include <cmath>
#include <cohort/backend/saved_state.hpp>
#include <cohort/run/training.hpp>

#include "../catch.hpp"
#include "parameters.hpp"

namespace support {

/// A run of 2 n updates; n of a run, and n more of another that was given the state of the first, and of the first
/// itself, cut wherever it can be: all end with the same bits. make() gives a policy, the same one each time. Returns
/// how often it was cut.
template <class B, class Algorithm, class E, class Make>
int goes_on_bit_by_bit(B& backend, Algorithm const& algorithm, E const& environment, Make make, int n) {
  using namespace cohort;
  auto whole = make(), first = make(), second = make();
  train_options const options{.steps = 1'000'000, .updates = 2 * n, .seed = 5};
  training one{backend, algorithm, environment, whole, options};
  while (one.step()) {
  }
  training before{backend, algorithm, environment, first, options};
  for (int k = 0; k < n; ++k) REQUIRE(before.step());
  auto state = copy_out(backend, before);
  training after{backend, algorithm, environment, second, options};
  copy_in(backend, after, state);
  CHECK(copy_out(backend, after) == state);
  while (after.step()) {
  }
  int cuts = 0;
  for (auto s = step_state::updated; s != step_state::ended; cuts += s == step_state::under_way) s = before.step_for(0);
  CHECK(parameters_of(second) == parameters_of(whole));
  CHECK(parameters_of(first) == parameters_of(whole));
  for (auto* r : {&after.report(), &before.report()}) {
    CHECK(r->updates == 2 * n);
    CHECK(r->steps == one.report().steps);
    CHECK(r->episodes == one.report().episodes);
    CHECK((r->mean_return == one.report().mean_return || std::isnan(r->mean_return)));
    CHECK(r->metrics.loss == one.report().metrics.loss);
  }
  return cuts;
}

}  // namespace support
