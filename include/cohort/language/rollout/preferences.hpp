#pragma once
#include <cohort/language/rollout/given_completions.hpp>

namespace COHORT_NAMESPACE {

/// The "rollout" of preference learning: `count` rows, each with a completion that was chosen and one that was
/// rejected, `std::vector<std::int32_t> chosen(row) const` and `rejected(row) const` of the task. With an objective of
/// pairs it is DPO, or trains a reward model:
///
///     algorithm{.rollout = preferences{64}, .advantage = no_advantage{}, .objective = dpo{.beta = .1}, ...}
///     algorithm{.rollout = preferences{64}, .advantage = no_advantage{}, .objective = bradley_terry{}, ...}
///
/// the latter on a language_model_with_value. Series 2 p is the chosen one of row p, series 2 p + 1 the rejected one.
struct preferences {
  int count = 64;  ///< pairs

  static constexpr about notes{"preferences", "rows with a chosen and a rejected completion", "preference learning"};
  static constexpr char const* names[] = {"chosen", "rejected"};
  constexpr void parameters(auto f) const { f("count", count); }
  void check() const { detail::require(count > 0, "preferences", "count", count, "a positive number"); }

  using reads_a_task = void;
  template <class Task, class Policy>
  static constexpr bool fits =
      requires(Task const& task, typename Task::row const& row) { task.chosen(row), task.rejected(row); };
  template <backend B, class Task, class Policy>
  using collector = given_completions_collector<B, Task, Policy, preferences>;
  template <class Task>
  static std::array<std::vector<std::int32_t>, 2> given(Task const& task, typename Task::row const& row) {
    constexpr bool knows = requires {
      std::vector<std::int32_t>(task.chosen(row));
      std::vector<std::int32_t>(task.rejected(row));
    };
    static_assert(knows,
                  "a task of preferences needs `std::vector<std::int32_t> chosen(row) const` and "
                  "`std::vector<std::int32_t> rejected(row) const`");
    return {task.chosen(row), task.rejected(row)};
  }
};

}  // namespace COHORT_NAMESPACE
