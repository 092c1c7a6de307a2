#pragma once
#include <cohort/backend/stored_types.hpp>
#include <cohort/file/extents.hpp>
#include <cohort/file/gguf_cursor.hpp>
#include <cohort/file/mapped_file.hpp>
#include <functional>
#include <map>
#include <type_traits>

namespace COHORT_NAMESPACE::file {

/// A tensor as it lies in a GGUF file.
struct gguf_tensor {
  stored_type type;
  std::vector<std::size_t> shape;    ///< slowest first (a GGUF file has the fastest first)
  std::span<std::byte const> bytes;  ///< row by row; of no particular alignment where the file is not mapped

  std::size_t columns() const { return shape.empty() ? 1 : shape.back(); }
  std::size_t rows() const { return columns() ? elements() / columns() : 0; }
  std::size_t elements() const { return bytes.size() / facts_of(type).bytes * facts_of(type).elements; }
};

/// A GGUF file of version 2 or 3: "GGUF", the version, the numbers of tensors and of values, the values by their keys,
/// the tensors' names, extents, types and places, and from a multiple of general.alignment on their data.
///
///     gguf file("model.gguf");
///     file.integer("llama.block_count");
///     file.read("output_norm.weight", {64}, weights);
///
/// All but the numbers in the tensors is checked before any is looked at: whatever the bytes are, nothing outside them
/// is read, and nothing is allocated but a note for each value and tensor that is there. What is wrong is an io_error
/// naming the file and the key or tensor. Tensors may have gaps between them, and no overlaps.
///
/// Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
class gguf {
 public:
  static constexpr std::uint32_t most_extents = 4;  ///< of a tensor, as in ggml

  explicit gguf(std::filesystem::path const& path) : file_(path), where_(path.string()) { parse(file_.bytes()); }

  /// From bytes that outlive this object; `where` is what messages call them.
  gguf(std::span<std::byte const> bytes, std::string where) : where_(std::move(where)) { parse(bytes); }

  std::string const& where() const { return where_; }
  std::uint32_t version() const { return version_; }
  std::map<std::string, gguf_value, std::less<>> const& values() const { return values_; }
  std::map<std::string, gguf_tensor, std::less<>> const& tensors() const { return tensors_; }

  gguf_value const* find(std::string_view key) const {
    auto const found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second;
  }
  gguf_tensor const& tensor(std::string_view name) const {
    auto const found = tensors_.find(name);
    if (found == tensors_.end()) refuse(shown_tensor(name) + " is not in the file");
    return found->second;
  }

  /// A value by its key, which must be there and of that kind.
  std::int64_t integer(std::string_view key) const {
    auto const& v = at(key, "an integer", [](gguf_value const& x) { return !x.is_array && x.is_integer(); });
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    if (v.type == gguf_type::uint64 && v.at<std::uint64_t>() > most)
      refuse(shown_key(key) + " is " + std::to_string(v.at<std::uint64_t>()) + ", expected a number below 2^63");
    return v.at<std::int64_t>();
  }
  double number(std::string_view key) const {
    auto is_number = [](gguf_value const& x) { return !x.is_array && (x.is_integer() || x.is_float()); };
    return at(key, "a number", is_number).at<double>();
  }
  bool flag(std::string_view key) const {
    auto is_flag = [](gguf_value const& x) { return !x.is_array && x.type == gguf_type::boolean; };
    return at(key, "a bool", is_flag).at<bool>();
  }
  std::string text(std::string_view key) const {
    auto is_text = [](gguf_value const& x) { return !x.is_array && x.type == gguf_type::string; };
    return std::string(at(key, "a string", is_text).bytes);
  }
  /// An array as a list; the strings lie in the file.
  std::vector<std::string_view> texts(std::string_view key) const {
    std::vector<std::string_view> all;
    auto are_texts = [](gguf_value const& x) { return x.is_array && x.type == gguf_type::string; };
    at(key, "an array of string", are_texts).texts([&](std::string_view text) { all.push_back(text); });
    return all;
  }
  template <class T>
  std::vector<T> numbers(std::string_view key) const {
    auto are_numbers = [](gguf_value const& x) {
      return x.is_array && (x.is_integer() || (x.is_float() && std::is_floating_point_v<T>));
    };
    gguf_value const& v =
        at(key, std::is_floating_point_v<T> ? "an array of numbers" : "an array of integers", are_numbers);
    std::vector<T> all;
    for (std::uint64_t n = 0; n < v.count; ++n) all.push_back(v.at<T>(n));
    return all;
  }

  /// Copies a tensor as float, row by row.
  void read(std::string_view name, std::vector<std::size_t> const& shape, std::span<float> out) const {
    auto const& t = tensor(name);
    require_shape(name, shape);
    dequantize(t.type, t.bytes, out);
  }
  void require_shape(std::string_view name, std::vector<std::size_t> const& shape) const {
    if (auto const& t = tensor(name); t.shape != shape)
      refuse(shown_tensor(name) + " has the shape " + detail::shown(t.shape) + ", expected " + detail::shown(shape));
  }

  [[noreturn]] void refuse(std::string const& what) const { detail::refuse_file(where_, what); }
  static std::string shown_key(std::string_view key) { return "key " + detail::shown(std::string(key)); }
  static std::string shown_tensor(std::string_view name) { return "tensor " + detail::shown(std::string(name)); }

