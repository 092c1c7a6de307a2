#pragma once
#include <algorithm>
#include <cohort/language/model/generate.hpp>
#include <vector>

#include "lesson.hpp"

namespace addition {

/// The held-out sums, continued by greedy decoding.
template <class B>
class exam {
 public:
  explicit exam(lesson const& about) : lesson_(about), sums_(about.sums().held_out()) {
    for (sum const& s : sums_) prompts_.push_back(about.prompt(s));
  }

  /// The share of the sums whose answer is right.
  template <class Model>
  double operator()(B& backend, Model& model) {
    std::size_t right = 0;
    for (std::size_t first = 0; first < sums_.size(); first += at_once) {
      auto const last = std::min(first + at_once, sums_.size());
      std::vector<std::vector<std::int32_t>> const asked(prompts_.begin() + long(first), prompts_.begin() + long(last));
      auto const answers =
          generate_(backend, model, asked,
                    {.max_tokens = lesson_.max_tokens(), .stop = lesson_.stop(), .sampler = {.temperature = 0}},
                    cohort::stream_id{});
      for (std::size_t i = first; i < last; ++i) right += lesson_.is_right(sums_[i], answers[i - first].tokens);
    }
    return double(right) / double(sums_.size());
  }

 private:
  static constexpr std::size_t at_once = 250;
  lesson const& lesson_;
  std::vector<sum> sums_;
  std::vector<std::vector<std::int32_t>> prompts_;
  cohort::generator<B> generate_;
};

}  // namespace addition
