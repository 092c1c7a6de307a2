#pragma once
#include <cohort/language/rollout/demonstrations.hpp>

namespace cohort {

template <backend B, class Task, class Policy>
class preferences_collector;

/// The "rollout" of preference learning: `count` rows, each with a completion that was chosen and one that was
/// rejected, `std::vector<std::int32_t> chosen(row) const` and `rejected(row) const` of the task. With an objective of
/// pairs it is DPO, or trains a reward model:
///
///     algorithm{.rollout = preferences{64}, .advantage = no_advantage{}, .objective = dpo{.beta = .1}, ...}
///     algorithm{.rollout = preferences{64}, .advantage = no_advantage{}, .objective = bradley_terry{}, ...}
///
/// the latter on a language_model_with_value. Series 2 p is the chosen one of row p, series 2 p + 1 the rejected one.
/// They have no old_logp and no score: both are NaN.
struct preferences {
  int count = 64;  ///< pairs

  template <class F>
  constexpr void parameters(F f) const {
    f("count", count);
  }

  using reads_a_task = void;
  template <backend B, class Task, class Policy>
  using collector = preferences_collector<B, Task, Policy>;
  void check() const { detail::require(count > 0, "preferences", "count", count, "a positive number"); }
};

template <backend B, class Task, class Policy>
class preferences_collector {
  static_assert(
      requires(Task const& t, typename Task::row const& r) {
        std::vector<std::int32_t>(t.chosen(r));
        std::vector<std::int32_t>(t.rejected(r));
      },
      "a task of preferences needs `std::vector<std::int32_t> chosen(row) const` and `std::vector<std::int32_t> "
      "rejected(row) const`");

 public:
  using batch_type = completion_batch<B>;

  preferences_collector(B&, preferences const& o, Task const& task, Policy const&, std::uint64_t seed)
      : options_(o), task_(task), seed_(seed) {}

  batch_type& collect(B& backend, Policy&, std::int64_t, rollout_summary& summary) {
    detail::completion_counter counter;
    random_stream draws(stream{seed_, purpose::reset, rollouts_++});
    batch_.clear();
    for (int i = 0; i < options_.count; ++i) {
      auto row = task_.draw(draws);
      batch_.begin_group(task_.prompt(row));
      for (bool chosen : {true, false}) {
        std::vector<std::int32_t> tokens = chosen ? task_.chosen(row) : task_.rejected(row);
        if (tokens.empty())
          throw value_error("preferences: the " + std::string(chosen ? "chosen" : "rejected") + " completion of pair " +
                            std::to_string(i) + " is empty, expected a token or more");
        batch_.add_given(tokens);
        counter.add(double(tokens.size()), true);
        summary.steps += std::int64_t(tokens.size());
      }
    }
    summary.completions = counter.means();
    batch_.finish(backend);
    return batch_;
  }

 private:
  preferences options_;
  Task const& task_;
  std::uint64_t seed_;
  std::uint32_t rollouts_ = 0;
  batch_type batch_;
};

}  // namespace cohort
