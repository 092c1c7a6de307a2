#include <cohort/backend/eigen.hpp>
#include <cohort/cohort.hpp>

#include "../catch.hpp"
#include "train.hpp"

using namespace cohort;

namespace {

/// Say the prompt's digit again, then stop (token 10); the wrong answer says the next digit.
struct echo {
  struct row {
    int digit;
  };
  row draw(random_stream& draws) const { return {int(draws.integer(10))}; }
  std::vector<std::int32_t> prompt(row const& r) const { return {11, r.digit}; }
  std::vector<std::int32_t> solution(row const& r) const { return {r.digit, 10}; }
  std::vector<std::int32_t> chosen(row const& r) const { return solution(r); }
  std::vector<std::int32_t> rejected(row const& r) const { return {(r.digit + 1) % 10, 10}; }
  double score(row const&, std::span<std::int32_t const> tokens, bool stopped) const { return tokens[0] % 2 + .25 * double(tokens.size()) + .125 * stopped; }
  std::vector<double> parts(row const&, std::span<std::int32_t const> tokens, bool stopped) const { return {double(tokens[0] % 2), double(stopped)}; }
  std::int32_t stop() const { return 10; }
};

}  // namespace

TEST_CASE("presets: each one for language models makes an update") {
  eigen::basic_backend<double> cpu;
  decoder_options const shape{.vocabulary = 12, .hidden = 16, .intermediate = 32, .layers = 1, .heads = 2, .context = 16};
  preset::each([&](auto const& p) {
    if constexpr (!small::plays<decltype(p)>()) {
      INFO(p.from.name);
      language_model model{cpu, shape, seed{1}, {.initial_std = .2}};
      std::vector<double> before(model.parameters().data, model.parameters().data + model.parameters().rows);
      auto report = train(cpu, small::shrink(p()), echo{}, model, {.updates = 1, .seed = 2});
      CHECK(report.updates == 1);
      CHECK(std::isfinite(report.metrics.loss));
      CHECK(report.metrics.gradient_norm > 0);
      std::vector<double> after(model.parameters().data, model.parameters().data + model.parameters().rows);
      CHECK(before != after);
      CHECK(std::all_of(after.begin(), after.end(), [](double x) { return std::isfinite(x); }));
    }
  });
}
