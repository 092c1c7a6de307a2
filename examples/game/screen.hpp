#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>

#include "../program/exit_status.hpp"

namespace game {

/// The field in a terminal, drawn over itself by ANSI escapes. While it lives, the cursor is hidden.
class screen {
  static constexpr int width = 48, height = 16;

 public:
  explicit screen(bool shown) : shown_(shown) {
    if (shown_) program::print("\033[?25l\033[2J");
  }
  screen(screen const&) = delete;
  ~screen() {
    if (shown_) std::fputs("\033[?25h", stdout), std::fflush(stdout);
  }

  /// An observation of catch_ball, with a line of text below.
  void draw(std::span<double const> seen, double reach, std::string const& text) const {
    if (!shown_) return;
    std::string field(std::size_t(width * height), ' ');
    auto column = [](double x) { return std::min(width - 1, std::max(0, int(x * width))); };
    double const paddle = (seen[3] + 1) / 2;
    for (int k = column(paddle - reach); k <= column(paddle + reach); ++k) field[(height - 1) * width + k] = '=';
    field[std::min(height - 1, int(seen[1] * (height - 1))) * width + column((seen[0] + 1) / 2)] = 'o';
    std::string all = "\033[H";
    for (int row = 0; row < height; ++row) all += "|" + field.substr(row * width, width) + "|\n";
    program::print(all + text + "\033[K\n");
  }

 private:
  bool shown_;
};

}  // namespace game
