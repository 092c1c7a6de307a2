// A small Llama of random weights, as in bench/peers/cohort_llama.cpp: tokens generated, tokens passed forward and
// backward, and whole steps of GRPO.
#include <cohort/language.hpp>

#include "arrays.hpp"
#include "result.hpp"
#include "timing.hpp"

namespace device_bench {

namespace {

using namespace cohort;

struct sizes {
  decoder_options shape;
  int prompts, prompt, tokens;

  explicit sizes(request const& asked)
      : shape(asked.small ? decoder_options{.vocabulary = 64,
                                            .hidden = 16,
                                            .intermediate = 32,
                                            .layers = 1,
                                            .heads = 2,
                                            .context = 32}
                          : decoder_options{.vocabulary = 512,
                                            .hidden = 256,
                                            .intermediate = 1024,
                                            .layers = 4,
                                            .heads = 4,
                                            .context = 256}),
        prompts(asked.size(64, 4)),
        prompt(asked.size(16, 4)),
        tokens(asked.size(64, 4)) {}
  std::string text(char const* what) const {
    return std::to_string(prompts) + what + " of " + std::to_string(tokens) + " tokens, hidden " +
           std::to_string(shape.hidden);
  }
};

std::vector<std::int32_t> random_tokens(random_stream& draws, int count, int vocabulary) {
  std::vector<std::int32_t> tokens(std::size_t(count), 0);
  for (auto& token : tokens) token = std::int32_t(draws.integer(std::uint32_t(vocabulary)));
  return tokens;
}

/// A random prompt; the score is how near the completion comes to holding one token a number of times.
struct random_prompts {
  int length, vocabulary;
  using row = std::vector<std::int32_t>;
  row draw(random_stream& draws) const { return random_tokens(draws, length, vocabulary); }
  row prompt(row const& r) const { return r; }
  double score(row const&, std::span<std::int32_t const> tokens, bool) const {
    return -std::abs(20. - double(std::count(tokens.begin(), tokens.end(), 7)));
  }
  std::int32_t stop() const { return -1; }
};

}  // namespace

void generated_tokens(request const& asked) {
  sizes s(asked);
  device gpu;
  language_model model{gpu, s.shape, random_seed{1}};
  random_stream draws(stream_id{3, draw_purpose::user});
  std::vector<std::vector<std::int32_t>> prompts;
  for (int i = 0; i < s.prompts; ++i) prompts.push_back(random_tokens(draws, s.prompt, s.shape.vocabulary));
  generator<device> generate;
  std::size_t found = 0;
  double seconds = seconds_of(gpu, asked, [&] {
    found = 0;
    for (auto const& g : generate(gpu, model, prompts, {.max_tokens = s.tokens}, stream_id{1}))
      found += g.tokens.size();
  });
  require_near("the number of tokens", double(found), double(s.prompts) * s.tokens, 0);
  print(
      {"Llama, tokens generated", s.text(" completions"), double(s.prompts) * s.tokens / seconds / 1e3, "k tokens/s"});
}

/// In eight passes. The loss is the mean of -logp.
void trained_tokens(request const& asked) {
  sizes s(asked);
  device gpu;
  language_model model{gpu, s.shape, random_seed{1}};
  random_stream draws(stream_id{3, draw_purpose::user});
  int length = s.prompt + s.tokens, passes = asked.size(8, 2);
  std::vector<token_packing<device>> packings{std::size_t(passes)};
  for (int i = 0; i < s.prompts; ++i) {
    auto series = random_tokens(draws, length + 1, s.shape.vocabulary);
    auto& into = packings[std::size_t(i % passes)];
    into.prompt(s.shape, std::span<std::int32_t const>(series).first(1));
    into.completion(s.shape, std::span<std::int32_t const>(series).subspan(1));
  }
  for (auto& p : packings) p.finish(gpu, s.shape);
  std::ptrdiff_t M = std::ptrdiff_t(s.prompts) * length;
  array<float> slope = filled_array(gpu, M, -1. / double(M)), none = filled_array(gpu, M, 0);
  double seconds = seconds_of(gpu, asked, [&] {
    model.zero_gradient(gpu);
    for (auto& p : packings)
      model.accumulate_gradient(gpu, p, 1, [&](std::ptrdiff_t, auto const& now) {
        std::ptrdiff_t n = now.logp.rows;
        return head_results<float const>{slope.all().part(0, n), none.all().part(0, n), {}};
      });
  });
  double squares = 0;
  for (float g : downloaded(gpu, view<float const>(model.gradient()))) squares += double(g) * double(g);
  if (!(std::isfinite(squares) && squares > 0)) throw std::runtime_error("the gradient is zero or not finite");
  print({"Llama, tokens forward and backward",
         std::to_string(s.prompts) + " series of " + std::to_string(length) + " tokens, hidden " +
             std::to_string(s.shape.hidden),
         double(M) / seconds / 1e3, "k tokens/s"});
}

/// An eighth of the prompts with eight completions each, a reference, one epoch.
void grpo_steps(request const& asked) {
  sizes s(asked);
  device gpu;
  language_model model{gpu, s.shape, random_seed{1}};
  int group = asked.size(8, 2);
  auto grpo = algorithm{
      .rollout = completions{.prompts = s.prompts / group, .group = group, .max_tokens = s.tokens},
      .advantage = group_relative{},
      .objective = clipped_ratio{} + kl_penalty{.estimator = k3{}, .weight = .04},
      .aggregation = series_mean{},
      .update =
          update{
              .epochs = 1, .normalize = normalization::none, .optimizer = adam{.rate = 1e-6}, .max_gradient_norm = 1},
  };
  struct {
    std::vector<double> ends = {};
    void on_update(train_report const& r) { ends.push_back(r.seconds); }
  } times;
  train(gpu, grpo, random_prompts{s.prompt, s.shape.vocabulary}, model,
        {.steps = 1'000'000'000, .updates = asked.size(12, 3), .seed = 1}, times);
  std::vector<double> seconds;
  for (std::size_t i = 2; i < times.ends.size(); ++i) seconds.push_back(times.ends[i] - times.ends[i - 1]);
  print({"Llama, tokens of GRPO steps", s.text(" completions"), double(s.prompts) * s.tokens / median(seconds) / 1e3,
         "k tokens/s"});
}

}  // namespace device_bench
