#pragma once
#include <functional>
#include <string>

namespace cli {

/// Environments played from traces: of each line {"env", "state", "actions"} a line {"env", "obs", "reward",
/// "terminated", "truncated"}, in double and rounded after every operation as Gymnasium's are. `state` is Gymnasium's
/// internal one; "with", an object, has the environment's parameters. Raises std::runtime_error, naming the line, for
/// one that is none.
void replay(std::string const& from, std::function<void(std::string const&)> const& line);

}  // namespace cli
