#pragma once
#include <algorithm>
#include <cohort/error.hpp>
#include <cohort/schedule/curves.hpp>
#include <cohort/schedule/piecewise.hpp>
#include <cohort/schedule/warm_up.hpp>
#include <functional>
#include <limits>
#include <type_traits>
#include <variant>

namespace COHORT_NAMESPACE {

/// An optimizer's rate: a number, a schedule, or any function of a run's progress. (Of one type for all, so that an
/// optimizer is no template, and a misspelled option of it is said in three lines.)
class optimizer_rate {
  using any_function = std::function<double(double)>;

 public:
  optimizer_rate(double number) : kind_(number) {}
  template <schedule S>
  optimizer_rate(S const& s) : kind_(s) {}

  double operator()(double progress) const {
    return std::visit([&](auto const& kind) { return double(at_progress(kind, progress)); }, kind_);
  }
  /// f("rate", the number or the schedule).
  void parameters(auto f) const {
    std::visit(
        [&]<class K>(K const& kind) {
          if constexpr (std::is_same_v<K, any_function>) f("rate", "a function");
          else f("rate", kind);
        },
        kind_);
  }
  /// It may be 0 at times, such as at the end of a run, but not always.
  void check(char const* where) const {
    double largest = 0;
    for (int k = 0; k <= 16; ++k) {
      double now = (*this)(k / 16.);
      detail::require(now >= 0 && now <= std::numeric_limits<double>::max(), where, "rate", now, "a positive number");
      largest = std::max(largest, now);
    }
    detail::require(largest > 0, where, "rate", largest, "a positive number");
  }

 private:
  std::variant<double, constant_schedule, linear, cosine, exponential, piecewise, warm_up<>, warm_up<linear>,
               warm_up<cosine>, warm_up<exponential>, warm_up<piecewise>, any_function>
      kind_;
};

}  // namespace COHORT_NAMESPACE
