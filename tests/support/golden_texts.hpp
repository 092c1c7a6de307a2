#pragma once
#include <cohort/file/json.hpp>
#include <string>
#include <vector>

#include "files.hpp"
#include "paths.hpp"

namespace support {

/// The texts that every recorded tokenizer was asked about; they stand in hexadecimal, since some are no UTF-8.
inline std::vector<std::string> golden_texts() {
  std::vector<std::string> texts;
  auto const recorded = cohort::file::json::parse(files::get(paths::golden("tokenizer/texts.json")));
  for (auto const& one : recorded.at("texts")) {
    auto const hex = one.get<std::string>();
    std::string text;
    for (std::size_t i = 0; i < hex.size(); i += 2) text += char(std::stoi(hex.substr(i, 2), nullptr, 16));
    texts.push_back(text);
  }
  return texts;
}

}  // namespace support
