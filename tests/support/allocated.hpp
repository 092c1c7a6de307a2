#pragma once
#include <cstddef>

/// The bytes that were allocated since the program began, whatever was freed; in a program with allocated.cpp.
std::size_t allocated();
