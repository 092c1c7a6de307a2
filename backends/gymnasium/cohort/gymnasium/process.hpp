#pragma once
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cohort/gymnasium/serve.hpp>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::gymnasium::detail {

/// The sockets of this process's ends, which a new process closes: the end of one shows in those that wait at it.
struct open_sockets {
  std::mutex mutex;
  std::set<int> all;
  static open_sockets& instance() {
    static auto* const one = new open_sockets;  // there for environments that end after everything else
    return *one;
  }
};

/// A process with instances of an environment, forked from this one when it is asked for something and is not there.
template <class Number>
class process {
 public:
  process(std::shared_ptr<bridge> b, int index, int count, double timeout)
      : bridge_(std::move(b)),
        index_(index),
        count_(count),
        timeout_(timeout),
        awake_(unsigned(count) < std::thread::hardware_concurrency() ? 50 : 0) {}
  process(process const&) = delete;
  process& operator=(process const&) = delete;
  ~process() { end(); }

  /// The reply, of which `done` is taken already; other replies are raised, as is the end of the process. What is asked
  /// of an instance is asked in the life of the process that it is of, or sets it.
  template <class Where>
  message ask(message& asked, Where const& where, std::optional<unsigned>& life) {
    std::scoped_lock lock(mutex_);
    if (life && *life != life_) throw environment_error(where() + ": the process that had it has ended before");
    if (child_ < 0) start();
    give_up_dropped();
    channel const to(socket_, awake_);
    message m;
    auto const got = to.send(asked) ? to.receive(m, timeout_) : channel::result::ended;
    if (got != channel::result::whole) throw environment_error(where() + ": " + name() + fate(got));
    raise(m);
    life = life_;
    return m;
  }
  /// What nothing holds any more is said with the next request.
  void drop(std::uint64_t id, std::optional<unsigned> life) {
    std::scoped_lock lock(dropping_);
    if (life) dropped_.emplace_back(id, *life);
  }

 private:
  std::string name() const { return "process " + std::to_string(index_ + 1) + " of " + std::to_string(count_) + " "; }
  void start() {
    std::fflush(nullptr), std::cout.flush();  // the new one would print again what waits there
    python_lock lock;
    PyOS_BeforeFork();
    int ends[2];
    ::pid_t const child = fork(ends);
    if (child == 0) {
      PyOS_AfterFork_Child();
      serve<Number>(bridge_, ends[1], index_, awake_);
    }
    int const error = errno;
    PyOS_AfterFork_Parent();
    if (child < 0)
      throw environment_error(bridge_->name + ": " + name() + "cannot be started: " + std::strerror(error));
    child_ = child, socket_ = ends[0];
  }
  static ::pid_t fork(int (&ends)[2]) {
    auto& sockets = open_sockets::instance();
    std::scoped_lock lock(sockets.mutex);
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return -1;
    sockets.all.insert(ends[0]);
    ::pid_t const child = ::fork();
    if (child == 0)
      for (int socket : sockets.all) ::close(socket);
    else ::close(ends[1]);
    if (child < 0) sockets.all.erase(ends[0]), ::close(ends[0]);
    return child;
  }
  void give_up_dropped() {
    std::scoped_lock lock(dropping_);
    for (auto const& [id, life] : dropped_)
      if (life == life_) channel(socket_).send(message().put(request::drop).put(id));
    dropped_.clear();
  }
  static void raise(message& m) {
    switch (m.take<reply>()) {
      case reply::done:
        return;
      case reply::python_error: {
        auto where = m.text(), exception = m.text(), traceback = m.text();
        throw python_error(std::move(where), std::move(exception), std::move(traceback));
      }
      case reply::environment_error:
        throw environment_error(m.text());
      case reply::value_error:
        throw value_error(m.text());
    }
  }
  /// What became of it; then it is gone.
  std::string fate(channel::result got) {
    if (got == channel::result::timed_out) {
      ::kill(child_, SIGKILL), reap();
      return "has not answered for " + cohort::detail::text(timeout_) +
             " s and was ended (make_options.timeout; 0 waits for ever)";
    }
    int const status = reap();
    if (WIFSIGNALED(status))
      return "was ended by signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
    return "ended by itself, with status " + std::to_string(WEXITSTATUS(status));
  }
  int reap() {
    int status = 0;
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    forget();
    return status;
  }
  void forget() {
    auto& sockets = open_sockets::instance();
    std::scoped_lock lock(sockets.mutex);
    sockets.all.erase(socket_);
    ::close(socket_);
    child_ = -1, ++life_;
  }
  /// By the closed socket, or by force where that takes it a second.
  void end() {
    if (child_ < 0) return;
    auto const child = child_;
    forget();
    for (int k = 0; k < 100; ++k) {
      if (::waitpid(child, nullptr, WNOHANG) != 0) return;
      ::usleep(10'000);
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }

  std::shared_ptr<bridge> bridge_;
  int index_, count_;
  double timeout_;
  int awake_;  ///< microseconds; where processes have cores of their own, since falling asleep takes longer than most
               ///< steps
  std::mutex mutex_, dropping_;
  std::vector<std::pair<std::uint64_t, unsigned>> dropped_;
  ::pid_t child_ = -1;
  int socket_ = -1;
  unsigned life_ = 0;
};

}  // namespace COHORT_NAMESPACE::gymnasium::detail
