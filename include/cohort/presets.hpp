#pragma once
// All named algorithms, and other libraries' conventions. A program that knows which one it wants includes that alone:
// cohort/preset/dapo.hpp.
#include <cohort/compiler.hpp>  // first: it says where the compiler is too old
//
#include <cohort/preset/as_in/registry.hpp>
#include <cohort/preset/make.hpp>
#include <cohort/preset/registry.hpp>
