#pragma once
#include <cmath>
#include <cohort/backend/concept.hpp>
#include <cohort/policy/policy_numbers.hpp>

namespace COHORT_NAMESPACE {

namespace detail {

struct exchanged {
  template <class S>
  constexpr several<S, 2> operator()(S a, S b) const {
    return {{b, a}};
  }
};

}  // namespace detail

/// How parameters are averaged: after every `every` updates,
///
///     average <- share_t parameters + (1 - share_t) average,   t the number of times
///
/// with share_t = share, from the parameters at the start on; or, corrected, share_t = share / (1 - (1 - share)^t):
/// that is the average of what came since, the start forgotten (Adam's correction of its means), and near the plain
/// mean as long as t share is small.
struct averaging {
  double share = .01;  ///< in (0, 1]
  bool corrected = false;
  std::int64_t every = 1;
};

/// A moving average of a policy's parameters: a hook of train, and after it a policy to evaluate.
///
///     moving_average average{cpu, {.share = .02}};
///     train(cpu, ppo, environment, policy, {.steps = 100'000}, average);
///     average.swap(policy);   // evaluate it; swap again to train on
///
/// In your own loop: start(policy), then add(policy) after each update. It keeps one number for each parameter.
/// The policy that learns never sees it: an average as the reference is algorithm.reference = refresh{1, .01}. Raises
/// value_error for a share outside of (0, 1], and in swap before there is an average.
///
/// Source: Polyak and Juditsky 1992, "Acceleration of stochastic approximation by averaging".
template <backend B>
class moving_average {
  using T = value_t<B>;

 public:
  moving_average(B& backend, averaging const& how = {}) : backend_(backend), how_(how) {
    detail::require(how.share > 0 && how.share <= 1, "moving_average", "share", how.share, "a number in (0, 1]");
    detail::require(how.every > 0, "moving_average", "every", double(how.every), "a positive number");
  }

  template <class = void>
  moving_average(B&, ...) = delete;  // the options are .share, .corrected and .every

  template <class Policy>
  void start(Policy& policy) {
    updates_ = 0;
    detail::keep_numbers(backend_, average_, policy);
  }
  template <class Policy>
  void add(Policy& policy) {
    if (++updates_ % how_.every != 0) return;
    double t = double(updates_ / how_.every),
           share = how_.corrected ? how_.share / (1 - std::pow(1 - how_.share, t)) : how_.share;
    backend_.map(outputs{average_.all()}, detail::blend{share}, view<T const>(average_.all()),
                 view<T const>(detail::all_numbers(policy)));
  }
  /// Exchanges the policy's parameters and the average.
  template <class Policy>
  void swap(Policy& policy) {
    if (average_.size() == 0) throw value_error("moving_average: swap without an average, expected a start before");
    view<T> p = detail::all_numbers(policy), a = average_.all();
    backend_.map(outputs{p, a}, detail::exchanged{}, view<T const>(p), view<T const>(a));
  }

  view<T const> parameters() { return average_.all(); }
  std::size_t bytes() const { return std::size_t(average_.size()) * sizeof(T); }

  template <class Report, class Policy>
  void on_start(Report const&, Policy& policy) {
    start(policy);
  }
  template <class Report, class Policy>
  void on_update(Report const&, Policy& policy) {
    add(policy);
  }

 private:
  B& backend_;
  averaging how_;
  typename B::template array<T> average_;
  std::int64_t updates_ = 0;
};
template <class B>
moving_average(B&, averaging = {}) -> moving_average<B>;
template <class B>
moving_average(B&&, ...) -> moving_average<std::remove_reference_t<B>>;

}  // namespace COHORT_NAMESPACE
