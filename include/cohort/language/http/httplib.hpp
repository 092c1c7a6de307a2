#pragma once
// cpp-httplib, without the macro _res of resolv.h, which Eigen has parameters of the name of.
#include <httplib.h>
#undef _res
#include <algorithm>
#include <cohort/compiler.hpp>
#include <ctime>
#include <string>

namespace COHORT_NAMESPACE::detail {

/// How long an answer may take, from the connection on.
inline void set_times(httplib::Client& client, double seconds) {
  auto const whole = std::time_t(seconds), rest = std::time_t((seconds - double(whole)) * 1e6);
  client.set_connection_timeout(std::min<std::time_t>(whole + 1, 30));
  client.set_read_timeout(whole, rest);
  client.set_write_timeout(whole, rest);
}
/// The header that a key is sent as, if there is one.
inline httplib::Headers authorization(std::string const& key) {
  return key.empty() ? httplib::Headers{} : httplib::Headers{{"Authorization", "Bearer " + key}};
}

}  // namespace COHORT_NAMESPACE::detail
