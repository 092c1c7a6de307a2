#pragma once
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cohort/error.hpp>
#include <cohort/file/open_file.hpp>
#include <cohort/file/temporary_path.hpp>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace COHORT_NAMESPACE::file {

/// A file that appears under its name only when it is whole and on the disk: it is written beside its place and renamed
/// by `commit`. Without a commit nothing is left, or where the process was killed, nothing once the name is written
/// again. Raises io_error naming the path if a file of that name is there and was not to be replaced, or if the system
/// fails.
class new_file {
 public:
  explicit new_file(std::filesystem::path path, existing what = existing::refuse)
      : path_(std::move(path)), what_(what), part_(free_name(), detail::temporary_path::kind::file) {
    if (part_.descriptor() < 0) fail("cannot be made");
  }

  static constexpr std::size_t piece = 1 << 18;  ///< bytes; a gibibyte at once takes Linux twice as long

  void write(std::span<std::byte const> bytes) {
    while (!bytes.empty()) {
      ssize_t const n = ::write(part_.descriptor(), bytes.data(), std::min(piece, bytes.size()));
      if (n < 0 && errno != EINTR) fail("cannot be written");
      if (n > 0) bytes = bytes.subspan(std::size_t(n));
    }
  }
  void write(std::string_view text) { write(std::as_bytes(std::span(text))); }
  /// A few bytes over those that stand at a place.
  void write_at(std::size_t place, std::string_view text) {
    if (::pwrite(part_.descriptor(), text.data(), text.size(), off_t(place)) != ssize_t(text.size()))
      fail("cannot be written");
  }

  /// With `flush` it is on the disk before it has its name; else a power cut may lose it, or a part of it.
  void commit(bool flush = true) {
    if (flush && ::fsync(part_.descriptor()) != 0 && errno != EINVAL) fail("cannot be written");
    if (::rename(part_.path().c_str(), free_name().c_str()) != 0) fail("cannot be made");
    part_.renamed = true;
    if (!flush) return;
    // The name is on the disk once the folder is; some file systems cannot say so, and the file is whole either way.
    auto const folder = path_.has_parent_path() ? path_.parent_path() : std::filesystem::path(".");
    if (detail::open_file const there(folder, O_RDONLY | O_DIRECTORY); there >= 0) ::fsync(there);
  }

 private:
  std::filesystem::path const& free_name() const {
    std::error_code ignored;
    if (what_ == existing::refuse && std::filesystem::exists(std::filesystem::symlink_status(path_, ignored)))
      throw io_error(path_.string() + " exists already, and was not to be replaced");
    return path_;
  }
  [[noreturn]] void fail(char const* what) const {
    throw io_error(path_.string() + " " + what + ": " + std::strerror(errno));
  }

  std::filesystem::path path_;
  existing what_;
  detail::temporary_path part_;
};

/// A whole file of a text, by a new_file that is flushed.
inline void write_text(std::filesystem::path const& path, std::string_view text, existing what = existing::refuse) {
  new_file file(path, what);
  file.write(text);
  file.commit();
}

}  // namespace COHORT_NAMESPACE::file
