#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/error.hpp>
#include <numbers>
#include <vector>

namespace COHORT_NAMESPACE {

/// How a model's rotary positions are stretched to a longer context than that of its first training. With w_d =
/// base^(-2 d / size), the speed at which the pair d of a head turns, and its turns n_d = original_context w_d / 2 pi
/// there:
///
///     linear    w_d / factor
///     llama3    w_d where n_d > high; w_d / factor where n_d < low; in between
///               w_d ((1 - s) / factor + s), s = (n_d - low) / (high - low)
///     yarn      w_d ((1 - s_d) / factor + s_d), s_d falling from 1 to 0 between the pairs that make `fast` and `slow`
///               turns; sines and cosines times `attention`
///
/// Source: Chen et al. 2023, arXiv:2306.15595 (linear); Llama 3.1's reference code; Peng et al. 2023, arXiv:2309.00071
/// (YaRN). All three as transformers has them.
struct rotary_scaling {
  enum class kind { none, linear, llama3, yarn };

  kind how = kind::none;
  double factor = 1;            ///< >= 1 (factor)
  double original_context = 0;  ///< of llama3 and yarn (original_max_position_embeddings)
  double low = 1, high = 4;     ///< turns, of llama3 (low_freq_factor, high_freq_factor)
  double fast = 32, slow = 1;   ///< turns, of yarn (beta_fast, beta_slow)
  bool truncated = true;        ///< whether yarn's bounds are whole pairs (truncate)
  double attention = 0;         ///< of yarn; 0: .1 ln(factor) + 1 (attention_factor)

  bool operator==(rotary_scaling const&) const = default;

  /// f(name, number) of each.
  void numbers(auto const& f) const {
    f("factor", factor), f("original_context", original_context), f("low", low), f("high", high), f("fast", fast);
    f("slow", slow), f("truncated", truncated), f("attention", attention);
  }

  /// Raises value_error naming the first number that cannot be.
  void check() const {
    if (how == kind::none) return;
    auto require = [](bool fits, char const* name, double x, char const* expected) {
      detail::require(fits, "rotary_scaling", name, x, expected);
    };
    require(factor >= 1 && std::isfinite(factor), "factor", factor, "a number from 1 on");
    if (how == kind::linear) return;
    require(original_context >= 1, "original_context", original_context, "a positive number");
    if (how == kind::llama3) {
      require(low > 0, "low", low, "a positive number");
      require(high > low, "high", high, "a number above low");
    } else {
      require(slow > 0, "slow", slow, "a positive number");
      require(fast > slow, "fast", fast, "a number above slow");
      require(attention >= 0 && std::isfinite(attention), "attention", attention, "0 or a positive number");
    }
  }

  /// The speeds of the size / 2 pairs.
  std::vector<double> speeds(int size, double base) const {
    std::vector<double> all;
    for (int d = 0; d < size / 2; ++d) {
      double const w = std::pow(base, -2. * d / size), share = kept(d, w, size, base);
      all.push_back(w * ((1 - share) / factor + share));
    }
    return all;
  }
  /// What sines and cosines are multiplied by.
  double size_of_turns() const {
    if (how != kind::yarn) return 1;
    return attention > 0 ? attention : .1 * std::log(factor) + 1;
  }

 private:
  /// The share of a pair's speed that stays, from 0 to 1.
  double kept(int d, double w, int size, double base) const {
    if (how == kind::none) return 1;
    if (how == kind::linear) return 0;
    double const turn = 2 * std::numbers::pi;
    if (how == kind::llama3) return std::clamp((original_context * w / turn - low) / (high - low), 0., 1.);
    auto pair_of = [&](double turns) {
      return size * std::log(original_context / (turns * turn)) / (2 * std::log(base));
    };
    double first = pair_of(fast), last = pair_of(slow);
    if (truncated) first = std::floor(first), last = std::ceil(last);
    first = std::max(first, 0.), last = std::min(last, size - 1.);
    if (first == last) last += .001;
    return 1 - std::clamp((d - first) / (last - first), 0., 1.);
  }
};

}  // namespace COHORT_NAMESPACE
