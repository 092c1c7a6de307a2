#pragma once
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cohort/compiler.hpp>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>
#ifdef _OPENMP
#include <omp.h>
#endif

namespace COHORT_NAMESPACE::eigen {

inline int hardware_threads() {
#ifdef _OPENMP
  return omp_get_max_threads();
#else
  return 1;
#endif
}

/// While it lives, whoever asks OpenMP how many threads this thread may start hears 1. Eigen asks, and would cut a
/// product by the answer.
class no_further_threads {
#ifdef _OPENMP
  int before_ = omp_get_max_threads();

 public:
  no_further_threads() { omp_set_num_threads(1); }
  ~no_further_threads() { omp_set_num_threads(before_); }
#else
 public:
  no_further_threads() {}
#endif
  no_further_threads(no_further_threads const&) = delete;
};

/// The body of a loop without its type, f(first, last) or f(worker, first, last), which must outlive it: so the
/// threads' part is compiled once, and a body once.
struct loop_body {
  void const* object;
  void (*call)(void const*, int worker, std::ptrdiff_t first, std::ptrdiff_t last);

  template <class F>
    requires(!std::is_same_v<F, loop_body>)
  loop_body(F const& f) : object(&f), call(&run<F>) {}

 private:
  template <class F>
  static void run(void const* object, int worker, std::ptrdiff_t first, std::ptrdiff_t last) {
    F const& f = *static_cast<F const*>(object);
    if constexpr (requires { f(worker, first, last); }) f(worker, first, last);
    else f(first, last);
  }
};

/// A loop that workers share. Each takes its own range, in ever smaller pieces, and then what is left of the others':
/// none waits long for a slower core, and what a core works on is mostly what it worked on in the loop before.
class shared_loop {
 public:
  static constexpr int most_workers = 256;

  shared_loop(std::ptrdiff_t n, std::ptrdiff_t grain, int workers, loop_body body)
      : body_(body),
        workers_(std::min(workers, most_workers)),
        least_(std::max({grain / 4, n / (16 * workers_), std::ptrdiff_t(1)})) {
    for (int w = 0; w < workers_; ++w) {
      ranges_[w].next.store(n * w / workers_, std::memory_order_relaxed);
      ranges_[w].end = n * (w + 1) / workers_;
    }
  }
  int workers() const { return workers_; }

  /// What one worker does. Fewer may come than were planned; no two at a time by the same number.
  void work(int worker) {
    for (int i = 0; i < workers_; ++i) {
      range& r = ranges_[(worker + i) % workers_];
      for (std::ptrdiff_t first = 0, last = 0; take(r, first, last);) body_.call(body_.object, worker, first, last);
    }
  }

 private:
  struct alignas(64) range {
    std::atomic<std::ptrdiff_t> next;
    std::ptrdiff_t end;
  };
  bool take(range& r, std::ptrdiff_t& first, std::ptrdiff_t& last) const {
    first = r.next.load(std::memory_order_relaxed);
    do {
      if (first >= r.end) return false;
      last = std::min(r.end, first + std::max(least_, (r.end - first) / 3));
    } while (!r.next.compare_exchange_weak(first, last, std::memory_order_relaxed));
    return true;
  }

  loop_body body_;
  int workers_;
  std::ptrdiff_t least_;
  range ranges_[most_workers];
};

/// Threads that wait for loops, of one backend. Nobody waits for one that does not come, since its core does something
/// else: what is left of a loop is whoever's who is there. One that waits looks for the next loop for some fifty
/// microseconds and then sleeps. They are started when a loop first wants them, and anew in a child of `fork`.
class thread_pool {
 public:
  thread_pool() = default;
  thread_pool(thread_pool const&) = delete;
  ~thread_pool() {
    ends_ = true;
    ++round_;
    round_.notify_all();
    leave_threads();
  }

  /// An executor's function, with a pool as its first argument. A loop inside another is this thread's alone.
  static void run(void* pool, int threads, std::ptrdiff_t n, std::ptrdiff_t grain, loop_body body) {
    int workers = int(std::min<std::ptrdiff_t>(threads, n / grain));
    auto& self = *static_cast<thread_pool*>(pool);
    if (workers < 2 || self.busy_.exchange(true)) return body.call(body.object, 0, 0, n);
    self.share(shared_loop(n, grain, workers, body));
  }

