#include "export.hpp"

#include "../program/exit_status.hpp"
#include "runs.hpp"

namespace cli {

void export_policy(export_request const& how) {
  if (how.header.empty() && how.onnx.empty()) throw program::usage_error("export needs --header FILE or --onnx FILE");
  auto from = how.from;
  if (std::filesystem::is_directory(from)) from /= "policy.cohort";
  std::string refused;
  for (auto const& environment : environment_names())
    for (bool const with_critic : {true, false}) {
      std::unique_ptr<any_policy> policy;
      try {
        policy = policy_for(environment, from, with_critic);
      } catch (cohort::value_error const& e) {
        refused = e.what();  // of another environment or kind of policy
        continue;
      }
      if (!how.header.empty()) policy->export_header(how.header, how.name);
      if (!how.onnx.empty()) policy->export_onnx(how.onnx);
      for (auto const& to : {how.header, how.onnx})
        if (!to.empty())
          program::print(to.string() + ": the policy of " + from.string() + ", for " + environment + "\n");
      return;
    }
  throw std::runtime_error(refused + ", and of no other environment or policy that this program knows");
}

}  // namespace cli
