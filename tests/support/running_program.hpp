#pragma once
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

/// A program that is started in a folder, without stdin, and that a test watches and sends signals to. Its stdout and
/// stderr go to files of those names there.
class running_program {
 public:
  running_program(std::filesystem::path const& folder, std::string const& program, std::vector<std::string> arguments) {
    std::string const out = (folder / "stdout").string(), err = (folder / "stderr").string();
    std::vector<char*> words{const_cast<char*>(program.c_str())};
    for (auto& word : arguments) words.push_back(word.data());
    words.push_back(nullptr);
    int begun[2];  // closes when the program is there, and with it the handlers of this one are gone
    if (::pipe2(begun, O_CLOEXEC) != 0) return;
    process_ = ::fork();
    if (process_ != 0) {
      char nothing;
      ::close(begun[1]);
      while (::read(begun[0], &nothing, 1) < 0) continue;
      ::close(begun[0]);
      return;
    }
    for (int const one : {SIGINT, SIGTERM}) std::signal(one, SIG_DFL);
    auto const to = [](char const* path, int descriptor) {
      ::dup2(::open(path, O_WRONLY | O_CREAT, 0666), descriptor);
    };
    to(out.c_str(), 1), to(err.c_str(), 2);
    if (::chdir(folder.c_str()) == 0) ::execv(words[0], words.data());
    ::_exit(127);
  }
  ~running_program() {
    if (process_ > 0) send(SIGKILL), end();
  }

  int process() const { return process_; }
  void send(int signal) const { ::kill(process_, signal); }
  /// Waits until something is so, for a minute at most; false where the program ends before.
  bool reaches(std::function<bool()> const& something) {
    bool so = false;
    waits_for([&] { return (so = something()) || has_ended(); });
    return so || something();
  }
  /// Waits for its end: its exit status, or minus the signal that ended it.
  int end() {
    if (!waits_for([&] { return has_ended(); })) send(SIGKILL), ::waitpid(process_, &status_, 0);
    process_ = -1;
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
  }

 private:
  bool has_ended() {
    if (process_ > 0 && ::waitpid(process_, &status_, WNOHANG) == process_) process_ = -1;
    return process_ < 0;
  }
  static bool waits_for(std::function<bool()> const& something) {
    for (int i = 0; i < 60'000; ++i) {
      if (something()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return false;
  }
  int process_ = -1, status_ = 0;
};
