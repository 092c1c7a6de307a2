#pragma once
#include <cohort/error.hpp>
#include <string>

#include "../catch.hpp"

namespace support {

/// What f raises says; "" where it raises nothing.
template <class Error = cohort::value_error, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (Error const& e) {
    return e.what();
  }
  return "";
}
/// The same of what has to be refused: else the test fails.
template <class Error = cohort::value_error, class F>
std::string refusal(F&& f) {
  std::string const message = message_of<Error>(f);
  if (message.empty()) FAIL("nothing was refused");
  return message;
}

}  // namespace support
