#pragma once
#include <algorithm>
#include <bit>
#include <cohort/backend/half.hpp>
#include <cohort/file/extents.hpp>
#include <cohort/file/json.hpp>
#include <cohort/file/mapped_file.hpp>
#include <cohort/file/new_file.hpp>
#include <functional>
#include <iterator>
#include <map>
#include <type_traits>

namespace COHORT_NAMESPACE::file {

static_assert(std::endian::native == std::endian::little,
              "safetensors files are little-endian, and so must be the machine that maps them");

/// A tensor as it lies in a file.
struct stored_tensor {
  std::string type;                  ///< "F32", "BF16", ...
  std::vector<std::size_t> shape;    ///< slowest first; empty for a scalar
  std::span<std::byte const> bytes;  ///< of no particular alignment
};

/// The tensors of a safetensors file: 8 bytes with the header's length, a JSON header {name: {dtype, shape,
/// data_offsets}}, the data.
///
///     safetensors file("model.safetensors");
///     file.read<float>("model.norm.weight", {64}, weights);
///
/// All of the header is checked before any tensor is looked at, as the format's own library does it: the tensors must
/// cover the data without gaps and without overlaps. Whatever the bytes are, nothing outside them is read; what is
/// wrong with them is an io_error naming the file and the tensor.
///
/// Source: https://huggingface.co/docs/safetensors, "Format".
class safetensors {
 public:
  explicit safetensors(std::filesystem::path const& path) : file_(path), where_(path.string()) { parse(file_.bytes()); }

  /// From bytes that outlive this object; `where` is what messages call them.
  safetensors(std::span<std::byte const> bytes, std::string where) : where_(std::move(where)) { parse(bytes); }

  /// By name, in the order of names.
  std::map<std::string, stored_tensor, std::less<>> const& tensors() const { return tensors_; }
  /// What else the header says, under __metadata__.
  std::map<std::string, std::string> const& metadata() const { return metadata_; }

  stored_tensor const& at(std::string_view name) const {
    auto const found = tensors_.find(name);
    if (found == tensors_.end()) refuse(name, "is not in the file");
    return found->second;
  }

  void require_shape(std::string_view name, std::vector<std::size_t> const& shape) const {
    if (auto const& given = at(name).shape; given != shape)
      refuse(name, "has the shape " + detail::shown(given) + ", expected " + detail::shown(shape));
  }

  /// Copies a tensor of floating-point numbers, row by row. F32, F16 and BF16 are read exactly; F64 is rounded where T
  /// is float.
  template <class T>
  void read(std::string_view name, std::vector<std::size_t> const& shape,
            std::type_identity_t<std::span<T>> out) const {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>, "safetensors are read as float or as double");
    stored_tensor const& t = at(name);
    require_shape(name, shape);
    if (out.size() != detail::product(shape, 1))
      throw shape_error(where_ + ": tensor " + detail::shown(std::string(name)) + " has the shape " +
                        detail::shown(shape) + ", and the array for it " + std::to_string(out.size()) + " elements");
    if (t.type == "F32") convert<float>(t, out, [](float x) { return T(x); });
    else if (t.type == "F64") convert<double>(t, out, [](double x) { return T(x); });
    else if (t.type == "F16") convert<std::uint16_t>(t, out, [](std::uint16_t x) { return T(from_half(x)); });
    else if (t.type == "BF16") convert<std::uint16_t>(t, out, [](std::uint16_t x) { return T(from_bfloat16(x)); });
    else refuse(name, "is of type " + detail::shown(t.type) + ", expected F32, F64, F16 or BF16");
  }

  /// Bytes of an element; 0 for a type that is not known, whose tensors cannot be read.
  static std::size_t size_of(std::string_view type) {
    static constexpr std::pair<std::string_view, std::size_t> known[] = {
        {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8}, {"I64", 8}, {"I32", 4}, {"I16", 2},
        {"I8", 1},  {"U64", 8}, {"U32", 4},  {"U16", 2}, {"U8", 1},  {"BOOL", 1}};
    auto const* found =
        std::find_if(std::begin(known), std::end(known), [&](auto const& k) { return k.first == type; });
    return found == std::end(known) ? 0 : found->second;
  }

 private:
  [[noreturn]] void refuse(std::string_view tensor, std::string const& what) const {
    detail::refuse_file(where_, "tensor " + detail::shown(std::string(tensor)) + " " + what);
  }

