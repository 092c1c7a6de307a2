#include <cohort/aggregation/sums.hpp>
#include "../catch.hpp"
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

// verl 0.9.1's agg_loss, as tests/golden/verl_core.py recorded it: losses, and each step's weight in them.

using namespace cohort;
using namespace arrays;

namespace {

template <class Mode>
void same(Mode const& mode, std::string const& name) {
  auto t = golden::read("aggregation/verl.txt");
  auto const &offsets = golden::row(t, "offsets"), &loss = golden::row(t, "loss"),
             &expected = golden::row(t, name + "/weight");
  flags valid = cast<std::uint8_t>(golden::row(t, "valid"));
  integers series_of;
  for (std::size_t n = 0; n + 1 < offsets.size(); ++n)
    series_of.insert(series_of.end(), std::size_t(offsets[n + 1] - offsets[n]), std::int32_t(n));
  cpu backend;
  numbers weight(series_of.size(), -1);
  mode(backend, {std::ptrdiff_t(series_of.size()), 6, all(std::as_const(series_of)), all(std::as_const(valid))},
       all(weight));
  double sum = 0;
  for (std::size_t i = 0; i < weight.size(); ++i) {
    CAPTURE(name, i);
    REQUIRE(close(weight[i], expected[i], 2e-8));  // they divide a series' sum by its steps + 1e-8
    if (name != "seq-mean-token-mean") REQUIRE(close(weight[i], expected[i], 1e-14));
    sum += weight[i] * loss[i];
  }
  REQUIRE(close(sum, golden::row(t, name)[0], name == "seq-mean-token-mean" ? 3e-8 : 1e-12));
}

}  // namespace

TEST_CASE("verl: every aggregation of agg_loss", "[golden]") {
  same(step_mean{}, "token-mean");
  same(step_sum{}, "token-sum");
  same(series_sum_mean{}, "seq-mean-token-sum");
  same(series_mean{}, "seq-mean-token-mean");
  same(series_sum_mean{.length = 12}, "seq-mean-token-sum-norm");  // the longest of the batch
  same(series_sum_mean{.length = 20}, "seq-mean-token-sum-norm/20");
}
