#pragma once
#include <algorithm>
#include <cstddef>
#include <mutex>
#include <new>
#include <vector>

namespace cohort::python {

/// The memory of results. What those that are gone have left is kept for the next ones, up to a limit: pages that are
/// new to the process cost more than most of what is computed on them, and a loop that assigns its results to the same
/// names has two sets of them by turns.
class memory_of_results {
 public:
  static memory_of_results& only() {
    static auto* one = new memory_of_results;  // arrays may outlive whatever is destroyed at the end
    return *one;
  }
  void* take(std::size_t bytes) {
    std::lock_guard lock(mutex_);
    auto best = kept_.end();
    for (auto i = kept_.begin(); i != kept_.end(); ++i)
      if ((*i)->bytes >= bytes && (*i)->bytes <= 2 * bytes && (best == kept_.end() || (*i)->bytes <= (*best)->bytes))
        best = i;
    header* found;
    if (best != kept_.end()) {
      found = *best;
      kept_.erase(best);
      held_ -= found->bytes;
    } else {
      found = new (::operator new(sizeof(header) + bytes, std::align_val_t(alignof(header)))) header{bytes};
    }
    return found + 1;
  }
  void give(void* data) noexcept {
    std::lock_guard lock(mutex_);
    kept_.push_back(static_cast<header*>(data) - 1);
    held_ += kept_.back()->bytes;
    while (held_ > most || kept_.size() > most_arrays) {
      held_ -= kept_.front()->bytes;
      ::operator delete(kept_.front(), std::align_val_t(alignof(header)));
      kept_.erase(kept_.begin());
    }
  }

 private:
  struct alignas(64) header {
    std::size_t bytes;
  };
  static constexpr std::size_t most = 64 << 20, most_arrays = 64;

  memory_of_results() { kept_.reserve(most_arrays + 1); }
  std::mutex mutex_;
  std::vector<header*> kept_;  ///< the oldest first
  std::size_t held_ = 0;
};

}  // namespace cohort::python
