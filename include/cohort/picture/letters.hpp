#pragma once
#include <algorithm>
#include <array>
#include <cohort/picture/shape.hpp>
#include <cstddef>
#include <string_view>
#include <vector>

namespace COHORT_NAMESPACE::picture {

/// The letters from ' ' to '~' as strokes of a pen on a grid: of each corner two digits, to the right and up. Capitals
/// stand from 2 to 8, small letters reach 6.
inline constexpr std::array<std::string_view, 95> letter_strokes{
    "", "0804 02", "0806 1816", "1218 3238 0444 0646", "473818070615354443321203 2921", "0248 0818170708 3242433332",
    "4206071827260403122244", "0806", "19070311", "09171301", "0446 0644 2327", "0545 2327", "1201", "0535", "02",
    "0139",
    // 0 to 9
    "180703123243473818", "071812 0222", "07183847460242", "07183847463515 354443321203", "32380444",
    "480805354443321203", "38180703123243443505", "084812", "15060718384746351504031232434435", "45150607183847433212",
    // : to @
    "06 03", "16 1201", "370533", "0646 0444", "073503", "071828373614 12", "321203071838474434253545",
    // A to Z
    "022842 1434", "02083847463505 3544433202", "4738180703123243", "02082846442202", "42020848 0535", "020848 0535",
    "47381807031232434525", "0208 4248 0545", "0222 1218 0828", "3833221203", "0208 0448 1542", "080242", "0208254842",
    "02084248", "180703123243473818", "02083847463505", "180703123243473818 2442", "02083847463505 2542",
    "473818070615354443321203", "0848 2822", "080312324348", "082248", "0812263248", "0248 0842", "082548 2522",
    "08480242",
    // [ to `
    "19090111", "0931", "09191101", "062846", "0141", "0917",
    // a to z
    "06263532 341403122233", "0802 0516263533221203", "361605031232", "3832 3526160503122233", "043435261605031232",
    "281712 0626", "36312000 3526160503122233", "0802 0516263532", "0602 08", "161100 18", "0802 0426 1532", "080312",
    "0602 05162522 25364542", "0602 0516263532", "160503122233352616", "0600 0516263533221203", "3630 3526160503122233",
    "0602 051626", "361605332202", "181322 0626", "0603122233 3632", "062246", "0612253246", "0236 0632", "0622 461000",
    "06360232",
    // { to ~
    "29181605141221", "0901", "09181625141201", "05163445"};

struct lettering {
  std::vector<std::vector<point>> strokes{};
  double width = 0;  ///< of all letters
};
/// A line of text whose capitals are 1 high, from (0, 0) to the right, y upward; what is not ASCII as '?'.
inline lettering lettered(std::string_view text) {
  lettering all;
  for (char const c : text) {
    if ((c & 0xc0) == 0x80) continue;  // goes on with a letter in UTF-8
    auto const letter = letter_strokes[std::size_t(c < ' ' || c > '~' ? '?' - ' ' : c - ' ')];
    double right = letter.empty() ? 1 : 0;
    for (std::size_t i = 0; i < letter.size();) {
      all.strokes.emplace_back();
      for (; i < letter.size() && letter[i] != ' '; i += 2) {
        double const x = letter[i] - '0', y = letter[i + 1] - '0' - 2;
        right = std::max(right, x);
        all.strokes.back().push_back({all.width + x / 6, y / 6});
      }
      i += i < letter.size();
    }
    all.width += (right + 2) / 6;
  }
  return all;
}

}  // namespace COHORT_NAMESPACE::picture
