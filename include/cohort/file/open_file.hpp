#pragma once
#include <fcntl.h>
#include <unistd.h>
#include <cohort/compiler.hpp>
#include <filesystem>
#include <utility>

namespace COHORT_NAMESPACE::detail {

/// What the system calls a file that is open; negative where it could not be opened, and errno says why.
class open_file {
 public:
  open_file(std::filesystem::path const& path, int how, unsigned mode = 0)
      : number_(::open(path.c_str(), how | O_CLOEXEC, mode)) {}
  open_file(open_file&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  open_file& operator=(open_file&&) = delete;
  ~open_file() {
    if (number_ >= 0) ::close(number_);
  }
  operator int() const { return number_; }

 private:
  int number_;
};

}  // namespace COHORT_NAMESPACE::detail
