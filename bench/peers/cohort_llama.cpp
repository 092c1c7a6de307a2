// Cohort's side of language.py: for each name among the arguments after the number of repeats a line of JSON with the
// median of that many runs.
//
//     cohort_llama 5 generate train grpo    a Llama of random weights: hidden 256, 4 layers, 4 heads, vocabulary 512,
//     tied cohort_llama 5 head                   the loss on a vocabulary of 49,152 with its gradient, from hidden
//     states of 576
#include <cohort/backend/eigen.hpp>
#include <iterator>

#include <chrono>
#include <cohort/language.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>

namespace {

using namespace cohort;
using clock_type = std::chrono::steady_clock;

constexpr decoder_options shape{
    .vocabulary = 512, .hidden = 256, .intermediate = 1024, .layers = 4, .heads = 4, .context = 256};

/// A line of /proc/self/status, in MiB.
double mebibytes(char const* name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name)) return std::stod(line.substr(std::strlen(name) + 1)) / 1024;
  return 0;
}
double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}
double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

/// Wall and processor time from its making on.
struct stopwatch {
  clock_type::time_point start = clock_type::now();
  std::clock_t used = std::clock();
  double cores() const { return double(std::clock() - used) / CLOCKS_PER_SEC / seconds_since(start); }
};

void report(char const* what, double tokens, std::vector<double> const& seconds, double cores,
            std::string const& more = "") {
  std::printf(
      "{\"what\": \"%s\", \"tokens\": %.0f, \"seconds\": %.4f, \"tokens_per_second\": %.0f, \"cores\": %.2f, "
      "\"peak_mib\": %.0f%s}\n",
      what, tokens, median(seconds), tokens / median(seconds), cores, mebibytes("VmHWM"), more.c_str());
  std::fflush(stdout);
}
/// Of `repeats` calls after one that is not counted.
void measure(char const* what, double tokens, int repeats, auto f) {
  f();
  std::vector<double> seconds;
  stopwatch all;
  for (int i = 0; i < repeats; ++i) {
    auto const start = clock_type::now();
    f();
    seconds.push_back(seconds_since(start));
  }
  report(what, tokens, seconds, all.cores());
}

/// 16 random tokens; the score is how near the completion's length comes to 20, as in the peers' runs.
struct random_prompts {
  using row = std::vector<std::int32_t>;
  row draw(random_stream& draws) const {
    row r(16);
    for (auto& token : r) token = std::int32_t(draws.integer(512));
    return r;
  }
  row prompt(row const& r) const { return r; }
  double score(row const&, std::span<std::int32_t const> tokens, bool) const {
    return -std::abs(20. - std::count(tokens.begin(), tokens.end(), 7));
  }
  std::int32_t stop() const { return -1; }
};

void generate_tokens(int repeats) {
  eigen::backend cpu;
  language_model model{cpu, shape, random_seed{1}};
  random_stream draws(stream_id{3, draw_purpose::user});
  std::vector<std::vector<std::int32_t>> prompts;
  for (int i = 0; i < 64; ++i) prompts.push_back(random_prompts{}.draw(draws));
  generator<eigen::backend> generate;
  measure("generate", 64 * 64, repeats, [&] { generate(cpu, model, prompts, {.max_tokens = 64}, stream_id{1}); });
}

/// Forward and backward of 64 series, 80 tokens each that are read and predict the next.
void pass_tokens(int repeats) {
  eigen::backend cpu;
  language_model model{cpu, shape, random_seed{1}};
  random_stream draws(stream_id{3, draw_purpose::user});
  std::vector<token_packing<eigen::backend>> packings(8);
  for (std::size_t i = 0; i < 64; ++i) {
    std::vector<std::int32_t> series(81);
    for (auto& token : series) token = std::int32_t(draws.integer(512));
    packings[i / 8].prompt(shape, std::span(series).first(1));
    packings[i / 8].completion(shape, std::span(series).subspan(1));
  }
  for (auto& p : packings) p.finish(cpu, shape);
  host_array<float> slopes(8 * 80 * 2);
  std::fill_n(slopes.data(), 8 * 80, -1.f / 5120);
  measure("train", 64 * 80, repeats, [&] {
    model.zero_gradient(cpu);
    for (auto& p : packings)
      model.accumulate_gradient(cpu, p, 1, [&](std::ptrdiff_t, auto const& now) {
        std::ptrdiff_t n = now.logp.rows;
        return head_results<float const>{slopes.all().part(0, n), slopes.all().part(8 * 80, n), {}};
      });
  });
}

