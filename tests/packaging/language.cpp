#include <re2/re2.h>
#include <cohort/language/files/model_files.hpp>

int main() {
  try {
    cohort::language::read_config("/nowhere");
  } catch (cohort::io_error const&) {
    return RE2::FullMatch("cohort", "[a-z]+") ? 0 : 1;
  }
  return 1;
}
