#include "export.hpp"

#include "../program/exit_status.hpp"
#include "runs.hpp"

namespace cli {

void export_policy(export_request const& how) {
  if (how.header.empty() && how.onnx.empty()) throw program::usage_error("export needs --header FILE or --onnx FILE");
  auto const stored = policy_in(how.from);
  if (!how.header.empty()) stored.policy->export_header(how.header, how.name);
  if (!how.onnx.empty()) stored.policy->export_onnx(how.onnx);
  for (auto const& to : {how.header, how.onnx})
    if (!to.empty())
      program::print(to.string() + ": the policy of " + stored.file.string() + ", for " + stored.environment.name() +
                     "\n");
}

}  // namespace cli