/// Whole steps: 8 prompts of 16 tokens, 8 completions of 64 each, with a reference.
void train_steps(int repeats) {
  eigen::backend cpu;
  language_model model{cpu, shape, random_seed{1}};
  auto grpo = algorithm{
      .rollout = completions{.prompts = 8, .group = 8, .max_tokens = 64},
      .advantage = group_relative{},
      .objective = clipped_ratio{} + kl_penalty{.estimator = k3{}, .weight = .04},
      .aggregation = series_mean{},
      .update =
          update{
              .epochs = 1, .normalize = normalization::none, .optimizer = adam{.rate = 1e-6}, .max_gradient_norm = 1},
  };
  struct {
    std::vector<double> ends;
    stopwatch after_first;
    void on_update(train_report const& r) {
      if (ends.empty()) after_first = {};
      ends.push_back(r.seconds);
    }
  } times;
  train(cpu, grpo, random_prompts{}, model, {.steps = 1'000'000'000, .updates = repeats + 1, .seed = 1}, times);
  std::vector<double> seconds;
  for (std::size_t i = 1; i < times.ends.size(); ++i) seconds.push_back(times.ends[i] - times.ends[i - 1]);
  report("grpo", 64 * 64, seconds, times.after_first.cores());
}

/// (-1, 1), the same in language_peer.py.
float hashed(std::uint32_t array, std::uint32_t index) {
  std::uint32_t x = index + array * 0x9E3779B9u;
  x = (x ^ x >> 16) * 0x85EBCA6Bu;
  x = (x ^ x >> 13) * 0xC2B2AE35u;
  return float((x ^ x >> 16) >> 8) * 0x1p-23f - 1;
}
host_array<float> hashed_array(std::uint32_t number, std::ptrdiff_t n, float scale) {
  host_array<float> a(n);
  for (std::ptrdiff_t i = 0; i < n; ++i) a.data()[i] = scale * hashed(number, std::uint32_t(i));
  return a;
}

/// Clipped ratio and k3 of 16 series of 128 tokens, from their hidden states on, with the gradient with respect to
/// these and to the head's weights.
void pass_head(int repeats) {
  constexpr std::ptrdiff_t M = 2048, H = 576, V = 49'152, T = 128;
  eigen::backend cpu;
  host_array<float> hidden = hashed_array(1, M * H, 1), weights = hashed_array(2, V * H, .1f), dhidden(M * H),
                    dweights(V * H);
  host_array<float> old_noise = hashed_array(7, M, .4f), ref_noise = hashed_array(4, M, .4f),
                    of_series = hashed_array(5, M / T, 1);
  host_array<float> logp(M), old_logp(M), ref_logp(M), advantage(M), loss(M), slope(M), none(M), weight(1);
  host_array<std::int32_t> row(M), target(M);
  weight.data()[0] = 1.f / M;  // series of one length: the mean over series of their means
  for (std::ptrdiff_t i = 0; i < M; ++i) {
    row.data()[i] = std::int32_t(i);
    target.data()[i] = std::int32_t((hashed(6, std::uint32_t(i)) + 1) / 2 * float(V));
    advantage.data()[i] = of_series.data()[i / T];
  }
  token_head<eigen::backend> head;
  head_inputs<float> const in{hidden.matrix(M, H), row.all(), target.all()};
  head_weights<float const> const w{weights.matrix(V, H), {}, {}};
  {
    token_head<eigen::backend> once(16);
    once.evaluate(cpu, in, w, {logp.all(), {}, {}});
  }
  for (std::ptrdiff_t i = 0; i < M; ++i) {
    old_logp.data()[i] = logp.data()[i] + old_noise.data()[i];
    ref_logp.data()[i] = logp.data()[i] + ref_noise.data()[i];
  }
  auto const objective = clipped_ratio{} + kl_penalty{.estimator = k3{}, .weight = .04};
  auto pass = [&] {
    cpu.map(outputs{dhidden.all()}, detail::filled{0}, in_view<eigen::backend>(dhidden.all()));
    cpu.map(outputs{dweights.all()}, detail::filled{0}, in_view<eigen::backend>(dweights.all()));
    head.accumulate_gradient(
        cpu, in, w, dhidden.matrix(M, H), {dweights.matrix(V, H), {}, {}},
        [&](std::ptrdiff_t first, head_results<float> const& now) {
          std::ptrdiff_t n = now.logp.rows;
          auto part = [&](host_array<float>& a) { return a.all().part(first, n); };
          differentiate(
              cpu, objective,
              {.old_logp = part(old_logp), .logp = now.logp, .ref_logp = part(ref_logp), .advantage = part(advantage)},
              {broadcast<float const>(weight.all(), n)}, {.loss = part(loss), .logp = part(slope)});
          return head_results<float const>{part(slope), part(none), {}};
        });
  };
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins anew
  double const before = mebibytes("VmRSS");
  pass();
  double const extra = mebibytes("VmHWM") - before;
  std::vector<double> seconds;
  stopwatch all;
  for (int i = 0; i < repeats; ++i) {
    auto const start = clock_type::now();
    pass();
    seconds.push_back(seconds_since(start));
  }
  double const cores = all.cores();
  double total = 0, squares = 0, weight_squares = 0;
  for (std::ptrdiff_t i = 0; i < M; ++i) total += double(loss.data()[i]);
  for (std::ptrdiff_t i = 0; i < M * H; ++i) squares += double(dhidden.data()[i]) * double(dhidden.data()[i]);
  for (std::ptrdiff_t i = 0; i < V * H; ++i) weight_squares += double(dweights.data()[i]) * double(dweights.data()[i]);
  char more[200];
  std::snprintf(more, sizeof more,
                ", \"extra_mib\": %.1f, \"loss\": %.9g, \"hidden_gradient\": %.9g, \"weight_gradient\": %.9g", extra,
                total, std::sqrt(squares), std::sqrt(weight_squares));
  report("head", M, seconds, cores, more);
}

}  // namespace

int main(int count, char** arguments) {
  int const repeats = count > 2 ? std::atoi(arguments[1]) : 0;
  constexpr std::pair<char const*, void (*)(int)> known[] = {
      {"generate", generate_tokens}, {"train", pass_tokens}, {"grpo", train_steps}, {"head", pass_head}};
  bool understood = repeats > 0;
  for (int i = 2; i < count && understood; ++i) {
    auto const* found = std::find_if(std::begin(known), std::end(known),
                                     [&](auto const& k) { return std::strcmp(k.first, arguments[i]) == 0; });
    understood = found != std::end(known);
    if (understood) found->second(repeats);
  }
  if (!understood) std::fprintf(stderr, "usage: cohort_llama REPEATS generate|train|grpo|head...\n");
  return understood ? 0 : 2;
}
