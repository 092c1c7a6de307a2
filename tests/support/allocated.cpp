#include "allocated.hpp"

#include "allocations.hpp"

std::size_t allocated() { return bytes_allocated; }
