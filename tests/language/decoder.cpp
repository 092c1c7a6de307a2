#include <cohort/backend/eigen.hpp>
#include <cohort/language/model/generate.hpp>
#include <limits>
#include "../catch.hpp"
#include "../support/archetype.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

std::vector<std::int32_t> some_tokens(int n, std::uint32_t which, int vocabulary) {
  random_stream draws(stream_id{3, draw_purpose::user, which});
  std::vector<std::int32_t> t(static_cast<std::size_t>(n));
  for (auto& x : t) x = std::int32_t(draws.integer(std::uint32_t(vocabulary)));
  return t;
}

/// Two prompts, one with three completions (one of a single token), one with one.
template <class B>
void pack(B& backend, token_packing<B>& packing, decoder_options const& o) {
  packing.clear();
  packing.prompt(o, some_tokens(5, 0, o.vocabulary));
  packing.completion(o, some_tokens(4, 1, o.vocabulary));
  packing.completion(o, some_tokens(1, 2, o.vocabulary));
  packing.completion(o, some_tokens(7, 3, o.vocabulary));
  packing.prompt(o, some_tokens(2, 4, o.vocabulary));
  packing.completion(o, some_tokens(3, 5, o.vocabulary));
  packing.finish(backend, o);
}

template <class B>
struct decoder_with_numbers {
  using T = value_t<B>;
  B backend;
  decoder_options options;
  decoder<B> network;
  std::vector<T> start;
  typename B::template array<T> parameters, gradient, weights;
  token_packing<B> packing;

  explicit decoder_with_numbers(decoder_options const& o) : options(o), network(backend, o) {
    random_stream draws(stream_id{1, draw_purpose::user});
    start.resize(std::size_t(network.parameters()));
    for (auto& x : start) x = T(.3 * draws.normal());
    backend.assign(parameters, std::span<T const>(start));
    pack(backend, packing, o);
  }
  view<T const> p() { return parameters.all(); }
  /// sum(w hidden), with fixed random w.
  T loss() {
    view<T> h = network.forward(backend, p(), packing.tokens());
    std::vector<T> all(std::size_t(h.size())), w = some_weights(all.size());
    backend.download(std::span<T>(all), view<T const>(h));
    T sum = 0;
    for (std::size_t i = 0; i < all.size(); ++i) sum += all[i] * w[i];
    return sum;
  }
  static std::vector<T> some_weights(std::size_t n) {
    random_stream draws(stream_id{2, draw_purpose::user});
    std::vector<T> w(n);
    for (auto& x : w) x = T(draws.uniform(-1, 1));
    return w;
  }
  std::vector<T> slope() {
    view<T> h = network.forward(backend, p(), packing.tokens());
    std::vector<T> w = some_weights(std::size_t(h.size())), zero(start.size(), T(0));
    backend.assign(weights, std::span<T const>(w));
    backend.assign(gradient, std::span<T const>(zero));
    network.backward(backend, p(), packing.tokens(), weights.matrix(h.rows, h.columns), gradient.all());
    std::vector<T> all(start.size());
    backend.download(std::span<T>(all), view<T const>(gradient.all()));
    return all;
  }
};

decoder_options small() {
  return {.vocabulary = 11,
          .hidden = 8,
          .intermediate = 10,
          .layers = 2,
          .heads = 4,
          .kv_heads = 2,
          .head_size = 4,
          .context = 16};
}

}  // namespace

TEMPLATE_TEST_CASE("decoder: its gradient is that of five-point differences, to 1e-7 relative, every tensor", "",
                   archetype<double>, eigen::basic_backend<double>) {
  decoder_with_numbers<TestType> d(small());
  auto slope = d.slope();
  for (auto const& t : tensors_of(d.options)) {
    double largest = 0, furthest = 0;
    random_stream draws(stream_id{5, draw_purpose::user, std::uint32_t(t.offset)});
    for (int i = 0; i < 12; ++i) {
      auto at = std::size_t(t.offset + draws.integer(std::uint32_t(t.size())));
      double h = 1e-3, values[4];
      int k = 0;
      for (double step : {-2., -1., 1., 2.}) {
        auto moved = d.start;
        moved[at] += step * h;
        d.backend.assign(d.parameters, std::span<double const>(moved));
        values[k++] = d.loss();
      }
      double want = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h);
      largest = std::max(largest, std::abs(want));
      furthest = std::max(furthest, std::abs(slope[at] - want));
    }
    CAPTURE(t.name, largest, furthest);
    CHECK(furthest <= 1e-7 * std::max(1., largest));
    CHECK(largest > 1e-6);
  }
}

