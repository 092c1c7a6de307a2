#pragma once
#include <cctype>
#include <charconv>
#include <cohort/network/described_layers.hpp>
#include <optional>
#include <string_view>
#include <system_error>

// Layers from their text, which is that of C++: "gru{64}, residual{dense{64, relu}}, dense{.units = 64}".
namespace COHORT_NAMESPACE::detail {

/// A layer with the numbers that it has where none are given, or none of this library's.
inline std::optional<layer_description> layer_named(std::string_view kind) {
  std::optional<layer_description> found;
  auto one = [&]<class L>(L const& layer) {
    if (kind == L::kind) found = description_of(layer);
  };
  std::apply([&](auto const&... l) { (one(l), ...); }, catalogue::layers{});
  if (kind == residual<>::kind || kind == side_by_side<>::kind || kind == "network") found = {std::string(kind)};
  return found;
}
inline std::vector<std::string> layer_names() {
  auto all = names_of(catalogue::layers{}, []<class L>(L const&) { return std::string(L::kind); });
  for (char const* made_of_others : {residual<>::kind, side_by_side<>::kind, "network"}) all.push_back(made_of_others);
  return all;
}

class layer_reader {
 public:
  explicit layer_reader(std::string_view text) : text_(text) {}

  /// Raises value_error for what is no list of layers, with the place.
  std::vector<layer_description> all() {
    auto const layers = list("the end");
    if (at_ < text_.size()) refuse("a comma or the end");
    return layers;
  }

 private:
  std::vector<layer_description> list(std::string const& end) {
    std::vector<layer_description> layers;
    if (!next_is_word()) return layers;
    do add(layers, layer(word("a layer or " + end)));
    while (take(','));
    return layers;
  }
  /// network{...} stands for the layers in it.
  static void add(std::vector<layer_description>& to, layer_description one) {
    if (one.kind != "network") return to.push_back(std::move(one));
    for (auto const& side : one.inside) to.insert(to.end(), side.begin(), side.end());
  }
  layer_description layer(std::string const& kind) {
    auto found = layer_named(kind);
    if (!found) throw unknown_name("the layers \"" + std::string(text_) + '"', "layer", kind, layer_names());
    if (!take('{')) return *found;
    if (found->numbers.empty()) inside(*found);
    else numbers(*found);
    if (!take('}')) refuse("a comma or }");
    return *found;
  }
  void inside(layer_description& of) {
    auto const first = at_;
    if (of.kind != side_by_side<>::kind) of.inside.push_back(list("}"));
    else if (next_is_word()) do {
        of.inside.emplace_back();
        add(of.inside.back(), layer(word("a network")));
      } while (take(','));
    if (of.inside.empty() || of.inside[0].empty()) at_ = first, refuse("layers");
  }
  void numbers(layer_description& of) {
    for (std::size_t i = 0; !next_is('}'); ++i) {
      auto place = of.numbers.begin() + std::ptrdiff_t(std::min(i, of.numbers.size()));
      bool const dot = next_is('.') && !(at_ + 1 < text_.size() && is_digit(text_[at_ + 1])) && take('.');
      auto const before = at_;
      if (next_is_word()) {
        std::string const name = word("");
        if (take('=')) place = number_named(of, name);
        else if (dot) refuse("=");
        else at_ = before;
      }
      if (place == of.numbers.end())
        refuse("} after the " + std::to_string(of.numbers.size()) + " numbers of " + of.kind);
      place->second = value();
      if (!take(',')) return;
    }
  }
  decltype(layer_description::numbers)::iterator number_named(layer_description& of, std::string const& name) const {
    std::vector<std::string> known;
    for (auto it = of.numbers.begin(); it != of.numbers.end(); ++it)
      if (known.push_back(it->first); it->first == name) return it;
    throw unknown_name("the layers \"" + std::string(text_) + '"', "number of " + of.kind, name, known);
  }
  setting_value value() {
    if (next_is_word()) {
      std::string given = word("");
      while (take(':')) given = next_is(':') ? given : word("a word");  // activation::relu
      if (given == "true" || given == "false") return given == "true";
      return given;
    }
    double x = 0;
    skip_space();
    auto const [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), x);
    if (error != std::errc()) refuse("a number or a word");
    at_ = std::size_t(end - text_.data());
    return x;
  }

  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool next_is(char c) { return skip_space(), at_ < text_.size() && text_[at_] == c; }
  bool next_is_word() { return skip_space(), at_ < text_.size() && is_of_word(text_[at_]) && !is_digit(text_[at_]); }
  bool take(char c) { return next_is(c) && ++at_; }
  static bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)); }
  static bool is_of_word(char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)); }
  std::string word(std::string const& expected) {
    if (!next_is_word()) refuse(expected);
    auto const first = at_;
    while (at_ < text_.size() && is_of_word(text_[at_])) ++at_;
    return std::string(text_.substr(first, at_ - first));
  }
  [[noreturn]] void refuse(std::string const& expected) {
    skip_space();
    std::string const here = at_ < text_.size() ? "before \"" + std::string(text_.substr(at_)) + '"' : "at the end";
    throw value_error("the layers \"" + std::string(text_) + "\": expected " + expected + ' ' + here);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace COHORT_NAMESPACE::detail
