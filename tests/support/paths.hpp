#pragma once
#include <string>

// Where things are on this machine: in paths.cpp alone, so that every other file compiles to the same in each clone.
namespace paths {

/// A file of tests/golden.
std::string golden(std::string const& file);
/// An example, built in this build.
std::string program(std::string const& name);

}  // namespace paths
