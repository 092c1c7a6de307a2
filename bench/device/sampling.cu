// Draws with their log-probabilities: from few actions, from Gaussians, and of tokens from a large vocabulary.
#include <cohort/language.hpp>

#include "copy_rate.hpp"
#include "result.hpp"

namespace device_bench {

namespace {

using namespace cohort;

double log_softmax(std::vector<float> const& logits, std::size_t first, std::size_t count, std::int32_t chosen) {
  if (chosen < 0 || std::size_t(chosen) >= count)
    throw std::runtime_error("a draw is " + std::to_string(chosen) + ", expected 0 to " + std::to_string(count - 1));
  double largest = logits[first], total = 0;
  for (std::size_t i = first; i < first + count; ++i) largest = std::max(largest, double(logits[i]));
  for (std::size_t i = first; i < first + count; ++i) total += std::exp(double(logits[i]) - largest);
  return double(logits[first + std::size_t(chosen)]) - largest - std::log(total);
}

/// Of some rows, computed again from what was drawn.
void require_logp(device& gpu, view<float const> logits, view<std::int32_t const> drawn, view<float const> logp,
                  std::ptrdiff_t rows) {
  auto l = downloaded(gpu, some_of(logits, rows)), found = downloaded(gpu, some_of(logp, rows));
  auto chosen = downloaded(gpu, some_of(drawn, rows));
  auto width = std::size_t(logits.columns);
  for (std::size_t r = 0; r < std::size_t(rows); ++r)
    require_near("a log-probability", found[r], log_softmax(l, r * width, width, chosen[r]), 1e-5);
}

void categorical_samples(device& gpu, request const& asked, double ruler) {
  constexpr int A = 4;
  std::ptrdiff_t R = asked.size(1 << 22, 5 * 256);
  array<float> logits = random_array(gpu, R * A, 1), logp = filled_array(gpu, R, 0);
  array<std::int32_t> action;
  gpu.resize(action, R);
  std::uint32_t t = 0;
  double seconds = seconds_of(gpu, asked, [&] {
    categorical{A}.sample(gpu, stream_id{1, draw_purpose::action, t++}, view<float const>(logits.matrix(R, A)), {}, 1,
                          action.all(), logp.all());
  });
  require_logp(gpu, logits.matrix(R, A), action.all(), logp.all(), 1000);
  print({"categorical samples with logp", with_commas(R) + " rows of 4", double(R) / seconds / 1e9, "G samples/s",
         double(R) * (4 * A + 8) / seconds / ruler, "copy"});
}

void gaussian_samples(device& gpu, request const& asked, double ruler) {
  constexpr int D = 4;
  std::ptrdiff_t R = asked.size(1 << 22, 5 * 256);
  array<float> mean = random_array(gpu, R * D, 1), action = filled_array(gpu, R * D, 0), logp = filled_array(gpu, R, 0),
               log_std = filled_array(gpu, D, -.5);
  std::uint32_t t = 0;
  double seconds = seconds_of(gpu, asked, [&] {
    diagonal_gaussian<float>{D}.sample(gpu, stream_id{1, draw_purpose::action, t++}, mean.matrix(R, D), log_std.all(),
                                       1, action.matrix(R, D), logp.all());
  });
  auto m = downloaded(gpu, some_of(mean.matrix(R, D), 1000)), a = downloaded(gpu, some_of(action.matrix(R, D), 1000)),
       found = downloaded(gpu, some_of(logp.all(), 1000));
  for (std::size_t r = 0; r < found.size(); ++r) {
    double expected = 0;
    for (std::size_t d = r * D; d < (r + 1) * D; ++d) {
      double z = (double(a[d]) - double(m[d])) / std::exp(-.5);
      expected += -.5 * z * z + .5 - .5 * std::log(2 * std::numbers::pi);
    }
    require_near("a log-probability", found[r], expected, 1e-4);
  }
  print({"Gaussian samples with logp", with_commas(R) + " rows of 4", double(R) / seconds / 1e9, "G samples/s",
         double(R) * (8 * D + 4) / seconds / ruler, "copy"});
}

/// A draw overwrites its logits, so they are copied before each; the copies are measured by themselves and taken off.
void token_samples(device& gpu, request const& asked, double ruler) {
  std::ptrdiff_t R = asked.size(256, 16), V = asked.size(49'152, 768);
  array<float> source = random_array(gpu, R * V, 1), logits = filled_array(gpu, R * V, 0),
               numbers = filled_array(gpu, 2 * R, 0);
  std::vector<std::int32_t> numbered;
  for (std::ptrdiff_t r = 0; r < R; ++r) numbered.push_back(std::int32_t(r));
  array<std::int32_t> lane, token;
  gpu.assign(lane, std::span<std::int32_t const>(numbered));
  gpu.resize(token, R);
  view<float> logp = numbers.all().part(0, R), sampler_logp = numbers.all().part(R, R);
  auto copy = [&] { gpu.map(outputs{logits.all()}, detail::same{}, view<float const>(source.all())); };
  std::uint32_t t = 0;
  double copying = seconds_of(gpu, asked, copy),
         both = seconds_of(gpu, asked, [&] {
           copy();
           draw_tokens(gpu, token_sampler{}, stream_id{1}, t++, logits.matrix(R, V),
                       view<std::int32_t const>(lane.all()), token.all(), logp, sampler_logp);
         });
  require_logp(gpu, source.matrix(R, V), token.all(), logp, 4);
  double seconds = std::max(both - copying, .01 * both);
  print({"tokens with logp", with_commas(R) + " of " + with_commas(V), double(R) / seconds / 1e6, "M tokens/s",
         double(R) * double(4 * V + 12) / seconds / ruler, "copy"});
}

}  // namespace

void samples(request const& asked) {
  device gpu;
  double ruler = measure_copies(gpu, asked).best();
  categorical_samples(gpu, asked, ruler);
  gaussian_samples(gpu, asked, ruler);
  token_samples(gpu, asked, ruler);
}

}  // namespace device_bench
