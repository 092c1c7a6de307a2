#pragma once
// Whether the compiler and its flags can be used. Every entry header includes it first, and where they cannot the
// compiler's first line says why; a file that there is not stops it there.
#if __cplusplus < 202002L && !(defined(_MSVC_LANG) && _MSVC_LANG >= 202002L)
#error "Cohort needs C++20: compile with -std=c++20 (in CMake, linking cohort::cohort does it)"
#include <cohort/cannot_go_on>
#elif defined(__clang__) && !defined(__apple_build_version__) && __clang_major__ < 17
#error "Cohort needs clang 17 or newer, or g++ 12 or newer; this is an older clang"
#include <cohort/cannot_go_on>
#elif defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 12
#error "Cohort needs g++ 12 or newer, or clang 17 or newer; this is an older g++"
#include <cohort/cannot_go_on>
#elif defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#error \
    "Cohort needs NaN and infinity, which -ffast-math and -ffinite-math-only give up: add -fno-finite-math-only behind"
#include <cohort/cannot_go_on>
#endif
