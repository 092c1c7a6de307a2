#pragma once
#include <cohort/backend/saved_state.hpp>
#include <cohort/file/checksum.hpp>
#include <cohort/file/safetensors.hpp>
#include <cohort/version.hpp>
#include <cstdio>

namespace COHORT_NAMESPACE::file {

/// What is said of a state, and the state.
struct described_state {
  json about;  ///< an object
  saved_state state;
};

/// How a file is written.
struct write_options {
  existing what = existing::replace;
  bool flush = true;  ///< waits until it is on the disk: without it a kill loses nothing, a power cut may
};

// The format: a safetensors file whose tensors are the entries of a state, each a row of numbers, in the order of their
// names; in __metadata__ "cohort" is the JSON of what is said of it, with "format" (1) and "library" (the version that
// wrote it), and "checksum" the CRC-32C of the whole file as it is with eight zeros in the checksum's place.
}  // namespace COHORT_NAMESPACE::file

namespace COHORT_NAMESPACE::detail {

inline constexpr int state_format = 1;
inline constexpr char checksum_begin[] = "\"checksum\":\"";
inline constexpr std::size_t checksum_digits = 8;

inline std::string hexadecimal(std::uint32_t x) {
  char text[checksum_digits + 1];
  std::snprintf(text, sizeof text, "%08x", unsigned(x));
  return text;
}

/// The 8 bytes of the header's length and the header, with zeros for its checksum.
inline std::string state_header(file::json about, state_sources const& state) {
  about["format"] = state_format, about["library"] = COHORT_VERSION;
  auto quoted = [](std::string const& s) { return file::json(s).dump(); };
  std::string text = "{\"__metadata__\":{" + (checksum_begin + std::string(checksum_digits, '0')) +
                     "\",\"cohort\":" + quoted(about.dump()) + "}";
  std::size_t end = 0;
  for (auto const& [name, x] : state) {
    std::size_t const count = x.size / file::safetensors::size_of(x.type), first = end;
    end += x.size;
    text += "," + quoted(name) + ":{\"dtype\":" + quoted(x.type) + ",\"shape\":[" + std::to_string(count) +
            "],\"data_offsets\":[" + std::to_string(first) + "," + std::to_string(end) + "]}";
  }
  text += "}";
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::uint64_t const length = text.size();
  return text.insert(0, reinterpret_cast<char const*>(&length), 8);
}

/// Gives put(bytes) the file piece by piece, each of which is summed while it is in the processor's cache, and then
/// put_at(place, digits) the checksum.
template <class Put, class PutAt>
void put_state(file::json const& about, state_sources const& state, Put put, PutAt put_at) {
  std::string const header = state_header(about, state);
  std::uint32_t sum = 0;
  // Small arrays go together, since each call of the system costs microseconds.
  std::size_t const most = file::new_file::piece, length = header.size();
  std::vector<std::byte> piece(std::max(most, length));
  std::memcpy(piece.data(), header.data(), length);
  std::size_t filled = length;
  auto flush = [&] {
    auto const bytes = std::span<std::byte const>(piece).first(std::exchange(filled, 0));
    sum = file::crc32c(bytes, sum), put(bytes);
  };
  for (auto const& [name, x] : state)
    for (std::size_t at = 0; at < x.size;) {
      bool const aligned = filled % file::safetensors::size_of(x.type) == 0;  // as numbers are read
      if (filled + 8 > most || !aligned) flush();
      std::size_t const n = std::min((most - filled) / 8 * 8, x.size - at);  // whole ones
      x.read(at, std::span(piece).subspan(filled, n));
      filled += n, at += n;
    }
  flush();
  put_at(header.find(checksum_begin) + sizeof checksum_begin - 1, hexadecimal(sum));
}

inline state_sources sources_in(saved_state const& state) {
  state_sources all;
  for (auto const& [name, x] : state) {
    all[name] = source_of(std::span<std::byte const>(x.bytes));
    all[name].type = x.type;
  }
  return all;
}

/// Whether the bytes are what was written: the checksum that they say, and theirs.
inline void require_checksum(std::span<std::byte const> bytes, std::string const& said, std::string const& where) {
  std::string_view const all(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  std::size_t const place = all.find(checksum_begin);
  std::uint32_t sum = 0;
  if (place != all.npos && said.size() == checksum_digits) {
    std::size_t const digits = place + sizeof checksum_begin - 1, behind = digits + checksum_digits;
    sum = file::crc32c(bytes.first(digits));
    sum = file::crc32c(std::as_bytes(std::span("00000000", checksum_digits)), sum);
    if (behind <= bytes.size() && hexadecimal(file::crc32c(bytes.subspan(behind), sum)) == said &&
        all.substr(digits, checksum_digits) == said)
      return;
  }
  refuse_file(where, "is damaged: its checksum is not that of its bytes");
}

inline file::described_state state_in(std::span<std::byte const> bytes, std::string const& where) {
  file::safetensors const all(bytes, where);
  auto text = [&](char const* name) {
    auto const found = all.metadata().find(name);
    if (found == all.metadata().end())
      refuse_file(where, std::string("is not one of Cohort's: its __metadata__ has no \"") + name + "\"");
    return found->second;
  };
  file::json about = file::parse_object(text("cohort"), where + ", \"cohort\"");
  file::json_fields const fields(about, where);
  int const format = fields.positive("format");
  if (format > state_format)
    fields.refuse("is of format " + std::to_string(format) + ", written by Cohort " + shown(fields.at("library")) +
                  "; this is Cohort " COHORT_VERSION ", which reads format " + std::to_string(state_format));
  require_checksum(bytes, text("checksum"), where);
  file::described_state result{std::move(about), {}};
  for (auto const& [name, tensor] : all.tensors()) {
    if (!file::safetensors::size_of(tensor.type))
      refuse_file(where, "tensor " + shown(name) + " is of type " + shown(tensor.type) + ", which is not known");
    if (tensor.type == "BOOL")
      for (std::byte const b : tensor.bytes)
        if (b > std::byte{1}) refuse_file(where, "tensor " + shown(name) + " has a BOOL that is neither 0 nor 1");
    result.state[name] = {tensor.type, {tensor.bytes.begin(), tensor.bytes.end()}};
  }
  return result;
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::file {

/// Writes a state to a file, which appears under its name only when it is whole. Raises io_error naming the file.
inline void write_state(std::filesystem::path const& path, json const& about, state_sources const& state,
                        write_options const& o = {}) {
  new_file file(path, o.what);
  detail::put_state(
      about, state, [&](std::span<std::byte const> bytes) { file.write(bytes); },
      [&](std::size_t place, std::string const& digits) { file.write_at(place, digits); });
  file.commit(o.flush);
}
inline void write_state(std::filesystem::path const& path, json const& about, saved_state const& state,
                        write_options const& o = {}) {
  write_state(path, about, detail::sources_in(state), o);
}

/// The same bytes in memory.
inline std::vector<std::byte> state_bytes(json const& about, state_sources const& state) {
  std::vector<std::byte> all;
  detail::put_state(
      about, state, [&](std::span<std::byte const> bytes) { all.insert(all.end(), bytes.begin(), bytes.end()); },
      [&](std::size_t place, std::string const& digits) {
        std::memcpy(all.data() + place, digits.data(), digits.size());
      });
  return all;
}
inline std::vector<std::byte> state_bytes(json const& about, saved_state const& state) {
  return state_bytes(about, detail::sources_in(state));
}

/// What write_state or state_bytes wrote. Raises io_error, naming the file and what is wrong with it, for a file that
/// is cut, damaged, of a later format or none of Cohort's.
inline described_state read_state(std::filesystem::path const& path) {
  mapped_file const file(path);
  return detail::state_in(file.bytes(), path.string());
}
inline described_state read_state(std::span<std::byte const> bytes, std::string const& where = "state") {
  return detail::state_in(bytes, where);
}

}  // namespace COHORT_NAMESPACE::file
