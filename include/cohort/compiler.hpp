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

// A program may have parts that are compiled for different processors. Of an inline function or a template the linker
// keeps one version, which must not be the one for more instructions than the processor has: so every name of Cohort's
// bears what is compiled for where that is more than the least. Exceptions alone do not, since one part throws what
// another catches.
#if defined(__CUDACC__) || !defined(__SSE4_1__)
#define COHORT_NAMESPACE cohort
#elif !defined(__AVX__)
#define COHORT_NAMESPACE cohort::inline for_sse4
#elif !defined(__AVX2__)
#define COHORT_NAMESPACE cohort::inline for_avx
#elif !defined(__AVX512F__)
#define COHORT_NAMESPACE cohort::inline for_avx2
#elif !defined(__AVX512BF16__)
#define COHORT_NAMESPACE cohort::inline for_avx512
#else
#define COHORT_NAMESPACE cohort::inline for_avx512_bf16
#endif
