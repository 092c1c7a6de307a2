#pragma once
#include <cohort/backend/units.hpp>
#include <cohort/random/stream.hpp>
#include <cohort/scalar/real.hpp>
#include <cstddef>

namespace COHORT_NAMESPACE {

/// Which of a state's probes the lane goes on with: the first (as good as any, so on-policy), the one with the largest
/// reward, or one drawn by softmax(T z), z the reward's z-score over the state's probes (the author's fork of Hybrid
/// GRPO; both are off-policy).
enum class executed_probe { first, best, softmax };

namespace detail {

/// Which probe of a lane is executed: its step's index, and for each of the lane's copies the copy to go on from.
struct choose_probe {
  int G;
  std::ptrdiff_t first;
  executed_probe how;
  double sharpness;  ///< T of softmax(T z)
  stream_id draws_from;

  template <class R, class X, class L>
  constexpr void operator()(std::ptrdiff_t n, R reward, X executed, L from) const {
    int chosen = how == executed_probe::first ? 0 : largest(reward, std::uint32_t(n));
    executed.set(0, std::int32_t(first + n * G + chosen));
    for (int g = 0; g < G; ++g) from.set(g, std::int32_t(n * G + chosen));
  }

 private:
  /// The largest of the rewards, or of T z plus Gumbel noise, which is an exact draw. Ties go to the first.
  template <class R>
  constexpr int largest(R reward, std::uint32_t lane) const {
    using S = typename R::scalar;
    S scale = 1;
    if (how == executed_probe::softmax) {
      S mean = 0, squares = 0, unit = unit_of_row<S>(G, [&](int g) { return reward[g]; });
      auto x = [&](int g) { return unit * reward[g]; };
      for (int g = 0; g < G; ++g) mean += x(g) / G;
      for (int g = 0; g < G; ++g) squares += (x(g) - mean) * (x(g) - mean);
      scale = sharpness * unit / (sqrt(squares / (G > 1 ? G - 1 : 1)) + 1e-8 * unit);
    }
    random_stream draws(draws_from, lane);
    int chosen = 0;
    S most = 0;
    for (int g = 0; g < G; ++g) {
      S score = reward[g];
      if (how == executed_probe::softmax) score = scale * (score - reward[0]) - log(-log(S(open_unit(draws.word()))));
      if (g == 0 || (score > most).value) chosen = g, most = score;
    }
    return chosen;
  }
};

}  // namespace detail
}  // namespace COHORT_NAMESPACE
