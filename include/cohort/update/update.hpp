#pragma once
#include <cohort/advantage/normalize.hpp>
#include <cohort/describe/about.hpp>
#include <cohort/describe/type_name.hpp>
#include <cohort/erased/any_optimizer.hpp>
#include <cohort/error.hpp>
#include <cohort/optimizer/adam.hpp>
#include <cohort/optimizer/gradient_norm.hpp>
#include <cstdint>
#include <limits>
#include <string>

namespace COHORT_NAMESPACE {

/// What an update does at a gradient, a loss or parameters that are not finite: it raises not_finite_error, with the
/// parameters of before the optimizer's step; or it leaves out the step and counts it (update_metrics::skipped); or it
/// goes back to the parameters of before the update, of which it then keeps a copy, with an optimizer that begins
/// afresh, and leaves out the rest.
enum class non_finite { raise, skip, restore };

/// How a batch becomes optimizer steps: `epochs` passes over it, each in an order of its own, cut into minibatches (the
/// last one may be smaller). Minibatches are cut between decisions, so the G actions of one stay together.
template <class Optimizer = adam>
struct update {
  int epochs = 10;
  std::int64_t minibatch_size = 0;                     ///< steps of each; 0: all there are
  int minibatches = 0;                                 ///< or into how many equal ones; 0: by minibatch_size
  normalization normalize = normalization::minibatch;  ///< of the advantages
  standardize standardization{};                       ///< how, if at all
  Optimizer optimizer{};
  double max_gradient_norm = std::numeric_limits<double>::infinity();  ///< > 0
  double max_gradient_value =
      std::numeric_limits<double>::infinity();  ///< > 0; of each element, before the norm's limit
  cohort::non_finite non_finite = cohort::non_finite::raise;
  /// > 0; once update_metrics::approximate_kl of a minibatch is more than 1.5 times as much, neither its step nor any
  /// after it is taken (SB3's target_kl). It costs the metrics of each minibatch.
  double target_kl = std::numeric_limits<double>::infinity();
  /// > 0; before each step the learning rate, which begins as the optimizer's, is divided by 1.5 where approximate_kl
  /// of the minibatch is more than twice as much, and multiplied by 1.5 where it is less than half (as of an update's
  /// first one), within 1e-5 to 1e-2. rsl_rl's "adaptive" schedule, but for the estimate: its divergence is exact. It
  /// costs the metrics of each minibatch.
  double desired_kl = std::numeric_limits<double>::infinity();
  /// Of a policy that learns what it remembers: steps of a series that are learned from together, from what it
  /// remembered when it saw the first of them; gradients go back no further. 0: whole series. Minibatches are cut
  /// between such runs.
  int unroll = 0;
  int burn_in = 0;  ///< and steps before them, through which it remembers anew first, without learning from them

  static constexpr about notes{"update", "epochs of minibatches", "Schulman et al. 2017, arXiv:1707.06347, algorithm 1",
                               "SB3, CleanRL (PPO: whole updates)"};
  constexpr void parameters(auto f) const {
    f("epochs", epochs);
    f("minibatches", minibatches, minibatches > 0);
    f("minibatch_size", minibatch_size, minibatches == 0 && minibatch_size > 0);
    f("normalize", normalize);
    f("standardization", standardization, normalize != normalization::none && !(standardization == standardize{}));
    f("", optimizer);
    f("max_gradient_norm", max_gradient_norm, max_gradient_norm < std::numeric_limits<double>::infinity());
    f("max_gradient_value", max_gradient_value, max_gradient_value < std::numeric_limits<double>::infinity());
    f("non_finite", non_finite, non_finite != cohort::non_finite::raise);
    f("target_kl", target_kl, target_kl < std::numeric_limits<double>::infinity());
    f("desired_kl", desired_kl, desired_kl < std::numeric_limits<double>::infinity());
    f("unroll", unroll, unroll > 0), f("burn_in", burn_in, burn_in > 0);
  }
  template <class B>
  static constexpr bool has_optimizers = detail::optimizer_on<Optimizer, B>;
  template <backend B>
  update<any_optimizer<B>> erased() const {
    return {epochs,          minibatch_size, minibatches,       normalize,
            standardization, optimizer,      max_gradient_norm, max_gradient_value,
            non_finite,      target_kl,      desired_kl,        unroll,
            burn_in};
  }
  gradient_limits limits() const { return {max_gradient_norm, max_gradient_value}; }
  void check() const {
    detail::require(epochs > 0, "update", "epochs", epochs, "a positive number");
    detail::require(minibatch_size >= 0, "update", "minibatch_size", double(minibatch_size), "0 (all) or more");
    detail::require(minibatches >= 0, "update", "minibatches", minibatches,
                    "0 (by minibatch_size) or a positive number");
    detail::require(max_gradient_norm > 0, "update", "max_gradient_norm", max_gradient_norm,
                    "a positive number (infinity: no limit)");
    detail::require(max_gradient_value > 0, "update", "max_gradient_value", max_gradient_value,
                    "a positive number (infinity: no limit)");
    detail::require(target_kl > 0, "update", "target_kl", target_kl, "a positive number (infinity: none)");
    detail::require(desired_kl > 0, "update", "desired_kl", desired_kl, "a positive number (infinity: none)");
    detail::require(unroll >= 0, "update", "unroll", unroll, "0 (whole series) or a positive number");
    detail::require(burn_in >= 0, "update", "burn_in", burn_in, "0 or a positive number");
    if (burn_in > 0 && unroll == 0)
      throw value_error("update: burn_in is " + std::to_string(burn_in) +
                        ", and series are whole, so that nothing is before them: expected .unroll with it");
  }
};

namespace detail {

/// An update without the types of its optimizers, where it says how.
template <backend B, class Update>
auto erased_update(Update const& u) {
  if constexpr (requires { u.template erased<B>(); }) return u.template erased<B>();
  else return u;
}
template <class B, class Update>
using erased_update_t = decltype(erased_update<B>(std::declval<Update const&>()));

/// What an update is told from others by in a run's file: its optimizer, or its type.
template <class Update>
std::string update_name(Update const& u) {
  if constexpr (requires { u.name(); }) return u.name();
  else if constexpr (requires { u.optimizer.name(); }) return u.optimizer.name();
  else return type_name<Update>();
}
/// Whether an update's optimizers are some, if it has any.
template <class Update, class B>
constexpr bool has_optimizers() {
  if constexpr (requires { Update::template has_optimizers<B>; }) return Update::template has_optimizers<B>;
  else return true;
}
/// Whether an update can train such a policy, if it says so.
template <class Update, class B, class Policy>
constexpr bool update_fits() {
  if constexpr (requires { Update::template fits<B, Policy>; }) return Update::template fits<B, Policy>;
  else return true;
}

}  // namespace detail
}  // namespace COHORT_NAMESPACE
