#pragma once
#include <algorithm>
#include <cohort/compiler.hpp>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE {

/// The tokens that end a completion, each by itself: 7, {3, 7}, or {} for none. (-1 is no token.)
struct stop_tokens : std::vector<std::int32_t> {
  stop_tokens() = default;
  stop_tokens(std::int32_t one) : vector(1, one) {}
  stop_tokens(std::initializer_list<std::int32_t> all) : vector(all) {}
  stop_tokens(std::vector<std::int32_t> all) : vector(std::move(all)) {}

  bool contains(std::int32_t token) const { return std::find(begin(), end(), token) != end(); }
};

}  // namespace COHORT_NAMESPACE
