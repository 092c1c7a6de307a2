#pragma once
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cohort/error.hpp>
#include <cohort/file/descriptor.hpp>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

extern char** environ;

namespace COHORT_NAMESPACE::detail {

/// A program that is spoken to in lines, on its stdin and stdout. It has a process group of its own, which is killed
/// with it; it is not reached by the terminal's Ctrl-C, but sees its stdin end with us.
class child_program {
 public:
  /// What keeps a line from coming, as a half sentence after the program's name.
  struct failure {
    std::string what;
  };

  /// Raises io_error where it cannot be started. `command` is looked for in PATH.
  explicit child_program(std::vector<std::string> const& command) {
    int in[2], out[2], error[2];
    auto const open = [&](int made, int(&two)[2], descriptor& a, descriptor& b) {
      if (made != 0) throw io_error(command[0] + ": no pipe to it can be made: " + system_says(errno));
      a = descriptor(two[0]), b = descriptor(two[1]);
    };
    descriptor theirs_in, theirs_out, theirs_error;
    // A socket, since writing to one that nobody reads raises no signal when it is asked not to.
    open(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in), in, theirs_in, in_);
    open(::pipe2(out, O_CLOEXEC), out, out_, theirs_out);
    open(::pipe2(error, O_CLOEXEC), error, error_, theirs_error);
    for (auto const* one : {&out_, &error_}) ::fcntl(one->get(), F_SETFL, O_NONBLOCK);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, theirs_in.get(), 0);
    ::posix_spawn_file_actions_adddup2(&actions, theirs_out.get(), 1);
    ::posix_spawn_file_actions_adddup2(&actions, theirs_error.get(), 2);
    posix_spawnattr_t how;
    ::posix_spawnattr_init(&how);
    sigset_t none, all;
    ::sigemptyset(&none), ::sigfillset(&all);
    ::posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawnattr_setsigmask(&how, &none);
    ::posix_spawnattr_setsigdefault(&how, &all);
    std::vector<char*> words;
    for (auto const& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    int const failed = ::posix_spawnp(&process_, words[0], &actions, &how, words.data(), ::environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&how);
    if (failed) {
      process_ = -1;
      throw io_error(command[0] + ": the program cannot be started: " + system_says(failed));
    }
  }
  child_program(child_program const&) = delete;
  ~child_program() {
    if (process_ <= 0) return;
    ::kill(-process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
  }

  int process() const { return process_; }

  /// Says a line and gives the one that it answers with, neither with its end.
  std::string ask(std::string line, double seconds, std::size_t most_bytes) {
    using namespace std::chrono;
    auto const end = steady_clock::now() + duration_cast<steady_clock::duration>(duration<double>(seconds));
    read_some(most_bytes);
    if (!read_.empty()) throw failure{"printed " + std::to_string(read_.size()) + " bytes that it was not asked for"};
    line += '\n';
    std::string_view rest = line;
    for (;;) {
      if (std::size_t const at = read_.find('\n'); at != read_.npos) {
        std::string answer = read_.substr(0, at);
        read_.erase(0, at + 1);
        return answer;
      }
      if (read_.size() > most_bytes)
        throw failure{"printed more than " + std::to_string(most_bytes) + " bytes without the end of a line"};
      if (over_) throw failure{ending()};
      auto const left = duration_cast<milliseconds>(end - steady_clock::now()).count();
      if (left <= 0) throw failure{"gave no answer in " + text(seconds) + " s"};
      pollfd polled[3] = {{out_.get(), POLLIN, 0}, {error_.get(), POLLIN, 0}, {in_.get(), POLLOUT, 0}};
      ::poll(polled, rest.empty() ? 2 : 3, int(std::min<long long>(left, 1000)));
      if (!rest.empty()) {
        auto const sent = ::send(in_.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) rest.remove_prefix(std::size_t(sent));
        else if (sent < 0 && errno != EAGAIN && errno != EINTR) rest = {};  // it reads no more; its end says why
      }
      read_some(most_bytes);
    }
  }

 private:
  /// Takes what there is of its stdout, up to the limit and a little more, and the last of its stderr.
  void read_some(std::size_t most_bytes) {
    char buffer[65536];
    while (read_.size() <= most_bytes) {
      auto const n = ::read(out_.get(), buffer, sizeof buffer);
      if (n > 0) read_.append(buffer, std::size_t(n));
      if (n == 0) over_ = true;
      if (n == 0 || (n < 0 && errno != EINTR)) break;
    }
    for (int i = 0; i < 64; ++i) {  // not for ever, where it prints faster than we read
      auto const n = ::read(error_.get(), buffer, sizeof buffer);
      if (n <= 0) break;
      said_.append(buffer, std::size_t(n));
      if (said_.size() > 600) said_.erase(0, said_.size() - 600);
    }
  }
  std::string ending() {
    int status = 0;
    ::pid_t ended = 0;
    for (int i = 0; i < 200 && (ended = ::waitpid(process_, &status, WNOHANG)) == 0; ++i) ::usleep(1000);
    std::string what = "closed its stdout";
    if (ended == process_) {
      ::kill(-process_, SIGKILL);
      process_ = -1;
      what = WIFSIGNALED(status) ? "was ended by signal " + std::to_string(WTERMSIG(status))
                                 : "ended with status " + std::to_string(WEXITSTATUS(status));
    }
    read_some(read_.size());
    while (!said_.empty() && (said_.back() == '\n' || said_.back() == ' ')) said_.pop_back();
    return said_.empty() ? what : what + ", its last words: " + said_;
  }

  ::pid_t process_ = -1;
  descriptor in_, out_, error_;
  std::string read_, said_;
  bool over_ = false;
};

}  // namespace COHORT_NAMESPACE::detail
