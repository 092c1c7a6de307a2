#pragma once
#include <cohort/error.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "files.hpp"

// Files as a disk, a stranger or an attacker may leave them.
namespace damage {

using json = nlohmann::ordered_json;

/// Cut at so many lengths, all of them where there are no more.
inline std::vector<std::string> cut(std::string const& whole, std::size_t count) {
  std::vector<std::string> all;
  count = std::min(count, whole.size());
  for (std::size_t i = 0; i < count; ++i) all.push_back(whole.substr(0, whole.size() * i / count));
  return all;
}

/// So many files, of each of which one bit is another.
inline std::vector<std::string> flipped(std::string const& whole, std::size_t count) {
  std::vector<std::string> all(count, whole);
  for (std::size_t i = 0; i < count; ++i) {
    char& byte = all[i][whole.size() * i / count];
    byte = char(byte ^ 1 << i % 8);
  }
  return all;
}

/// The texts of an object with each of its values, and of those within, put away for each of the things that may not
/// stand there, or stand there twice.
inline std::vector<std::string> edited(std::string const& object) {
  std::string const deep(100'000, '['), mark = "\"@\"";
  std::vector<std::string> const absurd{"null",
                                        "-1",
                                        "0",
                                        "1.5",
                                        "1e999",
                                        "100000",
                                        "2147483647",
                                        "2147483648",
                                        "18446744073709551615",
                                        "18446744073709551616",
                                        "\"x\"",
                                        "\"\xff\xfe\"",
                                        "\"" + std::string(5000, 'y') + "\"",
                                        "true",
                                        "[]",
                                        "{}",
                                        "[4611686018427387904,4]",
                                        "[0,1,2]",
                                        deep,
                                        mark + ",\"@\":" + mark,
                                        ""};
  std::vector<std::string> all;
  json whole = json::parse(object);
  std::function<void(json&)> walk = [&](json& value) {
    json const before = value;
    value = "@";
    std::string const marked = whole.dump();
    for (auto const& text : absurd) {
      all.push_back(marked);
      all.back().replace(marked.find(mark), mark.size(), text);
    }
    value = before;
    if (value.is_structured())
      for (auto& inner : value) walk(inner);
  };
  for (auto& value : whole) walk(value);
  return all;
}

/// Of n files, those that are left where only so many can be tried, from all over.
inline std::vector<std::string> some(std::vector<std::string> all, std::size_t count) {
  for (std::size_t i = 0; i < count && count < all.size(); ++i) all[i] = all[all.size() * i / count];
  all.resize(std::min(count, all.size()));
  return all;
}

inline std::string header_of(std::string const& file) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), 8);
  return file.substr(8, length);
}
/// A safetensors file with another header before its data.
inline std::string with_header(std::string const& file, std::string const& header) {
  return files::safetensors(header) + file.substr(8 + header_of(file).size());
}
/// With other lengths of the header than it has.
inline std::vector<std::string> lengths(std::string const& file) {
  std::vector<std::string> all;
  for (std::uint64_t const length :
       {std::uint64_t(0), std::uint64_t(1), header_of(file).size() - 1, header_of(file).size() + 1, file.size(),
        std::uint64_t(100'000'000), ~std::uint64_t(0) - 7, ~std::uint64_t(0)}) {
    all.push_back(file);
    std::memcpy(all.back().data(), &length, 8);
  }
  return all;
}

/// "read", or how it was refused: by an io_error or a value_error that names the file; anything else is "FAULT: " and
/// what it was.
template <class F>
std::string outcome(std::filesystem::path const& path, F read) {
  std::string const said_of = path.string();
  auto by_name = [&](std::exception const& e) {
    return (std::string(e.what()).find(said_of) == std::string::npos ? "FAULT: without the file: " : "") +
           std::string(e.what());
  };
  try {
    read();
    return "read";
  } catch (cohort::io_error const& e) {
    return by_name(e);
  } catch (cohort::value_error const& e) {
    return by_name(e);
  } catch (std::exception const& e) {
    return std::string("FAULT: ") + e.what();
  }
}

}  // namespace damage
