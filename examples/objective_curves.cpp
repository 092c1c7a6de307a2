// Draws each objective of steps over the ratio of the policy's probability to the old policy's: the loss, and its
// derivative with respect to logp, for an advantage of 1 and of -1.
//
//     objective_curves FOLDER      writes NAME.svg for each into the folder, which must exist; those that are there
//     already are replaced
//
// The pictures of docs/objectives.md are its output.
#include <cmath>
#include <cohort/objective/all.hpp>
#include <cohort/objective/text.hpp>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <tuple>
#include <vector>

using namespace cohort;

namespace {

constexpr double left = 40, top = 26, width = 230, height = 150, gap = 64, most_ratio = 2.5;
using exact = dual<real<double>, 1>;

struct curve {
  std::vector<double> ratio, y;
};

template <class O>
exact loss_at(O const& objective, double ratio, double advantage) {
  step_terms<exact> s;
  s.old_logp = s.sampler_logp = s.ref_logp = -1.5;
  s.logp = exact::variable(-1.5 + std::log(ratio), 0);
  s.advantage = advantage;
  return objective(s);
}

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", x == 0 ? 0. : x);
  return text;
}

/// One panel: two curves over the ratio, between the least and the largest of their numbers.
std::string panel(double x0, std::string const& title, curve const (&curves)[2]) {
  double low = 0, high = 0;
  for (auto const& c : curves)
    for (double y : c.y) low = std::min(low, y), high = std::max(high, y);
  double margin = .06 * (high - low) + 1e-9;
  low -= margin, high += margin;
  auto at_x = [&](double r) { return x0 + r / most_ratio * width; };
  auto at_y = [&](double y) { return top + (high - y) / (high - low) * height; };
  auto line = [&](char const* style, double a, double b, double c, double d) {
    return "<path class=\"" + std::string(style) + "\" d=\"M" + number(a) + "," + number(b) + "L" + number(c) + "," +
           number(d) + "\"/>\n";
  };
  auto text = [&](char const* anchor, double x, double y, std::string const& words) {
    return "<text text-anchor=\"" + std::string(anchor) + "\" x=\"" + number(x) + "\" y=\"" + number(y) + "\">" +
           words + "</text>\n";
  };
  std::string out = text("middle", x0 + width / 2, top - 10, title) + line("axis", x0, at_y(0), x0 + width, at_y(0)) +
                    line("grid", at_x(1), top, at_x(1), top + height);
  for (double r : {0., .5, 1., 1.5, 2., 2.5}) out += text("middle", at_x(r), top + height + 16, number(r));
  for (double y : {low + margin, high - margin})
    if (std::abs(y) > .1 * (high - low)) out += text("end", x0 - 5, at_y(y) + 4, number(y));
  out += text("end", x0 - 5, at_y(0) + 4, "0");
  for (int k : {0, 1}) {
    out += k ? "<path class=\"negative\" d=\"" : "<path class=\"positive\" d=\"";
    for (std::size_t i = 0; i < curves[k].y.size(); ++i)
      out += (i ? "L" : "M") + number(at_x(curves[k].ratio[i])) + "," + number(at_y(curves[k].y[i]));
    out += "\"/>\n";
  }
  return out;
}

/// An objective with numbers that show its shape between ratios of 0 and 2.5: its defaults, or others.
template <class O>
O shown(O o) {
  if constexpr (std::is_same_v<O, clipped_ratio>) o.epsilon_high = .28;
  if constexpr (std::is_same_v<O, dual_clip>) o.c = 2;
  if constexpr (std::is_same_v<O, two_sided_clip>) o.delta = 2;
  if constexpr (std::is_same_v<O, cispo>) o.low = .8, o.high = 1.28;
  if constexpr (std::is_same_v<O, dppo_tv> || std::is_same_v<O, prime_rl_loss>) o.low = .1, o.high = .1;
  if constexpr (std::is_same_v<O, kl_penalty<>>) o.weight = 1;
  return o;
}

template <class O>
bool draw(std::filesystem::path const& folder, O const& objective) {
  curve loss[2], slope[2];
  for (int k : {0, 1})
    for (int i = 2; i <= 125; ++i) {
      double ratio = most_ratio * i / 125;
      exact found = loss_at(objective, ratio, k ? -1 : 1);
      loss[k].ratio.push_back(ratio), loss[k].y.push_back(found.value.value);
      slope[k].ratio.push_back(ratio), slope[k].y.push_back(found.tangent[0].value);
    }
  std::ofstream file(folder / (std::string(O::notes.name) + ".svg"));
  file << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << number(2 * (left + width) + gap - left + 12)
       << " " << number(top + height + 40) << "\" role=\"img\" aria-label=\"" << text(objective) << "\">\n"
       << "<style>text{font:12px "
          "sans-serif;fill:#555}path{fill:none;stroke-linejoin:round}.axis{stroke:#888}.grid{stroke:#bbb;stroke-"
          "dasharray:3 3}"
       << ".positive{stroke:#1f6fb4;stroke-width:2.2}.negative{stroke:#c4501b;stroke-width:2.2;stroke-dasharray:7 "
          "3}</style>\n"
       << "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
       << panel(left, "loss (blue: A = 1, dashed: A = -1)", loss) << panel(left + width + gap, "d loss / d logp", slope)
       << "<text text-anchor=\"middle\" x=\"" << number(left + width + gap / 2) << "\" y=\""
       << number(top + height + 34) << "\">ratio</text>\n</svg>\n";
  return bool(file);
}

}  // namespace

int main(int count, char** given) {
  if (count != 2 || !std::filesystem::is_directory(given[1])) {
    std::cerr << "usage: objective_curves FOLDER" << (count == 2 ? std::string("\n") + given[1] + " is no folder" : "")
              << "\n";
    return 2;
  }
  std::filesystem::path folder = given[1];
  bool written = true;
  auto one = [&]<class O>(O const& objective) {
    if (terms_read_by(objective) & needs::logp) written = written && draw(folder, shown(objective));
  };
  std::apply([&](auto const&... o) { (one(o), ...); }, catalogue::step_objectives{});
  if (!written) std::cerr << "objective_curves: a file in " << given[1] << " cannot be written\n";
  return written ? 0 : 1;
}
