#pragma once
#include <cohort/language/rollout/given_completions.hpp>

namespace COHORT_NAMESPACE {

/// The "rollout" of supervised fine-tuning: `count` rows with the solution that the task knows,
/// `std::vector<std::int32_t> solution(row) const`. With no_advantage and log_likelihood that is maximum likelihood on
/// them:
///
///     algorithm{.rollout = demonstrations{128}, .advantage = no_advantage{}, .objective = log_likelihood{}, ...}
struct demonstrations {
  int count = 128;

  static constexpr about notes{"demonstrations", "rows with the task's own solution", "supervised fine-tuning"};
  static constexpr char const* names[] = {"known"};
  constexpr void parameters(auto f) const { f("count", count); }
  void check() const { detail::require(count > 0, "demonstrations", "count", count, "a positive number"); }

  using reads_a_task = void;
  template <class Task, class Policy>
  static constexpr bool fits = requires(Task const& task, typename Task::row const& row) { task.solution(row); };
  template <backend B, class Task, class Policy>
  using collector = given_completions_collector<B, Task, Policy, demonstrations>;
  template <class Task>
  static std::array<std::vector<std::int32_t>, 1> given(Task const& task, typename Task::row const& row) {
    constexpr bool knows = requires { std::vector<std::int32_t>(task.solution(row)); };
    static_assert(knows, "a task of demonstrations needs `std::vector<std::int32_t> solution(row) const`");
    return {task.solution(row)};
  }
};

}  // namespace COHORT_NAMESPACE
