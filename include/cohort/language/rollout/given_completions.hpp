#pragma once
#include <cohort/describe/about.hpp>
#include <cohort/language/rollout/completion_minibatches.hpp>
#include <cohort/language/task/language_task.hpp>

namespace COHORT_NAMESPACE {

/// Collects completions that a task knows: of each of `count` rows those of Rollout::given(task, row), in that order.
/// They have no old_logp and no score: both are NaN.
template <backend B, class Task, class Policy, class Rollout>
class given_completions_collector {
 public:
  using batch_type = completion_batch<B>;

  given_completions_collector(B&, Rollout const& o, Task const& task, Policy const&, std::uint64_t seed)
      : options_(o), task_(task), seed_(seed) {}

  void persist(auto const& f) { f("rollouts", rollouts_); }

  batch_type& collect(B& backend, Policy&, std::int64_t, rollout_summary& summary) {
    detail::completion_counter counter;
    std::uint64_t const first = std::uint64_t(rollouts_) * std::uint64_t(options_.count);
    random_stream draws(stream_id{seed_, draw_purpose::reset, rollouts_++});
    batch_.clear();
    for (int i = 0; i < options_.count; ++i) {
      auto row = detail::draw_row(task_, draws, {seed_, first + std::uint64_t(i)});
      batch_.begin_group(task_.prompt(row));
      int number = 0;
      for (std::vector<std::int32_t> const& tokens : Rollout::given(task_, row)) {
        if (tokens.empty())
          throw value_error(std::string(Rollout::notes.name) + ": the " + Rollout::names[number] +
                            " completion of row " + std::to_string(i) + " is empty, expected a token or more");
        batch_.add_given(tokens);
        counter.add(double(tokens.size()), true);
        summary.steps += std::int64_t(tokens.size());
        ++number;
      }
    }
    summary.completions = counter.means();
    batch_.finish(backend);
    return batch_;
  }

 private:
  Rollout options_;
  Task const& task_;
  std::uint64_t seed_;
  std::uint32_t rollouts_ = 0;
  batch_type batch_;
};

}  // namespace COHORT_NAMESPACE
