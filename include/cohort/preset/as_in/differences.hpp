#pragma once
#include <cohort/preset/as_in/registry.hpp>
#include <string>

namespace COHORT_NAMESPACE::preset::as_in {

/// One rule of two conventions, and what it gives at each step.
struct rule {
  std::string name, in_a, in_b;
  std::vector<double> const *a, *b;  ///< in the outcomes
  std::size_t differ = 0, first = 0,
              most = 0;  ///< how many steps part, the first of them, and where they are furthest apart

  bool both() const { return !a->empty() && !b->empty(); }
};

inline rule compare(std::string name, std::string in_a, std::string in_b, std::vector<double> const& a,
                    std::vector<double> const& b) {
  rule r{std::move(name), std::move(in_a), std::move(in_b), &a, &b};
  double largest = 0, furthest = 0;
  for (auto const* v : {&a, &b})
    for (double x : *v) largest = std::max(largest, std::abs(x));
  for (std::size_t i = 0; r.both() && i < a.size(); ++i) {
    double apart = std::abs(a[i] - b[i]);
    if (!(apart > 1e-12 * largest)) continue;  // rounding
    if (r.differ++ == 0) r.first = i;
    if (apart > furthest) furthest = apart, r.most = i;
  }
  return r;
}

/// Where two conventions part on one batch, rule by rule: advantage, ratio, KL, mean, and the gradient that comes of
/// them. Numbers that differ by a rounding are the same. The outcomes must outlive it.
inline std::vector<rule> differences(result const& a, result const& b) {
  auto advantage = [](result const& o) {
    std::string said = o.rules->advantage, normalization = o.rules->normalization;
    return said + (normalization.substr(0, 4) == "none" ? "" : "; then " + normalization) +
           (o.kl_at == kl_place::advantage ? "; less the KL to come" : "");
  };
  return {compare("advantage", advantage(a), advantage(b), a.advantage, b.advantage),
          compare("ratio", a.rules->ratio, b.rules->ratio, a.ratio, b.ratio),
          compare("KL", a.rules->kl, b.rules->kl, a.kl, b.kl),
          compare("mean", a.rules->mean, b.rules->mean, a.weight, b.weight),
          compare("gradient", "", "", a.slope, b.slope)};
}

}  // namespace COHORT_NAMESPACE::preset::as_in