 private:
  template <class F>
  gguf_value const& at(std::string_view key, char const* expected, F fits) const {
    gguf_value const* const found = find(key);
    if (!found) refuse(shown_key(key) + " is not in the file, expected " + expected);
    if (!fits(*found)) refuse(shown_key(key) + " is " + found->described() + ", expected " + expected);
    return *found;
  }

  void parse(std::span<std::byte const> file) {
    detail::gguf_cursor in(file, where_);
    if (auto const magic = in.take(4, "the first word"); magic != "GGUF")
      refuse("begins with " + detail::shown(std::string(magic)) + ", expected \"GGUF\"");
    version_ = in.take<std::uint32_t>("the version");
    if (version_ != 2 && version_ != 3)
      refuse("is of version " + std::to_string(version_) + ", expected 2 or 3" +
             (version_ != 0 && version_ % 65536 == 0 ? "; it is of a big-endian machine" : ""));
    auto const tensors = in.take<std::uint64_t>("the number of tensors");
    auto const values = in.take<std::uint64_t>("the number of values");
    require_count(in, tensors, 24, "tensors");  // the bytes that the shortest takes
    require_count(in, values, 13, "values");
    for (std::uint64_t n = 0; n < values; ++n) read_value(in);
    std::vector<placed> all;
    for (std::uint64_t n = 0; n < tensors; ++n) all.push_back(read_tensor(in));
    place(all, in.place(), file);
  }
  void require_count(detail::gguf_cursor const& in, std::uint64_t count, std::size_t least, char const* what) const {
    if (count > in.left() / least)
      refuse("claims " + std::to_string(count) + " " + what + ", of " + std::to_string(least) +
             " bytes at least, and has " + std::to_string(in.left()) + " bytes for them");
  }

  void read_value(detail::gguf_cursor& in) {
    std::string key(in.text("a key"));
    auto const value = in.value(shown_key(key));
    if (!values_.emplace(key, value).second) refuse(shown_key(key) + " is there twice");
  }

  struct placed {
    std::uint64_t offset;
    std::size_t bytes;
    std::map<std::string, gguf_tensor, std::less<>>::iterator tensor;
  };
  placed read_tensor(detail::gguf_cursor& in) {
    std::string name(in.text("a tensor's name"));
    std::string const called = shown_tensor(name);
    auto const extents = in.take<std::uint32_t>("the number of extents of " + called);
    if (extents > most_extents)
      refuse(called + " has " + std::to_string(extents) + " extents, expected at most " + std::to_string(most_extents));
    gguf_tensor t;
    for (std::uint32_t n = 0; n < extents; ++n) t.shape.push_back(in.take<std::uint64_t>("an extent of " + called));
    std::reverse(t.shape.begin(), t.shape.end());
    auto const type = in.take<std::uint32_t>("the type of " + called);
    auto const offset = in.take<std::uint64_t>("the place of " + called);
    auto const* const facts = find_stored_type(type);
    if (!facts) refuse(called + " is of type " + std::to_string(type) + ", expected " + names_of_stored_types());
    t.type = facts->type;
    auto const size = bytes_of(t, *facts, called);
    auto const [place, is_new] = tensors_.emplace(std::move(name), std::move(t));
    if (!is_new) refuse(called + " is there twice");
    return {offset, size, place};
  }
  std::size_t bytes_of(gguf_tensor const& t, stored_type_facts const& facts, std::string const& called) const {
    if (t.columns() % facts.elements)
      refuse(called + " of type " + std::string(facts.name) + " has rows of " + std::to_string(t.columns()) +
             ", expected a multiple of " + std::to_string(facts.elements));
    auto in_blocks = t.shape;
    if (!in_blocks.empty()) in_blocks.back() /= facts.elements;
    return detail::product(in_blocks, facts.bytes);
  }

  void place(std::vector<placed>& all, std::size_t header, std::span<std::byte const> file) {
    std::uint64_t alignment = 32;
    if (find("general.alignment")) {
      auto const given = integer("general.alignment");
      if (given < 1 || given > 1 << 30 || !std::has_single_bit(std::uint64_t(given)))
        refuse("key \"general.alignment\" is " + std::to_string(given) + ", expected a power of two");
      alignment = std::uint64_t(given);
    }
    std::uint64_t const start = (header + alignment - 1) / alignment * alignment;
    auto const data = file.subspan(std::min<std::uint64_t>(start, file.size()));
    std::sort(all.begin(), all.end(), [](placed const& a, placed const& b) {
      return std::pair(a.offset, a.bytes) < std::pair(b.offset, b.bytes);
    });
    std::size_t end = 0;
    std::string previous;
    for (placed const& p : all) {
      std::string const called = shown_tensor(p.tensor->first),
                        at = "begins at byte " + std::to_string(p.offset) + " of the data";
      if (p.offset % alignment) refuse(called + " " + at + ", expected a multiple of " + std::to_string(alignment));
      if (p.offset > data.size() || p.bytes > data.size() - p.offset)
        refuse(called + " " + at + " and has " + std::to_string(p.bytes) + ", and the data end at byte " +
               std::to_string(data.size()));
      if (p.offset < end) refuse(called + " " + at + ", inside " + previous);
      p.tensor->second.bytes = data.subspan(p.offset, p.bytes);
      end = p.offset + p.bytes;
      previous = called;
    }
  }

  mapped_file file_;
  std::string where_;
  std::uint32_t version_ = 0;
  std::map<std::string, gguf_value, std::less<>> values_;
  std::map<std::string, gguf_tensor, std::less<>> tensors_;
};

}  // namespace COHORT_NAMESPACE::file
