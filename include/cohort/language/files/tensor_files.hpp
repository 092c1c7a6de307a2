#pragma once
#include <algorithm>
#include <cohort/file/read_object.hpp>
#include <cohort/file/safetensors.hpp>
#include <map>
#include <memory>
#include <set>
#include <system_error>

// The tensors of a model in a folder, whether in one file or in several.

namespace COHORT_NAMESPACE::detail {

/// The files with a model's tensors: model.safetensors, or where it is not there those that
/// model.safetensors.index.json names, and in which of them each tensor is. Raises io_error for an index that names
/// anything but files of its folder.
class weight_files {
 public:
  std::vector<std::filesystem::path> paths;
  std::map<std::string, std::filesystem::path, std::less<>> place;  ///< of a tensor, by the index
  std::string listed_by;                                            ///< the file that says so

  explicit weight_files(std::filesystem::path const& folder) {
    auto const single = folder / "model.safetensors", index = folder / "model.safetensors.index.json";
    std::error_code ignored;
    listed_by = single.string();
    if (std::filesystem::exists(single, ignored) || !std::filesystem::exists(index, ignored)) {
      paths = {single};
      return;
    }
    listed_by = index.string();
    file::json const object = read_object(index);
    file::json_fields const fields(object, listed_by);
    auto const& map = fields.at("weight_map");
    if (!map.is_object() || map.empty()) fields.wrong("weight_map", "an object of tensors and their files");
    std::set<std::filesystem::path> all;
    for (auto const& [tensor, name] : map.items()) {
      std::filesystem::path const file = name.is_string() ? name.get<std::string>() : std::string();
      if (file.empty() || file != file.filename() || file == "..")
        refuse_file(listed_by, "has for " + shown(tensor) + " the file " + shown(name) + ", expected a file beside it");
      place[tensor] = folder / file;
      all.insert(folder / file);
    }
    paths.assign(all.begin(), all.end());
  }

  /// Their size; 0 where one cannot be asked.
  double bytes() const {
    double sum = 0;
    for (auto const& path : paths) {
      std::error_code absent;
      auto const size = std::filesystem::file_size(path, absent);
      if (absent) return 0;
      sum += double(size);
    }
    return sum;
  }
};

/// Their tensors. Raises io_error for a file that is missing or damaged, or has not what the index says.
class tensor_files {
 public:
  explicit tensor_files(std::filesystem::path const& folder) : listed_(folder) {
    for (auto const& path : listed_.paths) {
      auto const& file = files_.emplace_back(std::make_unique<file::safetensors>(path));
      for (auto const& [name, stored] : file->tensors()) {
        if (auto const found = listed_.place.find(name); found != listed_.place.end() && found->second != path)
          continue;
        in_[name] = file.get();
      }
    }
    for (auto const& [name, path] : listed_.place)
      if (!in_.contains(name))
        refuse_file(listed_.listed_by,
                    "says that tensor " + shown(name) + " is in " + path.string() + ", and it is not");
  }

  std::string const& listed_by() const { return listed_.listed_by; }
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (auto const& [name, file] : in_) all.insert(name);
    return all;
  }
  /// Whether any is of a type.
  bool have(std::string_view type) const {
    return std::any_of(in_.begin(), in_.end(), [&](auto const& t) { return t.second->at(t.first).type == type; });
  }
  bool contains(std::string_view name) const { return in_.find(name) != in_.end(); }
  /// The file that has it; one that says it has it not where none has.
  file::safetensors const& file_of(std::string_view name) const {
    auto const found = in_.find(name);
    if (found == in_.end() && files_.size() > 1)
      refuse_file(listed_.listed_by, "tensor " + shown(std::string(name)) + " is in none of its files");
    return found == in_.end() ? *files_.front() : *found->second;
  }

 private:
  weight_files listed_;
  std::vector<std::unique_ptr<file::safetensors>> files_;
  std::map<std::string, file::safetensors const*, std::less<>> in_;
};

}  // namespace COHORT_NAMESPACE::detail
