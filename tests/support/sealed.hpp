#pragma once
#include <cohort/file/state_file.hpp>

/// A state's file with the checksum that its bytes have, if it has a place for one: so that it is not the checksum that
/// finds what is wrong with it.
inline std::string sealed(std::string file) {
  using namespace cohort;
  std::size_t const place = file.find(detail::checksum_begin);
  std::size_t const digits = place + sizeof detail::checksum_begin - 1;
  if (place == file.npos || file.size() < digits + detail::checksum_digits) return file;
  auto put = [&](std::string const& sum) { file.replace(digits, detail::checksum_digits, sum); };
  put(std::string(detail::checksum_digits, '0'));
  put(detail::hexadecimal(file::crc32c(std::as_bytes(std::span(file)))));
  return file;
}