 private:
  void share(shared_loop&& loop) {
    if (process_ != ::getpid()) leave_threads();
    try {
      while (int(threads_.size()) + 1 < loop.workers())
        threads_.emplace_back([this, worker = int(threads_.size()) + 1] { wait_for_loops(worker); });
    } catch (std::exception const&) {
    }  // as many as the system gives
    thrown_ = nullptr;
    loop_ = &loop;
    ++round_;
    round_.notify_all();
    attempt(loop, 0);
    loop_ = nullptr;  // whoever comes now is too late, and those who are here are counted
    spin_while([&] { return inside_ != 0; });
    for (int n; (n = inside_) != 0;) inside_.wait(n);
    busy_ = false;
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
  }
  void wait_for_loops(int worker) {
    for (unsigned seen = 0; !ends_;) {
      ++inside_;
      if (shared_loop* loop = loop_; loop && worker < loop->workers()) attempt(*loop, worker);
      if (--inside_ == 0) inside_.notify_one();
      spin_while([&] { return round_ == seen; });
      round_.wait(seen);
      seen = round_;
    }
  }
  void attempt(shared_loop& loop, int worker) {
    try {
      loop.work(worker);
    } catch (...) {
      std::lock_guard lock(of_thrown_);
      thrown_ = std::current_exception();
    }
  }
  template <class Condition>
  static void spin_while(Condition condition) {
    for (int i = 0; i < 2000 && condition(); ++i) {
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#endif
    }
  }
  /// Of a parent process there are no threads to wait for.
  void leave_threads() {
    for (auto& t : threads_) process_ == ::getpid() ? t.join() : t.detach();
    threads_.clear();
    process_ = ::getpid(), inside_ = 0;
  }

  std::atomic<bool> busy_ = false, ends_ = false;
  std::atomic<shared_loop*> loop_ = nullptr;
  std::atomic<unsigned> round_ = 0;
  std::atomic<int> inside_ = 0;
  std::mutex of_thrown_;
  std::exception_ptr thrown_;
  std::vector<std::thread> threads_;
  pid_t process_ = ::getpid();
};

/// How the loops of a backend are run: on threads of its own, on those of OpenMP or of Thrust's device system, on a
/// pool of yours.
class executor {
 public:
  /// Calls body over pieces of 0 ... n, on as many of `threads` as have at least `grain` items each, no two at a time
  /// by the same number of a worker, and throws what any piece throws. `pool` is whatever the executor was made with.
  using function = void (*)(void* pool, int threads, std::ptrdiff_t n, std::ptrdiff_t grain, loop_body body);

  executor(int threads, function run, void* pool = nullptr) : threads_(threads), run_(run), pool_(pool) {}
  /// With a pool that lives as long as it does.
  executor(int threads, function run, std::shared_ptr<void> pool)
      : threads_(threads), run_(run), pool_(pool.get()), owned_(std::move(pool)) {}
  int threads() const { return threads_; }

  /// What a piece computes must not depend on where it begins: then neither do the results depend on the number of
  /// threads.
  void operator()(std::ptrdiff_t n, std::ptrdiff_t grain, loop_body body) const {
    run_(pool_, threads_, n, grain, body);
  }

 private:
  int threads_;
  function run_;
  void* pool_;
  std::shared_ptr<void> owned_;
};

/// A backend's default.
inline executor on_own_threads(int threads) { return {threads, &thread_pool::run, std::make_shared<thread_pool>()}; }

/// On OpenMP's threads, or on this one where the program is built without it.
inline void run_on_openmp(void*, [[maybe_unused]] int threads, std::ptrdiff_t n, [[maybe_unused]] std::ptrdiff_t grain,
                          loop_body body) {
#ifdef _OPENMP
  int workers = int(std::min<std::ptrdiff_t>(threads, n / grain));
  if (workers > 1) {
    shared_loop loop(n, grain, workers, body);
    std::exception_ptr thrown;
#pragma omp parallel num_threads(loop.workers())
    {
      try {
        loop.work(omp_get_thread_num());
      } catch (...) {
#pragma omp critical(cohort_exception)
        thrown = std::current_exception();
      }
    }
    if (thrown) std::rethrow_exception(thrown);
    return;
  }
#endif
  body.call(body.object, 0, 0, n);
}

}  // namespace COHORT_NAMESPACE::eigen
