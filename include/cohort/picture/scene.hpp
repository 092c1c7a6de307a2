#pragma once
#include <algorithm>
#include <cohort/error.hpp>
#include <cohort/picture/shape.hpp>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <utility>

namespace COHORT_NAMESPACE::picture {

/// How the states of an environment are drawn: always the same shapes in the same order, elsewhere.
struct scene {
  window seen{};
  double rate = 30;                                             ///< steps a second
  std::function<shapes(moment const&, std::size_t at)> draw{};  ///< the moment at that place among all of them
};

/// Moments as a film, at most so many pictures: where there are more moments, every second, third ... is shown, at a
/// rate that is lower by as much; the last one always.
inline film filmed(std::string title, scene const& how, std::span<moment const> moments, std::size_t most = 501) {
  if (moments.empty()) throw value_error("filmed: there are no moments, expected one or more");
  detail::require(most > 1, "filmed", "the number of pictures", double(most), "2 or more");
  std::size_t const every = std::max<std::size_t>(1, (moments.size() + most - 3) / (most - 1));
  film made{.title = std::move(title), .seen = how.seen, .rate = how.rate / double(every)};
  bool const several = moments.back().episode > 1;
  for (std::size_t i = 0;; i = std::min(i + every, moments.size() - 1)) {
    auto const& m = moments[i];
    made.pictures.push_back(how.draw(m, i));
    made.captions.push_back((several ? "episode " + std::to_string(m.episode) + ", " : "") + "step " +
                            std::to_string(m.step) + ", return " + detail::text(m.total));
    if (i + 1 == moments.size()) return made;
  }
}

}  // namespace COHORT_NAMESPACE::picture
