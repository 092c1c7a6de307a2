#include "export.hpp"

#include "../program/exit_status.hpp"
#include "runs.hpp"

namespace cli {

void export_policy(std::filesystem::path from, std::filesystem::path const& header, std::string const& name) {
  if (std::filesystem::is_directory(from)) from /= "policy.cohort";
  std::string refused;
  for (auto const& environment : environments())
    for (bool const with_critic : {true, false}) {
      std::unique_ptr<any_policy> policy;
      try {
        policy = environment.read_policy(from, with_critic);
      } catch (cohort::value_error const& e) {
        refused = e.what();  // of another environment or kind of policy
        continue;
      }
      policy->export_header(header, name);
      program::print(header.string() + ": the policy of " + from.string() + ", for " + environment.name + "\n");
      return;
    }
  throw std::runtime_error(refused + ", and of no other environment or policy that this program knows");
}

}  // namespace cli