TEST_CASE("decoder: a prompt packed once gives what it gives with each completion alone") {
  using B = archetype<double>;
  decoder_with_numbers<B> d(small());
  view<double> together = d.network.forward(d.backend, d.p(), d.packing.tokens());
  std::vector<double> all(together.data, together.data + together.size());
  auto const& o = d.options;
  // The third completion's rows follow the prompt's 5 and the first completion's 3.
  d.packing.clear();
  auto series = some_tokens(5, 0, o.vocabulary), completion = some_tokens(7, 3, o.vocabulary);
  series.insert(series.end(), completion.begin(), completion.end());
  d.packing.prompt(o, series);
  d.packing.finish(d.backend, o);
  view<double> alone = d.network.forward(d.backend, d.p(), d.packing.tokens());
  for (std::ptrdiff_t t = 0; t < 5 + 6; ++t)
    for (int c = 0; c < o.hidden; ++c)
      CHECK(alone(t, c) == Approx(all[std::size_t((t < 5 ? t : t + 3) * o.hidden + c)]).epsilon(1e-12));
}

TEST_CASE("token_packing: what cannot be packed is named") {
  token_packing<archetype<double>> packing;
  auto o = small();
  std::vector<std::int32_t> none, one{1}, outside{1, 11}, many(17, 1);
  CHECK_THROWS_WITH(packing.prompt(o, none), "prompt 0 is empty, expected one token or more");
  CHECK_THROWS_WITH(packing.prompt(o, outside), "prompt 0: token 1 is 11, expected one of the vocabulary's 11");
  CHECK_THROWS_WITH(packing.prompt(o, many), "prompt 0: 17 tokens, expected no more than the context's 16");
  packing.prompt(o, one);
  CHECK_THROWS_WITH(packing.completion(o, none), "completion 0 is empty, expected one token or more");
}

TEST_CASE("decoder: its angles are tabulated for as many positions as are used, whatever the context") {
  using B = archetype<double>;
  auto o = small();
  decoder_with_numbers<B> before(o);
  double const want = before.loss();
  o.context = std::numeric_limits<int>::max();
  decoder_with_numbers<B> d(o);
  CHECK(d.loss() == want);
  // Longer series than before, then the first ones again.
  d.packing.clear();
  d.packing.prompt(o, some_tokens(100, 0, o.vocabulary));
  d.packing.completion(o, some_tokens(900, 1, o.vocabulary));
  d.packing.finish(d.backend, o);
  double const longer = d.loss();
  pack(d.backend, d.packing, o);
  CHECK(d.loss() == want);
  o.context = 1000;
  decoder_with_numbers<B> fresh(o);
  fresh.packing.clear();
  fresh.packing.prompt(o, some_tokens(100, 0, o.vocabulary));
  fresh.packing.completion(o, some_tokens(900, 1, o.vocabulary));
  fresh.packing.finish(fresh.backend, o);
  CHECK(fresh.loss() == longer);
}

TEST_CASE("decoder: extents that can't be held are refused before anything is allocated") {
  archetype<float> backend;
  auto complaint = [&](auto change) {
    decoder_options o = small();
    change(o);
    return support::message_of([&] { language_model model{backend, o}; });
  };
  constexpr int most = std::numeric_limits<int>::max();
  CHECK_THAT(
      complaint([](auto& o) { o.head_size = most - 1; }),
      StartsWith("decoder: the parameters of vocabulary 11, hidden 8, intermediate 10, layers 2, heads 4, "
                 "kv_heads 2, head_size 2147483646 in float would take 1.64927e+12 bytes, and this machine has"));
  CHECK_THAT(complaint([](auto& o) { o.heads = 1 << 30, o.head_size = most - 1; }),
             ContainsSubstring("would take 2.95148e+20 bytes"));
  CHECK_THAT(complaint([](auto& o) { o.vocabulary = o.hidden = o.intermediate = most - 3, o.layers = 10'000; }),
             ContainsSubstring("would take"));
  CHECK(complaint([](auto& o) { o.layers = most; }) ==
        "decoder: layers is 2.14748e+09, expected a number from 1 to 10000");
  CHECK(complaint([](auto&) {}).empty());
}

TEST_CASE("generate: more tokens at once than rows can be numbered are refused by name") {
  archetype<float> backend;
  auto o = small();
  o.context = std::numeric_limits<int>::max();
  language_model model{backend, o};
  generator<archetype<float>> completions;
  CHECK_THROWS_WITH(completions(backend, model, {{1, 2, 3}}, {.group = 3, .max_tokens = 1 << 30}, stream_id{1}),
                    "generate: tokens of all prompts and completions is 3.22123e+09, expected at most 2147483647, the "
                    "largest number of 32 bits");
}
