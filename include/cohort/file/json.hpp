#pragma once
#include <cohort/error.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// JSON from files that may hold anything. The one header that includes nlohmann's, which takes seconds to compile.
namespace COHORT_NAMESPACE::file {
using json = nlohmann::json;
}

namespace COHORT_NAMESPACE::detail {

[[noreturn]] inline void refuse_file(std::string const& where, std::string const& what) {
  throw io_error(where + ": " + what);
}

/// A value as a message shows it: ASCII, and short whatever the file holds.
inline std::string shown(nlohmann::json const& value) {
  std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  if (text.size() > 200) text.replace(200, std::string::npos, "...");
  return text;
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::file {

/// The object that a text is. Raises io_error, naming `where`, for what is not JSON, is no object, has a key twice (of
/// which nlohmann's parser would keep the last), or nests deeper than anything that models are described by.
inline json parse_object(std::string_view text, std::string const& where) {
  std::vector<std::set<std::string>> keys;  // of the objects and arrays that are open
  auto check = [&](int depth, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start || event == json::parse_event_t::array_start) {
      if (depth == 16) detail::refuse_file(where, "has JSON nested more than 16 deep");
      keys.resize(std::size_t(depth)), keys.emplace_back();
    } else if (event == json::parse_event_t::key &&
               !keys[std::size_t(depth) - 1].insert(value.get<std::string>()).second) {
      detail::refuse_file(where, "has the key " + detail::shown(value) + " twice");
    }
    return true;
  };
  json result;
  try {
    result = json::parse(text.begin(), text.end(), check);
  } catch (json::parse_error const& e) {
    detail::refuse_file(where, "is not JSON, from byte " + std::to_string(e.byte) + " on");
  } catch (json::exception const&) {
    detail::refuse_file(where, "has a number that is out of range");
  }
  if (!result.is_object()) detail::refuse_file(where, "is " + detail::shown(result) + ", expected a JSON object");
  return result;
}

/// A token's number, which is below `most`; nothing where it is none.
inline std::optional<std::int32_t> token_in(json const& value, std::uint64_t most = std::uint64_t(1) << 31) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() >= most) return {};
  return value.get<std::int32_t>();
}

/// Reads the fields of an object, naming `where` and the field in the io_error for one that is missing or of another
/// type. A null is as good as missing.
class json_fields {
 public:
  /// What an object may call a field, and what it is asked for as.
  struct other_name {
    char const *in_file, *asked;
  };

  json_fields(json const& object, std::string where, std::span<other_name const> names = {})
      : object_(object), where_(std::move(where)), names_(names) {}
  json const& object() const { return object_; }
  /// The same object, some of whose fields have other names.
  json_fields with(std::span<other_name const> names) const { return {object_, where_, names}; }

  json const* find(char const* name) const {
    auto const found = object_.find(in_file(name));
    return found == object_.end() || found->is_null() ? nullptr : &*found;
  }
  /// Also with null.
  bool has(char const* name) const { return object_.contains(in_file(name)); }
  json const& at(char const* name) const {
    if (json const* value = find(name)) return *value;
    refuse(std::string("has no ") + in_file(name));
  }
  std::string const& where() const { return where_; }

  int positive(char const* name, int limit = std::numeric_limits<int>::max()) const {
    json const& value = at(name);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() - 1 >= std::uint64_t(limit))
      wrong(name, limit == std::numeric_limits<int>::max() ? "a positive integer"
                                                           : "a positive integer up to " + std::to_string(limit));
    return value.get<int>();
  }

  double number(char const* name) const {
    json const& value = at(name);
    if (!value.is_number()) wrong(name, "a number");
    return value.get<double>();
  }

  std::string text(char const* name) const {
    json const& value = at(name);
    if (!value.is_string()) wrong(name, "a text");
    return value.get<std::string>();
  }

  bool flag(char const* name, bool otherwise) const {
    json const* value = find(name);
    if (value && !value->is_boolean()) wrong(name, "true or false");
    return value ? value->get<bool>() : otherwise;
  }

  [[noreturn]] void wrong(char const* name, std::string const& expected) const {
    name = in_file(name);
    refuse(std::string("has ") + name + " " + detail::shown(object_.at(name)) + ", expected " + expected);
  }
  [[noreturn]] void refuse(std::string const& what) const { detail::refuse_file(where_, what); }

 private:
  char const* in_file(char const* name) const {
    for (auto const& n : names_)
      if (std::string_view(n.asked) == name) return n.in_file;
    return name;
  }

  json const& object_;
  std::string where_;
  std::span<other_name const> names_;
};

}  // namespace COHORT_NAMESPACE::file
