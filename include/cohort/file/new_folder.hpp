#pragma once
#include <cohort/file/new_file.hpp>
#include <vector>

namespace COHORT_NAMESPACE::file {

/// A folder that appears under its name only when it is whole: it is made beside its place, filled at `path()`, and
/// renamed by `commit`. Without a commit nothing is left. Raises io_error naming the folder if one that is not empty is
/// there and was not to be replaced, or if the system fails.
class new_folder {
 public:
  explicit new_folder(std::filesystem::path const& name, existing what = existing::refuse)
      : name_(resolved(name)), what_(what), part_(free_name(), detail::temporary_path::kind::folder) {
    if (part_.descriptor() < 0) throw io_error(name_.string() + " cannot be made: " + std::strerror(errno));
  }

  std::filesystem::path const& path() const { return part_.path(); }

  /// Where the name is taken, the new files take their places in the folder that is there: `first(name)` says which of
  /// them is to be gone before any other is touched, and to come last; `belongs(name)`, which of the old ones go with
  /// it. Others are left alone.
  template <class First, class Belongs>
  void commit(First first, Belongs belongs) {
    namespace fs = std::filesystem;
    std::error_code absent;
    try {
      if (!fs::exists(free_name(), absent) || fs::is_empty(name_)) {
        fs::rename(part_.path(), name_);
        part_.renamed = true;
      } else {
        for (bool of_first : {true, false})
          for (auto const& old : names_in(name_))
            if (first(old) == of_first && (first(old) || belongs(old))) fs::remove(name_ / old);
        for (bool of_first : {false, true})
          for (auto const& made : names_in(part_.path()))
            if (first(made) == of_first) fs::rename(part_.path() / made, name_ / made);
      }
    } catch (fs::filesystem_error const& e) {
      throw io_error(name_.string() + " cannot be written: " + e.code().message());
    }
    for (auto const& folder : {name_, name_.parent_path()})
      if (detail::open_file const there(folder, O_RDONLY | O_DIRECTORY); there >= 0) ::fsync(there);
  }

 private:
  /// Without a slash at its end, and no link.
  static std::filesystem::path resolved(std::filesystem::path const& name) {
    std::error_code failed;
    auto all = std::filesystem::weakly_canonical(std::filesystem::absolute(name), failed);
    if (failed || name.empty())
      throw io_error("the folder " + name.string() +
                     " cannot be made: " + (failed ? failed.message() : "it has no name"));
    if (!all.has_filename()) all = all.parent_path();
    std::filesystem::create_directories(all.parent_path(), failed);
    if (failed) throw io_error(all.parent_path().string() + " cannot be made: " + failed.message());
    return all;
  }
  static std::vector<std::filesystem::path> names_in(std::filesystem::path const& folder) {
    std::vector<std::filesystem::path> all;
    for (auto const& entry : std::filesystem::directory_iterator(folder))
      if (!entry.is_directory()) all.push_back(entry.path().filename());
    return all;
  }
  std::filesystem::path const& free_name() const {
    std::error_code absent;
    if (!std::filesystem::exists(name_, absent)) return name_;
    if (!std::filesystem::is_directory(name_))
      throw io_error(name_.string() + " is a file, expected a folder or no file");
    if (what_ == existing::refuse && !std::filesystem::is_empty(name_))
      throw io_error(name_.string() + " exists already, and was not to be replaced");
    return name_;
  }

  std::filesystem::path name_;
  existing what_;
  detail::temporary_path part_;
};

}  // namespace COHORT_NAMESPACE::file
