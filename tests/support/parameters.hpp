#pragma once
#include <vector>

namespace support {

/// The parameters of a policy on the host.
template <class Policy>
auto parameters_of(Policy& policy) {
  auto p = policy.parameters();
  return std::vector<typename Policy::T>(p.data, p.data + p.rows);
}

}  // namespace support
