#pragma once
#include <fcntl.h>
#include <unistd.h>
#include <system_error>

#include <atomic>
#include <cerrno>
#include <cohort/error.hpp>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace cohort::language {

/// A file that appears under its name only when it is whole and on the disk: it is written beside its place and renamed
/// by `commit`. Without a commit nothing is left. Raises io_error naming the path if a file of that name is there and
/// was not to be replaced, or if the system fails.
class new_file {
 public:
  explicit new_file(std::filesystem::path path, existing what = existing::refuse)
      : path_(std::move(path)), what_(what) {
    refuse_existing();
    static std::atomic<unsigned> count = 0;
    do {
      temporary_ = path_.string() + "." + std::to_string(::getpid()) + "-" + std::to_string(count++) + ".part";
      descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 && errno == EEXIST);
    if (descriptor_ < 0) fail("cannot be made");
  }
  new_file(new_file const&) = delete;
  new_file& operator=(new_file const&) = delete;
  ~new_file() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }

  void write(std::span<std::byte const> bytes) {
    while (!bytes.empty()) {
      ssize_t const n = ::write(descriptor_, bytes.data(), bytes.size());
      if (n < 0 && errno != EINTR) fail("cannot be written");
      if (n > 0) bytes = bytes.subspan(std::size_t(n));
    }
  }
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }

  void commit() {
    if (::fsync(descriptor_) != 0) fail("cannot be written");
    refuse_existing();
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot be made");
    temporary_.clear();
    // The name is on the disk once the folder is; some file systems cannot say so, and the file is whole either way.
    auto const folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
    if (int const fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); fd >= 0) ::fsync(fd), ::close(fd);
  }

 private:
  void refuse_existing() const {
    std::error_code ignored;
    if (what_ == existing::refuse && std::filesystem::exists(std::filesystem::symlink_status(path_, ignored)))
      throw io_error(path_.string() + " exists already, and was not to be replaced");
  }
  [[noreturn]] void fail(char const* what) const {
    throw io_error(path_.string() + " " + what + ": " + std::strerror(errno));
  }

  std::filesystem::path path_;
  existing what_;
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace cohort::language
