#pragma once
#include <filesystem>
#include <string>

namespace cli {

struct export_request {
  std::filesystem::path from, header, onnx;  ///< header or onnx, or both
  std::string name = "controller";           ///< the namespace in the header
};
/// Writes the policy of a file, or of a run's folder, as a header or an ONNX file. Which environment it is of, the file
/// says.
void export_policy(export_request const& how);

}  // namespace cli
