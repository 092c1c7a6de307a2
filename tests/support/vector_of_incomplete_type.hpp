// LibTorch before 2.1 has vectors of types that are not complete yet, in constructors that C++20 makes constexpr: clang
// then wants the type at once, g++ and C++17 do not (pytorch's pull request 93978). Included before everything else,
// this takes `constexpr` from libstdc++'s std::vector, which clang then reads as it does in C++17.
#include <string>
#pragma push_macro("_GLIBCXX20_CONSTEXPR")
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#define __fill_a1 fill_bits  // std::fill of vector<bool>, declared constexpr before: not to be had here
#include <vector>
#undef __fill_a1
#pragma pop_macro("_GLIBCXX20_CONSTEXPR")
