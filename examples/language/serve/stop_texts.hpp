#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace serve {

/// Ends a text where one of some texts begins in it. What could become one of them is held back.
class stop_texts {
 public:
  explicit stop_texts(std::vector<std::string> stops) : stops_(std::move(stops)) {}

  /// What is certain after this piece, behind what was returned before.
  std::string push(std::string_view piece) {
    if (found_) return {};
    held_ += piece;
    std::size_t cut = std::string::npos, keep = 0;
    for (auto const& s : stops_) cut = std::min(cut, held_.find(s));
    if (cut != std::string::npos) {
      found_ = true;
      held_.resize(cut);
      return std::exchange(held_, {});
    }
    for (auto const& s : stops_)
      for (std::size_t n = std::min(s.size(), held_.size()); n > keep; --n)
        if (held_.ends_with(std::string_view(s).substr(0, n))) keep = n;
    std::string const out = held_.substr(0, held_.size() - keep);
    held_.erase(0, out.size());
    return out;
  }
  std::string finish() { return std::exchange(held_, {}); }
  bool found() const { return found_; }

 private:
  std::vector<std::string> stops_;
  std::string held_;
  bool found_ = false;
};

}  // namespace serve
