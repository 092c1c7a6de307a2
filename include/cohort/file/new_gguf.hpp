#pragma once
#include <cmath>
#include <cohort/file/gguf.hpp>
#include <cohort/file/new_file.hpp>
#include <set>

namespace COHORT_NAMESPACE::file {

/// The values of a GGUF file that is to be written, by their keys; a later one takes the place of an earlier one.
class new_gguf_values {
 public:
  new_gguf_values& set(std::string const& key, std::string_view x) { return put(key, gguf_type::string, text(x)); }
  new_gguf_values& set(std::string const& key, char const* x) { return set(key, std::string_view(x)); }
  new_gguf_values& set(std::string const& key, bool x) { return put(key, gguf_type::boolean, std::string(1, char(x))); }
  new_gguf_values& set(std::string const& key, std::uint32_t x) { return put(key, gguf_type::uint32, raw(x)); }
  new_gguf_values& set(std::string const& key, std::int32_t x) { return put(key, gguf_type::int32, raw(x)); }
  new_gguf_values& set(std::string const& key, float x) { return put(key, gguf_type::float32, raw(x)); }
  new_gguf_values& set(std::string const& key, std::vector<std::string> const& all) {
    std::string bytes;
    for (auto const& x : all) bytes += text(x);
    return put_array(key, gguf_type::string, all.size(), bytes);
  }
  new_gguf_values& set(std::string const& key, std::vector<std::int32_t> const& all) {
    return put_array(key, gguf_type::int32, all.size(), raw_of(all));
  }
  new_gguf_values& set(std::string const& key, std::vector<float> const& all) {
    return put_array(key, gguf_type::float32, all.size(), raw_of(all));
  }

  /// Those of a file whose keys begin so, as they are there: copy(file, "tokenizer.").
  new_gguf_values& copy(gguf const& from, std::string_view prefix) {
    for (auto const& [key, value] : from.values()) {
      if (!key.starts_with(prefix)) continue;
      std::string bytes(value.bytes);
      if (value.is_array) put_array(key, value.type, value.count, bytes);
      else put(key, value.type, value.type == gguf_type::string ? text(bytes) : bytes);
    }
    return *this;
  }

  new_gguf_values& erase(std::string const& key) {
    values_.erase(key);
    return *this;
  }
  bool contains(std::string const& key) const { return values_.contains(key); }
  /// By key: the value's type, and it, as a file has them.
  std::map<std::string, std::string> const& encoded() const { return values_; }

  template <class T>
  static std::string raw(T x) {
    return {reinterpret_cast<char const*>(&x), sizeof x};
  }
  static std::string text(std::string_view x) { return raw(std::uint64_t(x.size())).append(x); }

 private:
  template <class T>
  static std::string raw_of(std::vector<T> const& all) {
    return {reinterpret_cast<char const*>(all.data()), all.size() * sizeof(T)};
  }
  new_gguf_values& put(std::string const& key, gguf_type type, std::string const& bytes) {
    values_[key] = raw(type) + bytes;
    return *this;
  }
  new_gguf_values& put_array(std::string const& key, gguf_type type, std::uint64_t count, std::string const& bytes) {
    return put(key, gguf_type::array, raw(type) + raw(count) + bytes);
  }

  std::map<std::string, std::string> values_;
};

/// A tensor to be written, row by row.
template <class T>
struct new_gguf_tensor {
  std::string name;
  std::vector<std::size_t> shape;  ///< slowest first
  stored_type type;
  std::function<std::span<T const>(std::size_t row)> row;
};

/// Writes a GGUF file of version 3, and not yet under its name: that is `file.commit()`. Raises value_error for a name
/// that is taken or longer than llama.cpp's 63 bytes, a type that is only read, rows that are no whole blocks of their
/// type, and a number that it cannot hold; shape_error for a row that is not as long as the shape says.
template <class T>
void write_gguf(new_file& file, new_gguf_values const& values, std::vector<new_gguf_tensor<T>> const& tensors) {
  constexpr std::size_t alignment = 32, longest_name = 63;
  auto padding = [](std::size_t n) { return (n + alignment - 1) / alignment * alignment - n; };
  using of = new_gguf_values;
  std::string header = "GGUF" + of::raw(std::uint32_t(3)) + of::raw(std::uint64_t(tensors.size())) +
                       of::raw(std::uint64_t(values.encoded().size()));
  for (auto const& [key, value] : values.encoded()) header += of::text(key) + value;
  std::set<std::string> names;
  std::uint64_t end = 0;
  for (auto const& t : tensors) {
    std::string const called = "write_gguf: " + gguf::shown_tensor(t.name);
    auto const& type = facts_of(t.type);
    if (t.name.size() > longest_name) throw value_error(called + " has a name of more than 63 bytes");
    if (!names.insert(t.name).second) throw value_error(called + " is there twice");
    if (t.shape.empty() || t.shape.size() > gguf::most_extents)
      throw value_error(called + " has the shape " + detail::shown(t.shape) + ", expected one to four extents");
    if (!type.encode)
      throw value_error(called + " is to be of type " + std::string(type.name) + ", which is only read");
    if (t.shape.back() % type.elements)
      throw value_error(called + " has rows of " + std::to_string(t.shape.back()) + ", expected a multiple of " +
                        std::to_string(type.elements) + " for " + std::string(type.name));
    header += of::text(t.name) + of::raw(std::uint32_t(t.shape.size()));
    for (std::size_t n = t.shape.size(); n-- > 0;) header += of::raw(std::uint64_t(t.shape[n]));
    header += of::raw(std::uint32_t(t.type)) + of::raw(end);
    std::size_t const bytes = detail::product(t.shape, 1) / type.elements * type.bytes;
    end += bytes + padding(bytes);
  }
  header.append(padding(header.size()), '\0');
  file.write(header);

  std::vector<std::byte> out;
  std::vector<float> row;
  for (auto const& t : tensors) {
    auto const& type = facts_of(t.type);
    std::string const called = "write_gguf: " + gguf::shown_tensor(t.name);
    std::size_t const columns = t.shape.back(), rows = detail::product(t.shape, 1) / std::max<std::size_t>(columns, 1);
    std::size_t const bytes = columns / type.elements * type.bytes;
    for (std::size_t n = 0; n < rows; ++n) {
      std::span<T const> const given = t.row(n);
      if (given.size() != columns)
        throw shape_error(called + " has a row of " + std::to_string(given.size()) + ", expected " +
                          std::to_string(columns));
      row.assign(given.begin(), given.end());
      if (type.limit > 0)
        for (float x : row)
          if (!(std::abs(x) < type.limit))
            throw value_error(called + " has the number " + detail::text(x) + ", expected less than " +
                              detail::text(type.limit) + " in " + std::string(type.name));
      std::size_t const from = out.size();
      out.resize(from + bytes);
      quantize(t.type, row, std::span(out).subspan(from));
      if (out.size() >= new_file::piece) file.write(out), out.clear();
    }
    out.resize(out.size() + padding(rows * bytes));
  }
  file.write(out);
}

}  // namespace COHORT_NAMESPACE::file
