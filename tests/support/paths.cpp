#include "paths.hpp"

std::string paths::golden(std::string const& file) { return COHORT_GOLDEN_DIR "/" + file; }
std::string paths::program(std::string const& name) { return COHORT_PROGRAMS "/" + name; }
