#pragma once
#include <cohort/advantage/batch_view.hpp>
#include <cohort/language/rollout/completion_batch.hpp>
#include <cohort/language/task/language_task.hpp>

namespace cohort {

template <backend B, class Task, class Policy>
class demonstrations_collector;

/// The "rollout" of supervised fine-tuning: `count` rows with the solution that the task knows,
/// `std::vector<std::int32_t> solution(row) const`. With no_advantage and log_likelihood that is maximum likelihood on
/// them:
///
///     algorithm{.rollout = demonstrations{128}, .advantage = no_advantage{}, .objective = log_likelihood{}, ...}
///
/// They have no old_logp and no score: both are NaN.
struct demonstrations {
  int count = 128;

  template <class F>
  constexpr void parameters(F f) const {
    f("count", count);
  }

  using reads_a_task = void;
  template <backend B, class Task, class Policy>
  using collector = demonstrations_collector<B, Task, Policy>;
  void check() const { detail::require(count > 0, "demonstrations", "count", count, "a positive number"); }
};

template <backend B, class Task, class Policy>
class demonstrations_collector {
  static_assert(
      requires(Task const& t, typename Task::row const& r) { std::vector<std::int32_t>(t.solution(r)); },
      "a task of demonstrations needs `std::vector<std::int32_t> solution(row) const`");

 public:
  using batch_type = completion_batch<B>;

  demonstrations_collector(B&, demonstrations const& o, Task const& task, Policy const&, std::uint64_t seed)
      : options_(o), task_(task), seed_(seed) {}

  batch_type& collect(B& backend, Policy&, std::int64_t, rollout_summary& summary) {
    detail::completion_counter counter;
    random_stream draws(stream{seed_, purpose::reset, rollouts_++});
    batch_.clear();
    for (int i = 0; i < options_.count; ++i) {
      auto row = task_.draw(draws);
      std::vector<std::int32_t> solution = task_.solution(row);
      batch_.begin_group(task_.prompt(row));
      batch_.add_given(solution);
      counter.add(double(solution.size()), true);
      summary.steps += std::int64_t(solution.size());
    }
    summary.completions = counter.means();
    batch_.finish(backend);
    return batch_;
  }

 private:
  demonstrations options_;
  Task const& task_;
  std::uint64_t seed_;
  std::uint32_t rollouts_ = 0;
  batch_type batch_;
};

/// For objectives that read no advantage: all are 0.
struct no_advantage {
  template <backend B, class T = value_t<B>>
  void operator()(B& backend, batch_view<T> const&, estimates<T> const& out) const {
    backend.map(outputs{out.advantage}, detail::filled{0}, view<T const>(out.advantage));
    if (out.target) backend.map(outputs{out.target}, detail::filled{0}, view<T const>(out.target));
  }
};

}  // namespace cohort
