#pragma once
#include <algorithm>
#include <cmath>
#include <cohort/compare/text.hpp>
#include <cohort/error.hpp>
#include <cohort/picture/shape.hpp>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

namespace COHORT_NAMESPACE::picture {

/// A film as an SVG that any browser plays, over and over, light or dark as the page is. It refers to nothing else, and
/// what never moves is written once.
class svg_film {
 public:
  /// Raises value_error where the pictures are not of the same shapes, or a place is not finite.
  explicit svg_film(film const& f, double pixels = 600) : film_(f), scale_(pixels / f.seen.width()), width_(pixels) {
    check();
    height_ = std::round(scale_ * f.seen.height());
    std::string const size = px(width_) + "\" height=\"" + px(height_ + strip);
    text_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"" + size + "\" viewBox=\"0 0 " +
            px(width_) + " " + px(height_ + strip) + "\">\n<title>" + comparing::escape_html(f.title) + "</title>\n" +
            style() + "<rect class=\"paper\" width=\"" + size + "\"/>\n";
    captions();
    text_ += "<svg width=\"" + px(width_) + "\" height=\"" + px(height_) + "\">\n";
    for (std::size_t k = 0; k < f.pictures[0].size(); ++k) shape_of(k);
    text_ += "</svg>\n</svg>\n";
  }
  std::string const& text() const { return text_; }

 private:
  static constexpr double strip = 36;  ///< with the caption, below the picture
  static std::string style() {
    std::string light, dark;
    for (auto const& i : inks) {
      light += std::string(".") + i.name + "{color:" + hex(i.light) + "}";
      dark += std::string(".") + i.name + "{color:" + hex(i.dark) + "}";
    }
    return "<style>\n"
           ".paper{fill:#fff}text{fill:currentColor;color:#333;font:15px system-ui,sans-serif;text-anchor:middle}"
           ".left,.left text{text-anchor:start}\n"
           ".line{fill:none;stroke:currentColor;stroke-linecap:round;stroke-linejoin:round}"
           ".area,.disc{fill:currentColor}\n" +
           light + "\n@media(prefers-color-scheme:dark){.paper{fill:#16181c}text{color:#ddd}" + dark + "}\n</style>\n";
  }
  static std::string hex(std::uint32_t color) {
    std::string digits = "#";
    for (int shift = 20; shift >= 0; shift -= 4) digits += "0123456789abcdef"[color >> shift & 15];
    return digits;
  }

  /// A tenth of a pixel.
  static std::string px(double x) {
    auto text = comparing::fixed(x, 1);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
  }
  std::string x(point p) const { return px(scale_ * (p.x - film_.seen.left)); }
  std::string y(point p) const { return px(scale_ * (film_.seen.top - p.y)); }

  void check() const {
    auto const& all = film_.pictures;
    if (all.empty() || all.size() != film_.captions.size())
      throw value_error("svg_film: there are " + std::to_string(all.size()) + " pictures and " +
                        std::to_string(film_.captions.size()) + " captions, expected as many, one or more");
    auto alike = [](shape const& a, shape const& b) {
      return a.what == b.what && a.color == b.color && a.text == b.text &&
             (a.size == b.size || a.what == shape::kind::disc);
    };
    for (std::size_t i = 0; i < all.size(); ++i) {
      std::string const where = "svg_film: picture " + std::to_string(i);
      if (!std::ranges::equal(all[i], all[0], alike)) throw value_error(where + " is not of the shapes of the first");
      if (!std::ranges::all_of(all[i], is_finite))
        throw value_error(where + " has a shape at a place that is not finite");
    }
  }

  using attributes = std::vector<std::pair<char const*, std::string>>;
  attributes places(shape const& s) const {
    if (s.what == shape::kind::disc)
      return {{"cx", x(s.points[0])}, {"cy", y(s.points[0])}, {"r", px(scale_ * s.size)}};
    if (s.what == shape::kind::words) return {{"x", x(s.points[0])}, {"y", y(s.points[0])}};
    std::string all;
    for (auto const& p : s.points) all += (all.empty() ? "" : " ") + x(p) + "," + y(p);
    return {{"points", all}};
  }

  void shape_of(std::size_t k) {
    static constexpr char const* tags[] = {"polyline", "polygon", "circle", "text"};
    static constexpr char const* kinds[] = {"line", "area", "disc", "words"};
    auto const& s = film_.pictures[0][k];
    std::string const tag = tags[int(s.what)];
    text_ += "<" + tag + " class=\"" + kinds[int(s.what)] + " " + inks[std::size_t(s.color)].name + "\"";
    if (s.what == shape::kind::line) text_ += " stroke-width=\"" + px(std::max(1.5, scale_ * s.size)) + "\"";
    if (s.what == shape::kind::words) text_ += " style=\"font-size:" + px(scale_ * s.size) + "px\"";
    auto const first = places(s);
    std::vector<std::string> values(first.size());
    std::vector<bool> moves(first.size());
    for (std::size_t i = 0; i < film_.pictures.size(); ++i) {
      auto const now = places(film_.pictures[i][k]);
      for (std::size_t a = 0; a < first.size(); ++a) {
        values[a] += (i == 0 ? "" : ";") + now[a].second;
        if (now[a].second != first[a].second) moves[a] = true;
      }
    }
    for (auto const& [name, value] : first) text_ += std::string(" ") + name + "=\"" + value + "\"";
    text_ += ">" + comparing::escape_html(s.text);
    for (std::size_t a = 0; a < first.size(); ++a)
      if (moves[a])
        text_ +=
            std::string("\n<animate attributeName=\"") + first[a].first + "\" begin=\"film.begin\"" + along(values[a]);
    text_ += "</" + tag + ">\n";
  }

  /// All captions one below the other, of which one is seen; their move is the clock of all others.
  void captions() {
    std::string all, values;
    for (std::size_t i = 0; i < film_.captions.size(); ++i) {
      values += (i == 0 ? "0 0" : ";0 -" + px(strip * double(i)));
      all +=
          "<text y=\"" + px(strip * double(i) + 23) + "\">" + comparing::escape_html(film_.captions[i]) + "</text>\n";
    }
    text_ += "<text class=\"left\" x=\"12\" y=\"" + px(height_ + 23) + "\">" + comparing::escape_html(film_.title) +
             "</text>\n<svg x=\"" + px(width_ / 2) + "\" y=\"" + px(height_) + "\" width=\"" + px(width_ / 2) +
             "\" height=\"" + px(strip) + "\"><g class=\"left\">\n";
    if (film_.captions.size() > 1)
      text_ += "<animateTransform id=\"film\" attributeName=\"transform\" type=\"translate\" begin=\"0s;film.end+1s\"" +
               along(values) + "\n";
    text_ += all + "</g></svg>\n";
  }

  std::string along(std::string const& values) const {
    return " dur=\"" + comparing::shortest(double(film_.pictures.size()) / film_.rate) +
           "s\" calcMode=\"discrete\" fill=\"freeze\" values=\"" + values + "\"/>";
  }

  film const& film_;
  double scale_, width_, height_ = 0;
  std::string text_;
};

inline std::string svg(film const& f, double pixels = 600) { return svg_film(f, pixels).text(); }

}  // namespace COHORT_NAMESPACE::picture
