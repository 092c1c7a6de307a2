// Any text is the file of a run, or is refused.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../examples/cohort/config.hpp"
#include "../../examples/program/exit_status.hpp"
#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  static int const file = ::memfd_create("config", 0);
  static std::string const path = "/proc/self/fd/" + std::to_string(file);
  fuzz::require(::ftruncate(file, 0) == 0 && ::pwrite(file, data, size, 0) == ::ssize_t(size));
  try {
    cli::config c;
    cli::set_fields(c, cli::fields_of_file(path));
    fuzz::require(c.steps > 0 && c.threads > 0 && c.threads <= 1024);
  } catch (program::usage_error const& e) {
    fuzz::require(*e.what() != 0);
  }
  return 0;
}
