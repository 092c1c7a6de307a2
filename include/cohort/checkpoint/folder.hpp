#pragma once
#include <sys/file.h>
#include <chrono>
#include <cohort/checkpoint/load.hpp>
#include <optional>

namespace COHORT_NAMESPACE {

struct checkpoint_options {
  std::int64_t every = 10;  ///< updates
  int keep = 3;             ///< the newest so many stay
  bool best = false;        ///< and the one with the best mean return, as best.cohort
  double flush_every = 1;   ///< seconds, at least, between two that wait until they are on the disk; 0: all do
};

/// The checkpoints of one run in a folder, update_000000000120.cohort and so on: a hook of train, or to be called by
/// hand.
///
///     checkpoints kept{"runs/cart_pole"};
///     training run{cpu, ppo, environment, policy, {.steps = 100'000, .seed = 1}};
///     kept.load_newest(cpu, run);  // goes on where an interrupted run was
///     while (run.step()) kept.on_run(run);
///
/// An older one is removed when the newer one is whole, so a process may be killed at any time; what a power cut may
/// take is what was written since the last one that was flushed. Raises io_error where the folder cannot be made or
/// another process keeps its checkpoints there.
class checkpoints {
 public:
  explicit checkpoints(std::filesystem::path folder, checkpoint_options const& o = {})
      : folder_(std::move(folder)), options_(o), lock_(lock(folder_, o)) {
    if (lock_ < 0) throw io_error(folder_.string() + " cannot be written: " + std::strerror(errno));
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
      throw io_error(folder_.string() + " has the checkpoints of another process that runs");
  }

  /// Writes one now.
  template <backend B, class Run>
  void save(B& backend, Run& run) {
    using clock = std::chrono::steady_clock;
    auto const now = clock::now();
    bool const flush = !flushed_ || std::chrono::duration<double>(now - *flushed_).count() >= options_.flush_every;
    auto const path = folder_ / name_of(run.report().updates);
    cohort::save(backend, run, path, {.flush = flush});
    if (flush) flushed_ = now;
    saved_ = run.report().updates;
    if (options_.best) keep_best(path, run.report().mean_return);
    auto const all = files();
    for (std::size_t i = std::size_t(options_.keep); i < all.size(); ++i) {
      std::error_code ignored;
      std::filesystem::remove(all[i], ignored);
    }
  }

  /// The newest checkpoint that is sound becomes the run's; false, with nothing done, where there is none. What was
  /// wrong with newer ones is in complaints(). Raises value_error for the checkpoint of a run that was made otherwise.
  template <backend B, class Run>
  bool load_newest(B& backend, Run& run) {
    complaints_.clear();
    for (auto const& path : files()) try {
        load(backend, run, path);
        return true;
      } catch (io_error const& e) {
        complaints_.push_back(e.what());
      }
    return false;
  }
  std::vector<std::string> const& complaints() const { return complaints_; }

  /// The checkpoints there, the newest first.
  std::vector<std::filesystem::path> files() const {
    std::vector<std::filesystem::path> all;
    std::error_code failed;
    for (auto const& entry : std::filesystem::directory_iterator(folder_, failed))
      if (is_checkpoint(entry.path().filename().string())) all.push_back(entry.path());
    std::sort(all.rbegin(), all.rend());
    return all;
  }

  template <class Run>
  void on_run(Run& run) {
    if (run.report().updates % options_.every == 0) save(run.backend(), run);
  }
  /// The end of a run is kept too, so that one that a hook has stopped can be gone on with.
  template <class Run>
  void on_run_end(Run& run) {
    if (run.report().updates > 0 && run.report().updates != saved_) save(run.backend(), run);
  }

 private:
  static constexpr std::string_view begin = "update_", end = ".cohort";
  static constexpr std::size_t digits = 12;

  static detail::open_file lock(std::filesystem::path const& folder, checkpoint_options const& o) {
    detail::require(o.every > 0, "checkpoints", "every", double(o.every), "a positive number");
    detail::require(o.keep > 0, "checkpoints", "keep", o.keep, "a positive number");
    detail::require(o.flush_every >= 0, "checkpoints", "flush_every", o.flush_every, "0 or a positive number");
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) throw io_error(folder.string() + " cannot be made: " + failed.message());
    return {folder / ".lock", O_RDWR | O_CREAT, 0666};
  }
  static std::string name_of(std::int64_t updates) {
    std::string number = std::to_string(updates);
    return std::string(begin) + std::string(digits - std::min(digits, number.size()), '0') + number + std::string(end);
  }
  /// The file also becomes the best one's, if it is. What was the best before a restart is read from its file.
  void keep_best(std::filesystem::path const& path, double mean_return) {
    namespace fs = std::filesystem;
    auto const best = folder_ / "best.cohort", next = folder_ / "best.next";
    if (!best_) {
      best_ = -std::numeric_limits<double>::infinity();
      if (fs::exists(best)) try {
          if (auto const kept = file::read_state(best).state; kept.contains("mean return"))
            best_ = detail::numbers_in<double>(kept.at("mean return").bytes).at(0);
        } catch (io_error const&) {
        }  // one that is damaged is replaced
    }
    if (!(mean_return > *best_)) return;
    std::error_code failed;
    fs::remove(next, failed);
    fs::create_hard_link(path, next, failed);
    if (failed) fs::copy_file(path, next, fs::copy_options::overwrite_existing, failed);
    if (!failed) fs::rename(next, best, failed);
    if (failed) throw io_error(best.string() + " cannot be written: " + failed.message());
    best_ = mean_return;
  }
  static bool is_checkpoint(std::string_view name) {
    return name.size() == begin.size() + digits + end.size() && name.starts_with(begin) && name.ends_with(end) &&
           detail::all_digits(name.substr(begin.size(), digits));
  }

  std::filesystem::path folder_;
  checkpoint_options options_;
  detail::open_file lock_;
  std::optional<std::chrono::steady_clock::time_point> flushed_;
  std::vector<std::string> complaints_;
  std::int64_t saved_ = -1;
  std::optional<double> best_;
};

}  // namespace COHORT_NAMESPACE
