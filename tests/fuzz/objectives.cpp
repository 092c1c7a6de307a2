// Every objective and KL estimator on any bits: what is finite has a finite loss and finite derivatives.
#include <cohort/kl/all.hpp>
#include <cohort/objective/all.hpp>
#include <cohort/objective/concept.hpp>
#include <cohort/scalar/dual.hpp>
#include <cohort/scalar/real.hpp>

#include <cmath>

#include "input.hpp"

using namespace cohort;
using number = dual<real<double>, 5>;

namespace {

void require_finite(number const& x, bool bounded) {
  if (!bounded) return;
  fuzz::require(std::isfinite(x.value.value));
  for (auto const& t : x.tangent) fuzz::require(std::isfinite(t.value));
}

step_terms<number> step(fuzz::input& in, bool bounded) {
  auto constant = [&](float low, float high) { return real<double>(in.number(bounded, low, high)); };
  auto variable = [&](float low, float high, int k) { return number::variable(constant(low, high), k); };
  step_terms<number> t;
  t.sampler_logp = constant(-20, 0), t.old_logp = constant(-20, 0), t.ref_logp = constant(-20, 0);
  t.logp = variable(-20, 0, 0), t.entropy = variable(-10, 10, 1), t.value = variable(-1000, 1000, 2);
  t.kl = variable(0, 20, 3), t.old_kl = variable(0, 20, 4);
  t.advantage = constant(-1000, 1000), t.old_value = constant(-1000, 1000), t.target = constant(-1000, 1000);
  return t;
}

template <class Tuple, class F>
void each(F f) {
  std::apply([&](auto const&... o) { (f(o), ...); }, Tuple{});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in(data, size);
  bool const bounded = in.take<std::uint8_t>() & 1;
  auto const terms = step(in, bounded);
  each<catalogue::step_objectives>([&](auto const& o) { require_finite(o(terms), bounded); });
  auto const x = number(terms.logp), ref = number(terms.ref_logp), old = number(terms.old_logp);
  auto estimate = [&](auto const& e) {
    if constexpr (requires { e(x, ref); }) require_finite(e(x, ref), bounded);
    else require_finite(e(x, ref, old), bounded);
  };
  estimate(k1{}), estimate(k2{}), estimate(k3{}), estimate(absolute_log_ratio{}), estimate(straight_through<>{});
  estimate(ratio_corrected<>{}), estimate(clamped<>{});

  series_terms<number> series;
  static_cast<step_terms<number>&>(series) = terms;
  auto const length = real<double>(bounded ? 1 + in.take<std::uint8_t>() : in.number(false, 0, 0));
  series.total = number::variable(real<double>(in.number(bounded, -20, 20)), 1), series.length = length;
  each<catalogue::series_objectives>([&](auto const& o) {
    require_finite(detail::step_of(o, terms), bounded);
    require_finite(o(series), bounded);
  });
  pair_terms<number> pair;
  auto some = [&](int k) { return number::variable(real<double>(in.number(bounded, -1000, 0)), k); };
  pair.chosen_logp = some(0), pair.rejected_logp = some(1), pair.chosen_score = some(2), pair.rejected_score = some(3);
  pair.chosen_ref_logp = some(0).value, pair.rejected_ref_logp = some(0).value;
  pair.chosen_length = length, pair.rejected_length = length;
  each<catalogue::pair_objectives>([&](auto const& o) { require_finite(o(pair), bounded); });
  return 0;
}
