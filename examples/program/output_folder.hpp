#pragma once
#include <fcntl.h>
#include <sys/file.h>

#include <cohort/file/new_file.hpp>
#include <cohort/file/open_file.hpp>

#include <cerrno>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "exit_status.hpp"

namespace program {

/// A file or a folder of a run: `write(path)` makes it there.
struct output {
  std::string name;
  std::function<void(std::filesystem::path const&)> write;
};
inline output text_output(std::string name, std::string text) {
  return {std::move(name),
          [text = std::move(text)](std::filesystem::path const& path) { cohort::file::write_text(path, text); }};
}

inline void make_folder(std::filesystem::path const& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!std::filesystem::is_directory(folder))
    throw std::runtime_error("can't create the output folder " + folder.string() + ": " +
                             (error ? error.message() : "it is not a folder"));
}

/// While it lives, another process that asks for the same folder is refused.
class folder_lock {
 public:
  explicit folder_lock(std::filesystem::path const& folder) : folder_(folder, O_RDONLY | O_DIRECTORY) {
    if (folder_ >= 0 && ::flock(folder_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
      throw std::runtime_error("the output folder " + folder.string() + " is another process's that runs");
  }

 private:
  cohort::detail::open_file folder_;
};

/// The folder that a run is written to. Constructing it finds out, before any training, whether that will be possible:
/// it makes the folder, refuses one that holds a run unless it may be replaced, and writes a file on trial. Files that
/// don't belong to a run are left alone.
///
/// A run appears whole: it is made in the folder unfinished.PID-N.part, and only when all of it is on the disk does the
/// old run's summary go, then the rest of it, then comes the new one, its summary last. So whenever the program is
/// killed, there is the old run, or the new one, or no summary. What dead processes left is removed at the next start.
class output_folder {
 public:
  /// `names`: what a run consists of, its summary first; folders have a slash at their end. A folder that has one of
  /// them holds a run.
  output_folder(std::filesystem::path path, bool overwrite, std::vector<std::string> names)
      : folder_(std::move(path)), names_(std::move(names)) {
    if (folder_.empty()) throw usage_error("--out has no name, expected a folder's");
    make_folder(folder_);
    for (auto& name : names_) {
      bool const should_be_folder = name.back() == '/';
      if (should_be_folder) name.pop_back();
      auto const there = std::filesystem::symlink_status(folder_ / name);
      if (!std::filesystem::exists(there)) continue;
      if (std::filesystem::is_directory(there) != should_be_folder)
        throw std::runtime_error((folder_ / name).string() + (should_be_folder
                                                                  ? " is a file, and a folder is to be written there"
                                                                  : " is a folder, and a file is to be written there"));
      if (!overwrite)
        throw std::runtime_error("the output folder " + folder_.string() + " already holds a run (" + name +
                                 "); choose another, or replace it with --overwrite");
    }
    try {
      text_output("probe", "probe\n").write(unfinished() / "probe");
    } catch (cohort::io_error const& failure) {
      throw std::runtime_error("can't write to the output folder " + folder_.string() + ": " + failure.what());
    }
    part_.reset();
    alone_ = std::make_unique<folder_lock>(folder_);
  }

  /// Where what is written along the way stands until the run is done; made again, as the folder is, if it has
  /// vanished.
  std::filesystem::path const& unfinished() {
    if (!part_ || !part_->exists()) {
      make_folder(folder_);
      part_ = std::make_unique<cohort::detail::temporary_path>(folder_ / "unfinished",
                                                               cohort::detail::temporary_path::kind::folder);
      if (part_->descriptor() < 0)
        throw cohort::io_error(part_->path().string() + " cannot be made: " + std::strerror(errno));
    }
    return part_->path();
  }

  /// Writes all of a run, and puts it in the place of the one that is there. Where it can't be written, the folder is
  /// left as it was.
  void write(std::vector<output> const& run) {
    try {
      auto const from = unfinished();
      for (auto const& one : run) {
        std::filesystem::remove_all(from / one.name);
        one.write(from / one.name);
      }
      replace(from);
      part_.reset();
    } catch (std::exception const& failure) {
      part_.reset();
      throw std::runtime_error("can't write the run to " + folder_.string() + ": " + failure.what());
    }
  }

  std::filesystem::path const& path() const { return folder_; }
  bool holds_run() const { return std::filesystem::exists(folder_ / names_.front()); }

 private:
  void replace(std::filesystem::path const& from) const {
    namespace fs = std::filesystem;
    auto move = [](fs::path const& a, fs::path const& b) {
      if (fs::exists(fs::symlink_status(a))) fs::rename(a, b);
    };
    // What the disk has after a power failure is in this order, too.
    auto sync = [&] {
      int const fd = ::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (fd >= 0) ::fsync(fd), ::close(fd);
    };
    fs::path const before = from / "before";
    fs::create_directory(before);
    std::size_t moved = 0;
    try {
      for (; moved < names_.size(); ++moved) {
        if (moved == 1) sync();
        move(folder_ / names_[moved], before / names_[moved]);
      }
      for (auto name = names_.rbegin(); name != names_.rend(); ++name) {
        if (name + 1 == names_.rend()) sync();
        move(from / *name, folder_ / *name);
      }
      sync();
    } catch (...) {
      while (moved-- > 0) {
        fs::remove_all(folder_ / names_[moved]);
        move(before / names_[moved], folder_ / names_[moved]);
      }
      throw;
    }
  }

  std::filesystem::path folder_;
  std::vector<std::string> names_;
  std::unique_ptr<cohort::detail::temporary_path> part_;
  std::unique_ptr<folder_lock> alone_;
};

}  // namespace program
