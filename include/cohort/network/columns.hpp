#pragma once
#include <cohort/network/layer.hpp>

// Layers without numbers that say what of their input goes on, and how it lies.

namespace COHORT_NAMESPACE {

/// Some columns of what comes in, such as a part of the observation that is not privileged: columns{0, 4} are the first
/// four.
struct columns {
  int first = 0, count = 1;

  static constexpr char const* kind = "columns";
  static void numbers(auto& self, auto const& f) { f("first", self.first), f("count", self.count); }
  layer_extents extents(layer_extents const& in) const {
    if (first < 0 || count < 1 || std::ptrdiff_t(first) + count > in.size)
      throw value_error("columns: first is " + std::to_string(first) + " and count " + std::to_string(count) +
                        ", expected columns of the " + std::to_string(in.size) + " that come in");
    return count;
  }
  int first_column() const { return first; }
};

/// The numbers that come in as an image, rows x columns x channels, as Gymnasium's boxes of these extents are laid out.
struct image {
  int rows = 1, columns = 1, channels = 1;

  static constexpr char const* kind = "image";
  static void numbers(auto& self, auto const& f) {
    f("rows", self.rows), f("columns", self.columns), f("channels", self.channels);
  }
  layer_extents extents(layer_extents const& in) const {
    for (int n : {rows, columns, channels}) detail::require(n > 0, "image", "an extent", n, "a positive number");
    layer_extents const given{rows, columns, channels};
    if (given.size != in.size)
      throw value_error(given.text() + " has " + std::to_string(given.size) + " numbers, expected the " +
                        std::to_string(in.size) + " that come in");
    return given;
  }
  int first_column() const { return 0; }
};

}  // namespace COHORT_NAMESPACE
