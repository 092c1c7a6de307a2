#pragma once
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cohort/error.hpp>
#include <cohort/file/open_file.hpp>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <span>
#include <string_view>
#include <utility>

namespace COHORT_NAMESPACE::file {

/// The bytes of a file, mapped into memory for reading. Raises io_error naming the path if it is no file or cannot be
/// read. As with any mapping, who shortens the file meanwhile ends this process (SIGBUS); a file replaced by renaming,
/// as new_file does it, is safe.
class mapped_file {
 public:
  mapped_file() = default;
  explicit mapped_file(std::filesystem::path const& path) {
    detail::open_file const file(path, O_RDONLY | O_NONBLOCK);  // not to wait for a pipe's writer
    auto fail = [&](char const* what) { throw io_error(path.string() + " " + what + ": " + std::strerror(errno)); };
    if (file < 0) fail("cannot be opened");
    struct stat about{};
    if (::fstat(file, &about) != 0) fail("cannot be read");
    if (!S_ISREG(about.st_mode)) throw io_error(path.string() + " is not a file");
    if (about.st_size == 0) return;  // an empty mapping is an error
    void* start = ::mmap(nullptr, std::size_t(about.st_size), PROT_READ, MAP_PRIVATE, file, 0);
    if (start == MAP_FAILED) fail("cannot be mapped");
    bytes_ = {static_cast<std::byte const*>(start), std::size_t(about.st_size)};
  }
  mapped_file(mapped_file&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  mapped_file& operator=(mapped_file&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~mapped_file() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }

  std::span<std::byte const> bytes() const { return bytes_; }

 private:
  std::span<std::byte const> bytes_;
};

}  // namespace COHORT_NAMESPACE::file

namespace COHORT_NAMESPACE::detail {

/// A file's bytes as a text, while it is mapped.
inline std::string_view characters_of(file::mapped_file const& file) {
  return {reinterpret_cast<char const*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace COHORT_NAMESPACE::detail