  template <class Stored, class T, class F>
  static void convert(stored_tensor const& t, std::span<T> out, F f) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      Stored x;
      std::memcpy(&x, t.bytes.data() + i * sizeof x, sizeof x);
      out[i] = f(x);
    }
  }

  void parse(std::span<std::byte const> file) {
    constexpr std::uint64_t longest = 100'000'000;  // as in the format's own library
    if (file.size() < 8)
      detail::refuse_file(
          where_, "has " + std::to_string(file.size()) + " bytes, expected at least the 8 with its header's length");
    std::uint64_t length;
    std::memcpy(&length, file.data(), 8);
    std::string const claim = "claims a header of " + std::to_string(length) + " bytes";
    if (length > longest) detail::refuse_file(where_, claim + ", expected at most " + std::to_string(longest));
    if (length > file.size() - 8)
      detail::refuse_file(where_, claim + ", and has " + std::to_string(file.size() - 8) + " after the first 8");
    std::string_view const text(reinterpret_cast<char const*>(file.data()) + 8, std::size_t(length));
    if (!text.starts_with('{')) detail::refuse_file(where_, "has a header that does not begin with {");
    auto const data = file.subspan(8 + std::size_t(length));
    json const header = parse_object(text, where_ + ", header");
    for (auto const& [name, entry] : header.items()) {
      if (name == "__metadata__") read_metadata(entry);
      else tensors_.emplace(name, read_entry(name, entry, data));
    }
    check_cover(data);
  }

  void read_metadata(json const& entry) {
    if (!entry.is_object())
      detail::refuse_file(where_, "has the __metadata__ " + detail::shown(entry) + ", expected an object of texts");
    for (auto const& [key, value] : entry.items()) {
      if (!value.is_string())
        detail::refuse_file(
            where_, "has in __metadata__ " + detail::shown(key) + ": " + detail::shown(value) + ", expected a text");
      metadata_.emplace(key, value.get<std::string>());
    }
  }

  stored_tensor read_entry(std::string const& name, json const& entry, std::span<std::byte const> data) const {
    if (!entry.is_object()) refuse(name, "is described by " + detail::shown(entry) + ", expected an object");
    auto at = [&](char const* field) -> json const& {
      auto const found = entry.find(field);
      if (found == entry.end()) refuse(name, std::string("has no ") + field);
      return *found;
    };
    stored_tensor t;
    json const& type = at("dtype");
    if (!type.is_string()) refuse(name, "has the dtype " + detail::shown(type) + ", expected a text");
    t.type = type.get<std::string>();
    t.shape = sizes(name, "shape", at("shape"));
    json const& offsets = at("data_offsets");
    auto const range = sizes(name, "data_offsets", offsets);
    if (range.size() != 2 || range[0] > range[1])
      refuse(name, "has the data_offsets " + detail::shown(offsets) + ", expected [begin, end]");
    if (range[1] > data.size())
      refuse(name, "has the data_offsets " + detail::shown(offsets) + ", and the data end at byte " +
                       std::to_string(data.size()));
    t.bytes = data.subspan(range[0], range[1] - range[0]);

    if (std::size_t const size = size_of(t.type)) {
      std::string const claim = "of type " + t.type + " and shape " + detail::shown(at("shape"));
      std::size_t const expected = detail::product(t.shape, size);
      if (t.bytes.size() != expected)
        refuse(name, claim + " has " + std::to_string(t.bytes.size()) + " bytes of data, expected " +
                         std::to_string(expected));
    }
    return t;
  }

  std::vector<std::size_t> sizes(std::string const& name, char const* field, json const& list) const {
    std::vector<std::size_t> result;
    auto fail = [&] {
      refuse(name, std::string("has the ") + field + " " + detail::shown(list) +
                       ", expected a list of integers, none negative");
    };
    if (!list.is_array()) fail();
    for (json const& n : list) {
      if (!n.is_number_unsigned() || n.get<std::uint64_t>() > std::numeric_limits<std::size_t>::max()) fail();
      result.push_back(n.get<std::size_t>());
    }
    return result;
  }

  void check_cover(std::span<std::byte const> data) const {
    using entry = std::pair<std::string const, stored_tensor>;
    std::vector<entry const*> order;
    for (entry const& e : tensors_) order.push_back(&e);
    std::sort(order.begin(), order.end(), [](entry const* a, entry const* b) {
      auto key = [](entry const* e) { return std::pair(e->second.bytes.data(), e->second.bytes.size()); };
      return key(a) < key(b);
    });
    std::size_t end = 0;
    std::string previous;
    for (entry const* e : order) {
      std::size_t const begin = std::size_t(e->second.bytes.data() - data.data());
      if (begin < end)
        refuse(e->first, "begins at byte " + std::to_string(begin) + " of the data, inside tensor " + previous);
      if (begin > end)
        refuse(e->first, "begins at byte " + std::to_string(begin) + " of the data, and those from " +
                             std::to_string(end) + " on are in no tensor");
      end = begin + e->second.bytes.size();
      previous = detail::shown(e->first);
    }
    if (end != data.size())
      detail::refuse_file(where_, "has " + std::to_string(data.size() - end) + " bytes behind its last tensor");
  }

  mapped_file file_;
  std::string where_;
  std::map<std::string, stored_tensor, std::less<>> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace COHORT_NAMESPACE::file

