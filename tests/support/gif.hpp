#pragma once
#include <cohort/picture/pixels.hpp>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

/// A reader of animated GIFs, which shares nothing with the writer; tests/cohort/gif.cpp has it read Pillow's.
namespace gif_file {

struct frame {
  cohort::picture::pixels seen{};  ///< with what the frames before left
  int left = 0, top = 0, width = 0, height = 0, delay = 0;
};
struct film {
  int width = 0, height = 0;
  bool again = false;  ///< over and over
  std::vector<frame> frames{};
  int duration() const {
    int sum = 0;
    for (auto const& f : frames) sum += f.delay;
    return sum;
  }
};

class reader {
 public:
  explicit reader(std::string const& file) : file_(file) {
    if (bytes(6) != "GIF89a") throw std::runtime_error("no GIF89a");
    all_.width = two(), all_.height = two();
    int const flags = one();
    bytes(2);
    if (flags & 0x80) global_ = colors(flags);
    screen_ = {all_.width, all_.height, {}};
    screen_.colors.resize(std::size_t(all_.width * all_.height));
    for (int kind = one(); kind != 0x3b; kind = one())
      if (kind == 0x21) extension();
      else if (kind == 0x2c) image();
      else throw std::runtime_error("no block begins with " + std::to_string(kind));
    if (at_ != file_.size()) throw std::runtime_error("bytes after the end");
  }
  film const& read() const { return all_; }

 private:
  using table = std::vector<cohort::picture::rgb>;

  int one() { return std::uint8_t(file_.at(at_++)); }
  int two() {
    int const low = one();
    return low + 256 * one();
  }
  std::string bytes(std::size_t n) {
    if (at_ + n > file_.size()) throw std::runtime_error("the file is cut off");
    return file_.substr((at_ += n) - n, n);
  }
  std::string blocks() {
    std::string all;
    for (int n = one(); n != 0; n = one()) all += bytes(std::size_t(n));
    return all;
  }
  table colors(int flags) {
    table all(std::size_t(2) << (flags & 7));
    for (auto& color : all)
      for (auto& part : color) part = std::uint8_t(one());
    return all;
  }
  void extension() {
    int const label = one();
    auto const data = blocks();
    if (label == 0xf9) {
      transparent_ = data[0] & 1 ? std::uint8_t(data[3]) : -1;
      delay_ = std::uint8_t(data[1]) + 256 * std::uint8_t(data[2]);
      if ((data[0] >> 2 & 7) > 1) throw std::runtime_error("a picture that does not stay");
    }
    if (label == 0xff && data == std::string("NETSCAPE2.0\x01\0\0", 14)) all_.again = true;
  }
  void image() {
    frame f;
    f.left = two(), f.top = two(), f.width = two(), f.height = two(), f.delay = delay_;
    int const flags = one();
    auto const palette = flags & 0x80 ? colors(flags) : global_;
    int const bits = one();
    auto const numbers = decoded(blocks(), bits);
    if (numbers.size() != std::size_t(f.width * f.height)) throw std::runtime_error("a picture of another size");
    for (int y = 0; y < f.height; ++y)
      for (int x = 0; x < f.width; ++x) {
        int const number = numbers[std::size_t(y * f.width + x)];
        if (number != transparent_)
          screen_.colors.at(std::size_t((f.top + y) * all_.width + f.left + x)) = palette.at(std::size_t(number));
      }
    f.seen = screen_;
    all_.frames.push_back(f);
  }
  /// By a table of whole strings.
  static std::vector<int> decoded(std::string const& data, int bits) {
    std::vector<int> all;
    std::vector<std::vector<int>> strings;
    std::vector<int> before;
    int const clear = 1 << bits;
    int width = bits + 1;
    for (std::size_t bit = 0;;) {
      int code = 0;
      for (int b = 0; b < width; ++b, ++bit) code |= (std::uint8_t(data.at(bit / 8)) >> bit % 8 & 1) << b;
      if (code == clear) {
        strings.assign(std::size_t(clear) + 2, {});
        for (int i = 0; i < clear; ++i) strings[std::size_t(i)] = {i};
        before.clear(), width = bits + 1;
        continue;
      }
      if (code == clear + 1) return all;
      auto now = std::size_t(code) < strings.size() ? strings[std::size_t(code)] : before;
      if (std::size_t(code) == strings.size() && !before.empty()) now.push_back(before[0]);
      else if (std::size_t(code) >= strings.size()) throw std::runtime_error("a code of no string");
      if (!before.empty() && strings.size() < 4096) {
        before.push_back(now[0]);
        strings.push_back(before);
        if (strings.size() == std::size_t(1) << width && width < 12) ++width;
      }
      before = now;
      all.insert(all.end(), now.begin(), now.end());
    }
  }

  std::string const& file_;
  std::size_t at_ = 0;
  film all_{};
  table global_{};
  cohort::picture::pixels screen_{};
  int transparent_ = -1, delay_ = 0;
};

inline film read(std::string const& file) { return reader(file).read(); }

}  // namespace gif_file
