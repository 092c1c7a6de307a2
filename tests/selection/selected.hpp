#pragma once
#include <cohort/selection/selected_steps.hpp>
#include <limits>
#include "../support/arrays.hpp"
#include "../support/golden.hpp"

using namespace cohort;
using namespace arrays;

inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN(),
                        infinity = std::numeric_limits<double>::infinity();

/// Steps as a selection sees them; what is empty is absent.
struct steps_given {
  numbers sampler_logp{}, old_logp{}, logp{}, advantage{}, entropy{}, target{};
  flags valid{};
  integers series_of{};

  template <class T = double>
  std::vector<T> weights_by(auto const& selection, auto& backend, stream_id draws = {}) const {
    std::vector<T> s = cast<T>(sampler_logp), o = cast<T>(old_logp), x = cast<T>(logp), a = cast<T>(advantage),
                   h = cast<T>(entropy), r = cast<T>(target), result(steps(), T(-1));
    auto in = [](auto const& v) { return v.empty() ? decltype(all(v)){} : all(v); };
    step_views<T> at{.sampler_logp = in(std::as_const(s)),
                     .old_logp = in(std::as_const(o)),
                     .logp = in(std::as_const(x)),
                     .advantage = in(std::as_const(a)),
                     .entropy = in(std::as_const(h)),
                     .target = in(std::as_const(r)),
                     .valid = in(valid),
                     .series_of = in(series_of),
                     .series = series_of.empty() ? 0 : 1 + *std::max_element(series_of.begin(), series_of.end())};
    selection(backend, at, draws, all(result));
    return result;
  }
  numbers operator()(auto const& selection, stream_id draws = {}) const {
    cpu backend;
    return weights_by(selection, backend, draws);
  }
  std::size_t steps() const {
    return std::max(
        {sampler_logp.size(), old_logp.size(), logp.size(), advantage.size(), entropy.size(), target.size()});
  }

  /// The same steps in the order of these indices.
  steps_given in_order(integers const& order) const {
    auto moved = [&](auto const& v) {
      std::remove_cvref_t<decltype(v)> result;
      if (!v.empty())
        for (std::int32_t i : order) result.push_back(v[std::size_t(i)]);
      return result;
    };
    return {moved(sampler_logp), moved(old_logp), moved(logp),  moved(advantage),
            moved(entropy),      moved(target),   moved(valid), moved(series_of)};
  }
};

inline integers series_from(golden::table const& t) {
  auto const& offsets = golden::row(t, "offsets");
  integers result;
  for (std::size_t n = 0; n + 1 < offsets.size(); ++n)
    result.insert(result.end(), std::size_t(offsets[n + 1] - offsets[n]), std::int32_t(n));
  return result;
}
/// One number a series, at each of its steps.
inline numbers broadcast_series(numbers const& of_series, integers const& series_of) {
  numbers result;
  for (std::int32_t n : series_of) result.push_back(of_series[std::size_t(n)]);
  return result;
}

/// Equal to this relative precision, and exactly where 0 is expected.
inline bool same(numbers const& found, numbers const& expected, double relative = 0) {
  if (found.size() != expected.size()) return false;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!close(found[i], expected[i], relative)) return false;
  return true;
}
