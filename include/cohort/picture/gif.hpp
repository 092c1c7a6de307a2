#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cohort/error.hpp>
#include <cohort/picture/palette.hpp>
#include <cohort/picture/pixels.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::picture {

/// Numbers below 2^bits compressed as GIF does (LZW of Welch 1984, with codes of up to 12 bits, the lowest bit first).
inline std::string lzw(std::vector<std::uint8_t> const& numbers, int bits) {
  std::string all;
  std::uint32_t pending = 0;
  int waiting = 0, width = bits + 1, clear = 1 << bits, next = 0;
  auto put = [&](int code) {
    pending |= std::uint32_t(code) << waiting;
    for (waiting += width; waiting >= 8; waiting -= 8, pending >>= 8) all += char(pending & 255);
  };
  // after[code][number]: the code of the string with one number more; 0, which is of a single number, where there is
  // none.
  std::vector<std::uint16_t> after(std::size_t(4096) << bits);
  auto restart = [&] {
    put(clear);
    std::ranges::fill(after, std::uint16_t(0));
    next = clear + 2, width = bits + 1;
  };
  restart();
  int code = -1;
  for (auto const number : numbers) {
    auto* const longer = code < 0 ? nullptr : &after[(std::size_t(code) << bits) + number];
    if (longer && *longer != 0) {
      code = *longer;
      continue;
    }
    if (longer) {
      put(code);
      if (next == 4096) {
        restart();
      } else {
        if (next == 1 << width) ++width;  // which a reader knows only after the next code
        *longer = std::uint16_t(next++);
      }
    }
    code = number;
  }
  if (code >= 0) put(code);
  if (next == 1 << width && width < 12) ++width;
  put(clear + 1);
  if (waiting > 0) all += char(pending & 255);
  return all;
}

/// Pictures as an animated GIF that plays over and over, its last picture a second longer than the others. Of each
/// picture what differs from the one before is written, with the colors of that: exactly where these are 255 at the
/// most, else by a palette. GIF knows hundredths of a second, and browsers no picture shorter than two: at a higher
/// rate than 50 every second, third ... is shown, at the same speed, and the last one always.
///
/// Source: Graphics Interchange Format, version 89a, CompuServe 1990.
class gif_film {
 public:
  gif_film(int width, int height, double rate) : width_(width), height_(height), rate_(rate) {
    for (int const side : {width, height})
      detail::require(side > 0 && side < 65536, "gif_film", "the side of a picture", side, "1 to 65535 pixels");
    detail::require(rate > 0 && std::isfinite(rate), "gif_film", "the rate", rate, "a finite number > 0");
    every_ = std::int64_t(std::ceil(rate / 50 - 1e-9));
    text_ = "GIF89a";
    put16(width), put16(height);
    text_ += std::string(
        "\x70\0\0"
        "\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0",
        22);  // over and over
  }

  /// Raises shape_error for a picture of another size.
  void add(pixels const& picture) {
    if (picture.width != width_ || picture.height != height_)
      throw shape_error("gif_film: picture " + std::to_string(count_) + " has " +
                        size_of(picture.width, picture.height) + " pixels, expected " + size_of(width_, height_) +
                        ", as the first has");
    bool const shown = count_++ % every_ == 0;
    if (shown) show(picture, count_ - 1);
    last_ = shown ? pixels() : picture;
  }
  /// The file, after the last picture.
  std::string finish() {
    if (count_ == 0) throw value_error("gif_film: there are no pictures, expected one or more");
    if (last_.width > 0) show(last_, count_ - 1);
    end_delay(time_of(count_) + 100);
    return std::exchange(text_, {}) + ";";
  }
  std::size_t pictures() const { return std::size_t(count_); }

 private:
  static std::string size_of(int w, int h) { return std::to_string(w) + " x " + std::to_string(h); }
  void put16(int x) { text_ += {char(x & 255), char(x >> 8)}; }
  /// Hundredths of a second, rounded there and not at each step, so that the film is as long as it is.
  std::int64_t time_of(std::int64_t picture) const { return std::llround(100 * double(picture) / rate_); }
  /// How long a picture is seen is known when the next one is.
  void end_delay(std::int64_t now) {
    if (delay_at_ == 0) return;
    auto const delay = std::min<std::int64_t>(now - begun_, 65535);
    text_[delay_at_] = char(delay & 255), text_[delay_at_ + 1] = char(delay >> 8);
  }

  void show(pixels const& now, std::int64_t picture) {
    bool const first = before_.width == 0;
    auto differs = [&](int x, int y) { return first || now.at(x, y) != before_.at(x, y); };
    int left = width_, right = -1, top = height_, bottom = -1;
    std::vector<rgb> changed;
    for (int y = 0; y < height_; ++y)
      for (int x = 0; x < width_; ++x)
        if (differs(x, y)) {
          left = std::min(left, x), right = std::max(right, x), top = std::min(top, y), bottom = y;
          changed.push_back(now.at(x, y));
        }
    if (changed.empty()) return;  // the picture before stays
    end_delay(time_of(picture));
    begun_ = time_of(picture);
    palette const colors(changed, 255);
    auto const unchanged = std::uint8_t(colors.colors().size());  // is seen through
    int const bits = std::max(2, int(std::bit_width(unsigned(unchanged))));
    text_ += std::string("\x21\xf9\x04\x05\0\0", 6);
    delay_at_ = text_.size() - 2;
    text_ += char(unchanged);
    text_ += std::string("\0,", 2);
    put16(left), put16(top), put16(right - left + 1), put16(bottom - top + 1);
    text_ += char(0x80 | (bits - 1));
    for (auto const& color : colors.colors()) text_.append(color.begin(), color.end());
    text_.resize(text_.size() + 3 * ((std::size_t(1) << bits) - unchanged));
    std::vector<std::uint8_t> numbers;
    for (int y = top; y <= bottom; ++y)
      for (int x = left; x <= right; ++x) numbers.push_back(differs(x, y) ? colors.index(now.at(x, y)) : unchanged);
    text_ += char(bits);
    auto const bytes = lzw(numbers, bits);
    for (std::size_t i = 0; i < bytes.size(); i += 255) {
      auto const block = std::string_view(bytes).substr(i, 255);
      text_ += char(block.size());
      text_ += block;
    }
    text_ += '\0';
    before_ = now;
  }

  int width_, height_;
  double rate_;
  std::string text_{};
  pixels before_{}, last_{};  ///< what is seen; the last picture, where it is not shown yet
  std::int64_t every_ = 1, count_ = 0, begun_ = 0;
  std::size_t delay_at_ = 0;
};

}  // namespace COHORT_NAMESPACE::picture
