#pragma once
#include <fcntl.h>
#include <unistd.h>
#include <cstddef>
#include <utility>

#include <array>
#include <cerrno>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace compare {

/// A file that an output folder is to hold.
struct named_text {
  std::string name;
  std::string text;
};

namespace detail {

/// Writes all of `text` to the medium, or throws. `path` is replaced if it exists.
inline void write_file(std::filesystem::path const& path, std::string_view text) {
  auto const fail = [&](int error) {
    throw std::system_error{error, std::generic_category(), "can't write " + path.string()};
  };
  int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) fail(errno);
  int error = 0;
  while (!text.empty() && !error) {
    auto const written = ::write(file, text.data(), text.size());
    if (written >= 0) text.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR) error = errno;
  }
  // Delayed allocation and network file systems report a full disk only here. EINVAL: the file system has no fsync.
  if (!error && ::fsync(file) != 0 && errno != EINVAL) error = errno;
  if (::close(file) != 0 && !error) error = errno;
  if (error) fail(error);
}

}  // namespace detail

/// The folder that a comparison is written to. Constructing it finds out, before any training, whether that will be
/// possible: it creates the folder, refuses one that holds a run unless it may be overwritten, and writes a file on
/// trial. Files that don't belong to a run are left alone.
class output_folder {
 public:
  static constexpr std::array<std::string_view, 3> run_files{"summary.json", "curves.csv", "report.html"};

  /// `files`: what a run consists of, and a folder that has one of them holds a run.
  output_folder(std::filesystem::path path, bool overwrite, std::span<std::string_view const> files = run_files)
      : folder(std::move(path)) {
    if (folder.empty()) throw std::runtime_error{"the output folder has no name"};
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (!std::filesystem::is_directory(folder))
      throw std::runtime_error{"can't create the output folder " + folder.string() + ": " +
                               (error ? error.message() : "it is not a folder")};
    for (auto const name : files) {
      auto const status = std::filesystem::symlink_status(folder / name, error);
      if (!std::filesystem::exists(status)) continue;
      if (std::filesystem::is_directory(status))
        throw std::runtime_error{(folder / name).string() + " is a folder, and a file is to be written there"};
      if (!overwrite)
        throw std::runtime_error{"the output folder " + folder.string() + " already holds a run (" + std::string{name} +
                                 "); choose another, or replace it with --overwrite"};
    }
    try {
      detail::write_file(temporary("probe"), "probe\n");
    } catch (std::system_error const& failure) {
      std::filesystem::remove(temporary("probe"), error);
      throw std::runtime_error{"can't write to the output folder " + folder.string() + ": " + failure.code().message()};
    }
    std::filesystem::remove(temporary("probe"), error);
  }

  /// Writes every file under a temporary name, then renames them all. When one can't be written, the folder is left as
  /// it was.
  void write(std::vector<named_text> const& files) const {
    try {
      for (auto const& file : files) detail::write_file(temporary(file.name), file.text);
      for (auto const& file : files) std::filesystem::rename(temporary(file.name), folder / file.name);
    } catch (std::system_error const& failure) {
      std::error_code ignored;
      for (auto const& file : files) std::filesystem::remove(temporary(file.name), ignored);
      throw std::runtime_error{"can't write the run to " + folder.string() + ": " + failure.code().message()};
    }
  }

  std::filesystem::path const& path() const { return folder; }

 private:
  std::filesystem::path temporary(std::string const& name) const {
    return folder / ("." + name + "." + std::to_string(::getpid()) + ".temporary");
  }

  std::filesystem::path folder;
};

}  // namespace compare
