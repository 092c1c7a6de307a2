#pragma once
#include <cohort/backend/copies.hpp>
#include <cohort/policy/policy_numbers.hpp>
#include <cohort/run/evaluate.hpp>
#include <cohort/run/train.hpp>
#include <cstdint>
#include <vector>

namespace COHORT_NAMESPACE {

struct evaluation_options {
  std::int64_t every = 10;  ///< updates
  int episodes = 10;        ///< each time, side by side
  std::uint64_t seed = 0;   ///< of their starts, which are the same each time and none of the run's
};

/// A hook of train that plays whole episodes of the most probable actions after every so many updates, and keeps the
/// parameters that did best:
///
///     evaluation watch{cpu, environment, {.every = 20, .episodes = 10}};
///     train(cpu, ppo, environment, policy, {.steps = 100'000}, watch);
///     watch.restore(policy);   // those of the best evaluation
///
/// The environment may be another one than that of the run. What training draws stays what it was. Raises value_error
/// for an environment without max_episode_steps, whose episodes might never end.
template <backend B, class E>
class evaluation {
  using T = value_t<B>;

 public:
  struct result {
    std::int64_t updates = 0, steps = 0;
    double mean = 0, deviation = 0;  ///< of the episodes' returns
  };

  evaluation(B& backend, E environment, evaluation_options const& o = {})
      : backend_(backend), environment_(std::move(environment)), options_(o) {
    detail::require(o.every > 0, "evaluation", "every", double(o.every), "a positive number");
    detail::require(o.episodes > 0, "evaluation", "episodes", o.episodes, "a positive number");
  }

  template <class Policy>
  void on_update(train_report const& r, Policy& policy) {
    if (r.updates % options_.every != 0) return;
    auto const returns = evaluate(backend_, environment_, policy, options_.episodes, options_.seed);
    results_.push_back({r.updates, r.steps, returns.mean(), returns.deviation()});
    if (results_.size() > 1 && !(returns.mean() > results_[best_].mean)) return;
    best_ = results_.size() - 1;
    detail::keep_numbers(backend_, kept_, policy);
  }

  /// All evaluations, in their order.
  std::vector<result> const& results() const { return results_; }
  /// The best one, of several alike the first. Raises value_error before there is one.
  result const& best() const {
    require_one();
    return results_[best_];
  }
  /// The policy's parameters become those of the best one.
  template <class Policy>
  void restore(Policy& policy) {
    require_one();
    view<T> const numbers = detail::all_numbers(policy);
    if (numbers.rows != kept_.size())
      throw shape_error("evaluation: the policy has " + std::to_string(numbers.rows) + " parameters, expected the " +
                        std::to_string(kept_.size()) + " of the one that was evaluated");
    detail::copy_to(backend_, numbers, kept_.all());
  }

 private:
  void require_one() const {
    if (results_.empty())
      throw value_error("evaluation: there is no evaluation yet, expected one after each " +
                        std::to_string(options_.every) + " updates");
  }

  B& backend_;
  E environment_;
  evaluation_options options_;
  std::vector<result> results_;
  std::size_t best_ = 0;
  typename B::template array<T> kept_;
};

}  // namespace COHORT_NAMESPACE
