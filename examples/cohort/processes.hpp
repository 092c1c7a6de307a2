#pragma once
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "../program/signals.hpp"

namespace cli {

/// Programs that run side by side, each with what it prints in a file.
class processes {
 public:
  /// A number to know it by, the arguments, the program first.
  void start(std::int64_t id, std::vector<std::string> arguments, std::filesystem::path const& output) {
    std::vector<char*> words;
    for (auto& a : arguments) words.push_back(a.data());
    words.push_back(nullptr);
    ::pid_t const child = ::fork();
    if (child < 0) throw std::runtime_error(std::string("no further process can be started: ") + std::strerror(errno));
    if (child == 0) {
      int const to = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666), from = ::open("/dev/null", O_RDONLY);
      ::dup2(from, 0), ::dup2(to, 1), ::dup2(to, 2);
      ::execv(words[0], words.data());
      ::_exit(127);
    }
    running_[child] = id;
  }

  struct ended {
    std::int64_t id;
    int status;  ///< its exit status, 128 + n where signal n ended it
  };
  /// Waits for one to end; a signal that came to this program is passed on once.
  ended wait() {
    for (;;) {
      if (program::signal_seen() && !passed_on_) {
        passed_on_ = true;
        for (auto const& [child, id] : running_) ::kill(child, program::signal_seen());
      }
      int status = 0;
      ::pid_t const child = ::waitpid(-1, &status, WNOHANG);
      if (child > 0) {
        ended const one{running_.at(child), WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
        running_.erase(child);
        return one;
      }
      ::usleep(20'000);
    }
  }
  std::size_t count() const { return running_.size(); }

 private:
  std::map<::pid_t, std::int64_t> running_;
  bool passed_on_ = false;
};

}  // namespace cli
