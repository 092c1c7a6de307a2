#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/language/model/decoder_options.hpp>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE {

/// The projections of a decoder's layer, by the names that PEFT has for them.
inline std::vector<std::string> const& projection_names() {
  static std::vector<std::string> const all{"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                            "gate_proj", "up_proj", "down_proj"};
  return all;
}

/// Low-rank adapters, in brackets PEFT's names: beside each weight W that is a target stand A (rank x inputs) and B
/// (outputs x rank), and
///
///     y = W x + scale B A x,    scale = alpha / rank,  or alpha / sqrt(rank)
///
/// A starts as U(-1, 1) / sqrt(inputs), B at 0.
///
/// Source: Hu et al. 2021, arXiv:2106.09685, eq. 3; rank_stabilized: Kalajdzievski 2023, arXiv:2312.03732; A's start:
/// PEFT, kaiming_uniform_ with a = sqrt(5).
struct lora_options {
  int rank = 16;                                          ///< (r) > 0
  double alpha = 32;                                      ///< (lora_alpha) > 0
  std::vector<std::string> targets = projection_names();  ///< (target_modules) of projection_names()
  bool rank_stabilized = false;                           ///< (use_rslora) whether alpha is divided by sqrt(rank)

  double scale() const { return alpha / (rank_stabilized ? std::sqrt(double(rank)) : double(rank)); }
  bool adapts(std::string const& projection) const {
    return std::find(targets.begin(), targets.end(), projection) != targets.end();
  }

  /// f(name, value) of each, by PEFT's names.
  void parameters(auto f) const {
    f("r", rank), f("lora_alpha", alpha), f("target_modules", targets), f("use_rslora", rank_stabilized);
  }
  friend bool operator==(lora_options const&, lora_options const&) = default;

  /// Raises value_error for a number out of its range, no target, or one that a decoder has not.
  void check(decoder_options const& o) const {
    detail::require(rank > 0, "lora", "rank", rank, "a positive number");
    detail::require(alpha > 0 && std::isfinite(alpha), "lora", "alpha", alpha, "a positive number");
    std::string expected;
    for (auto const& name : projection_names())
      if (o.gated || name != "gate_proj") expected += (expected.empty() ? "" : ", ") + name;
    bool any = false;
    for (auto const& t : targets) {
      auto const& all = projection_names();
      if (std::find(all.begin(), all.end(), t) == all.end())
        throw value_error("lora: a target is \"" + t + "\", expected some of " + expected);
      any = any || o.gated || t != "gate_proj";
    }
    if (!any) throw value_error("lora: there is no target, expected some of " + expected);
  }
};

}  // namespace COHORT_NAMESPACE
