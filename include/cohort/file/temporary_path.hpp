#pragma once
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cohort/compiler.hpp>
#include <cohort/file/open_file.hpp>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

namespace COHORT_NAMESPACE::detail {

inline bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// What is being written, a file or a folder, until it is renamed: NAME.PID-N.part beside the name that it is to have.
/// Its process holds a lock on it, so that the next one to write under that name knows which of them the dead have
/// left, and removes those. (Where the file system has no locks they stay.)
class temporary_path {
 public:
  enum class kind { file, folder };

  /// Where it cannot be made, `descriptor()` is negative and errno says why.
  temporary_path(std::filesystem::path const& name, kind what) {
    remove_leftovers(name);
    static std::atomic<unsigned> count = 0;
    do {
      close();
      path_ = name.string() + "." + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".part";
      if (what == kind::file) descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      else if (::mkdir(path_.c_str(), 0777) == 0)
        descriptor_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } while (descriptor_ < 0 ? errno == EEXIST : !lock());
  }
  temporary_path(temporary_path const&) = delete;
  temporary_path& operator=(temporary_path const&) = delete;
  ~temporary_path() {
    std::error_code ignored;
    if (descriptor_ >= 0 && !renamed) std::filesystem::remove_all(path_, ignored);
    close();
  }

  int descriptor() const { return descriptor_; }
  std::filesystem::path const& path() const { return path_; }
  /// Whether it still stands there.
  bool exists() const {
    struct stat mine{}, there{};
    return ::fstat(descriptor_, &mine) == 0 && ::lstat(path_.c_str(), &there) == 0 && mine.st_ino == there.st_ino &&
           mine.st_dev == there.st_dev;
  }

  bool renamed = false;  ///< it has its name now, and is not to be removed

 private:
  /// False where another process took it for a leftover between its making and its lock.
  bool lock() const { return (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && exists(); }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

  static bool is_part_of(std::string_view file, std::string_view name) {
    if (!file.starts_with(name) || !file.ends_with(".part")) return false;
    file = file.substr(name.size(), file.size() - name.size() - 5);
    auto const dash = file.find('-');
    return file.starts_with('.') && dash != file.npos && all_digits(file.substr(1, dash - 1)) &&
           all_digits(file.substr(dash + 1));
  }
  static void remove_leftovers(std::filesystem::path const& name) {
    namespace fs = std::filesystem;
    std::error_code failed;
    fs::directory_iterator const beside(name.has_parent_path() ? name.parent_path() : ".", failed);
    for (auto at = begin(beside); !failed && at != end(beside); at.increment(failed)) {
      if (!is_part_of(at->path().filename().string(), name.filename().string())) continue;
      open_file const left(at->path(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      std::error_code ignored;
      if (left >= 0 && ::flock(left, LOCK_EX | LOCK_NB) == 0) fs::remove_all(at->path(), ignored);
    }
  }

  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace COHORT_NAMESPACE::detail