namespace COHORT_NAMESPACE::detail {

/// round(x) of each, a few thousand at a time.
template <class T, class F>
void write_rounded(file::new_file& file, std::span<T const> values, F round) {
  std::vector<std::invoke_result_t<F, T>> some;
  for (std::size_t first = 0; first < values.size(); first += some.size()) {
    some.clear();
    for (T x : values.subspan(first, std::min<std::size_t>(1 << 14, values.size() - first))) some.push_back(round(x));
    file.write(std::as_bytes(std::span(some)));
  }
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::file {

/// A tensor to be written.
template <class T>
struct new_tensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::span<T const> values;  ///< row by row
  std::string type{};         ///< F32, F64, F16 or BF16, to which they are rounded; empty: as they are
};

/// Writes tensors in their order, and not yet under the file's name: that is `file.commit()`. The header
/// is filled up with spaces, so that the data begin at a multiple of 8. Raises shape_error for values that do not fit a
/// shape, value_error for a name that is taken, or another type.
template <class T>
void write_safetensors(new_file& file, std::vector<new_tensor<T>> const& tensors,
                       std::map<std::string, std::string> const& metadata = {}) {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                "safetensors are written from float or from double");
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t end = 0;
  for (auto const& t : tensors) {
    if (detail::product(t.shape, 1) != t.values.size())
      throw shape_error("write_safetensors: tensor " + detail::shown(t.name) + " has the shape " +
                        detail::shown(t.shape) + " and " + std::to_string(t.values.size()) + " values");
    if (t.name == "__metadata__" || header.contains(t.name))
      throw value_error("write_safetensors: the name " + detail::shown(t.name) + " is taken");
    std::string const type = t.type.empty() ? sizeof(T) == 4 ? "F32" : "F64" : t.type;
    if (type != "F32" && type != "F64" && type != "F16" && type != "BF16")
      throw value_error("write_safetensors: tensor " + detail::shown(t.name) + " is to be of type " +
                        detail::shown(type) + ", expected F32, F64, F16 or BF16");
    std::size_t const bytes = t.values.size() * safetensors::size_of(type);
    header[t.name] = {{"dtype", type}, {"shape", t.shape}, {"data_offsets", {end, end + bytes}}};
    end += bytes;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (json::type_error const&) {
    throw value_error("write_safetensors: a name is not UTF-8");
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::uint64_t const length = text.size();
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(text);
  for (auto const& t : tensors) {
    if (t.type == "F16") detail::write_rounded(file, t.values, [](T x) { return to_half(float(x)); });
    else if (t.type == "BF16") detail::write_rounded(file, t.values, [](T x) { return to_bfloat16(float(x)); });
    else if (t.type == "F32" && sizeof(T) == 8) detail::write_rounded(file, t.values, [](T x) { return float(x); });
    else if (t.type == "F64" && sizeof(T) == 4) detail::write_rounded(file, t.values, [](T x) { return double(x); });
    else file.write(std::as_bytes(t.values));
  }
}

template <class T>
void write_safetensors(std::filesystem::path const& path, std::vector<new_tensor<T>> const& tensors,
                       existing what = existing::refuse) {
  new_file file(path, what);
  write_safetensors(file, tensors);
  file.commit();
}

}  // namespace COHORT_NAMESPACE::file
