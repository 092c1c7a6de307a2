#pragma once
#include <cohort/language/reward/outside/child.hpp>
#include <cohort/language/reward/outside/protocol.hpp>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

struct program_options {
  int processes = 2;                          ///< of the program, at the most; > 0
  int at_a_time = 8;                          ///< completions in a line; > 0
  double seconds = 60;                        ///< that an answer may take, the program's start included; > 0
  std::size_t most_bytes = 1 << 20;           ///< of an answer
  when_failing failing = when_failing::stop;  ///< or the completions of the line have no value
  int failures = 10;                          ///< in a row with which it is stopped at in any case; > 0
};

/// The reward that a program outside gives, in whatever language, over JSON lines:
///
///     program_reward judge{{"python3", "verifier.py"}, {.processes = 2, .seconds = 10}};
///
///     its stdin     {"completions": [{"prompt": "..", "text": "..", "tokens": [..], "truncated": false, "row": ..}]}
///
///     its stdout    {"rewards": [1.0, null, ..]}, a number or null (absent) for each; or {"error": "what is wrong"}
///
/// A line for a line, flushed, until its stdin ends. Programs are started when they are needed first and stay; one that
/// ends, hangs, prints too much or something else is killed with its process group, and the next line gets a new one.
/// All of that is a reward_failure (a value_error) that names the program, the completion and what was wrong, or makes
/// the line's completions absent; a value that is no finite number does so for its completion alone. A program that
/// cannot be started is an io_error always. Safe from several threads. POSIX alone.
template <class ToJson = row_as_json>
class program_reward {
 public:
  explicit program_reward(std::vector<std::string> command, program_options const& options = {}, ToJson to_json = {})
      : pool_(std::make_shared<pool>()), options_(options), to_json_(std::move(to_json)) {
    if (command.empty() || command[0].empty()) throw value_error("program_reward: the command names no program");
    auto const positive = [](char const* name, double x) {
      detail::require(x > 0, "program_reward", name, x, "a positive number");
    };
    positive("processes", options.processes), positive("at_a_time", options.at_a_time);
    positive("seconds", options.seconds), positive("most_bytes", double(options.most_bytes));
    positive("failures", options.failures);
    pool_->command = std::move(command);
  }

  template <class Row>
  std::optional<double> operator()(completion<Row> const& c) const {
    return batch(std::span<completion<Row> const>(&c, 1))[0];
  }
  template <class Row>
  std::vector<std::optional<double>> batch(std::span<completion<Row> const> all) const {
    auto const ask = [&](std::size_t first, std::span<std::optional<double>> values) {
      line(detail::reward_request(all.subspan(first, values.size()), to_json_), first, values);
    };
    return detail::in_pieces(all.size(), std::size_t(options_.at_a_time), options_.processes, options_.failing, ask);
  }

 private:
  struct pool {
    std::vector<std::string> command;
    std::vector<std::unique_ptr<detail::child_program>> idle;
    int busy = 0, failures = 0;
    std::mutex lock;
    std::condition_variable freed;
  };

  void line(std::string request, std::size_t first, std::span<std::optional<double>> values) const {
    std::string const who = "program_reward " + pool_->command[0];
    std::unique_ptr<detail::child_program> child;
    {
      std::unique_lock held(pool_->lock);
      pool_->freed.wait(held, [&] { return pool_->busy < options_.processes; });
      ++pool_->busy;
      if (!pool_->idle.empty()) child = std::move(pool_->idle.back()), pool_->idle.pop_back();
    }
    struct give_back {
      pool& to;
      std::unique_ptr<detail::child_program>& child;
      bool good = false;
      ~give_back() {
        std::unique_ptr<detail::child_program> dead;
        {
          std::lock_guard const held(to.lock);
          --to.busy, to.failures = good ? 0 : to.failures + 1;
          if (good) to.idle.push_back(std::move(child));
          else dead = std::move(child);
        }
        to.freed.notify_one();
      }
    } giving{*pool_, child};
    try {
      if (!child) child = std::make_unique<detail::child_program>(pool_->command);
      auto answer = child->ask(std::move(request), options_.seconds, options_.most_bytes);
      detail::read_rewards(std::move(answer), values, who, first, options_.failing);
    } catch (detail::child_program::failure const& e) {
      failed(reward_failure(who + ", completion " + std::to_string(first) + " of the batch: it " + e.what, first));
    } catch (reward_failure const& e) {
      failed(e);
    }
    giving.good = true;
  }
  [[noreturn]] void failed(reward_failure const& e) const {
    std::unique_lock held(pool_->lock);
    if (options_.failing == when_failing::absent && pool_->failures + 1 >= options_.failures)
      throw value_error(std::string(e.what()) + " (and " + std::to_string(options_.failures) +
                        " failures in a row are the most)");
    held.unlock();
    throw e;
  }

  std::shared_ptr<pool> pool_;
  program_options options_;
  ToJson to_json_;
};

}  // namespace COHORT_NAMESPACE
