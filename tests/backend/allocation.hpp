#pragma once
#include <cstddef>

/// How often this program has called operator new; see allocation.cpp.
long allocations();

/// A larger request throws bad_alloc.
inline constexpr std::size_t largest_allocation = std::size_t(1) << 36;
