// Catch2 2 compiles its runner here, once for all test programs; Catch2 3 brings it as a library.
#define CATCH_CONFIG_MAIN
#include "catch.hpp"
