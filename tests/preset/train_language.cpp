#include <cohort/backend/eigen.hpp>
#include <cohort/language.hpp>

#include "../support/echo.hpp"
#include "train.hpp"

using namespace cohort;

namespace {

/// Its wrong answer says the next digit; odd tokens have the better score.
struct echo : support::echo {
  std::vector<std::int32_t> chosen(row const& r) const { return solution(r); }
  std::vector<std::int32_t> rejected(row const& r) const { return {(r.digit + 1) % 10, 10}; }
  double score(row const&, std::span<std::int32_t const> tokens, bool stopped) const {
    return tokens[0] % 2 + .25 * double(tokens.size()) + .125 * stopped;
  }
  std::vector<double> parts(row const&, std::span<std::int32_t const> tokens, bool stopped) const {
    return {double(tokens[0] % 2), double(stopped)};
  }
};

}  // namespace

TEST_CASE("presets: each one for language models makes an update") {
  eigen::basic_backend<double> cpu;
  decoder_options const shape{
      .vocabulary = 12, .hidden = 16, .intermediate = 32, .layers = 1, .heads = 2, .context = 16};
  preset::each([&](auto const& p) {
    if constexpr (!small::plays<decltype(p)>()) {
      auto check = [&](auto model) { small::check_update(cpu, p, echo{}, model, {.updates = 1, .seed = 2}); };
      language_options const how{.initial_std = .2};
      if constexpr (small::reads_value<decltype(p)>())
        check(language_model_with_value{cpu, shape, random_seed{1}, how});
      else check(language_model{cpu, shape, random_seed{1}, how});
    }
  });
}
