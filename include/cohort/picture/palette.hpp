#pragma once
#include <algorithm>
#include <array>
#include <cohort/picture/pixels.hpp>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <unordered_map>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::picture {

/// At most so many colors that stand for those of some pixels: these themselves where they are no more; else, by median
/// cut (Heckbert 1982), the means of boxes of colors, which are told apart by 5 bits of each part.
class palette {
 public:
  palette(std::vector<rgb> const& used, std::size_t most) {
    std::unordered_map<std::uint32_t, bin> found;
    auto find = [&](int bits) {
      found.clear(), bits_ = bits;
      for (std::size_t i = 0; i < used.size() && (bits < 8 || found.size() <= most); ++i)
        found[key(used[i])].add(used[i]);
    };
    find(8);
    if (found.size() > most) find(5);
    std::vector<bin> bins;
    for (auto& [place, b] : found) b.key = place, bins.push_back(b);
    std::ranges::sort(bins, {}, &bin::key);  // the same colors whatever the order of a map
    std::vector<box> boxes{box(bins)};
    while (boxes.size() < most) {
      auto const next = std::ranges::max_element(boxes, {}, &box::weight);
      if (next->weight == 0) break;
      boxes.push_back(next->cut());
    }
    for (auto const& b : boxes) {
      for (auto const& inside : b.bins) index_[inside.key] = std::uint8_t(colors_.size());
      colors_.push_back(b.mean());
    }
  }
  std::vector<rgb> const& colors() const { return colors_; }
  /// Of one of the pixels' colors the place in colors().
  std::uint8_t index(rgb const& c) const { return index_.at(key(c)); }

 private:
  struct bin {
    std::uint32_t key = 0;
    double count = 0;
    std::array<double, 3> sum{};
    void add(rgb const& c) {
      ++count;
      for (std::size_t k = 0; k < 3; ++k) sum[k] += c[k];
    }
    double part(std::size_t k) const { return sum[k] / count; }
  };
  struct box {
    std::vector<bin> bins;
    std::size_t longest = 0;
    double weight = 0, count = 0;  ///< pixels times the longest side, pixels

    explicit box(std::vector<bin> all) : bins(std::move(all)) {
      double side = 0;
      for (auto const& b : bins) count += b.count;
      for (std::size_t k = 0; k < 3; ++k) {
        auto const [low, high] = std::ranges::minmax(bins, {}, [k](bin const& b) { return b.part(k); });
        if (high.part(k) - low.part(k) > side) side = high.part(k) - low.part(k), longest = k;
      }
      weight = side * count;
    }
    /// Keeps the lower half of the pixels along the longest side, and gives the upper one; neither is empty.
    box cut() {
      std::ranges::sort(bins, {}, [this](bin const& b) { return b.part(longest); });
      auto middle = bins.begin();
      for (double below = 0;
           middle + 1 != bins.end() && (middle == bins.begin() || below + middle->count <= count / 2);)
        below += middle++->count;
      box upper(std::vector<bin>(middle, bins.end()));
      bins.erase(middle, bins.end());
      *this = box(std::move(bins));
      return upper;
    }
    rgb mean() const {
      rgb color{};
      for (std::size_t k = 0; k < 3; ++k) {
        double sum = 0;
        for (auto const& b : bins) sum += b.sum[k];
        color[k] = std::uint8_t(sum / count + .5);
      }
      return color;
    }
  };
  std::uint32_t key(rgb const& c) const {
    std::uint32_t all = 0;
    for (auto const part : c) all = all << 8 | std::uint32_t(part >> (8 - bits_));
    return all;
  }

  int bits_ = 8;
  std::vector<rgb> colors_;
  std::unordered_map<std::uint32_t, std::uint8_t> index_;
};

}  // namespace COHORT_NAMESPACE::picture
