// The decoder with the weights and numbers that Hugging Face's transformers recorded: tests/golden/llama.py.
#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/model_files.hpp>
#include <cohort/language/model/generate.hpp>
#include <numeric>
#include <tuple>

#include "../catch.hpp"
#include "../support/archetype.hpp"
#include "../support/paths.hpp"

using namespace cohort;

namespace {

std::string const golden = paths::golden("llama/");
char const* const models[] = {"untied", "tied",  "llama3", "biased", "mistral", "qwen2",
                              "qwen3",  "gemma", "gemma2", "gemma3", "phi3",    "gpt2"};

template <class B>
struct recorded {
  using T = value_t<B>;
  std::string folder;
  file::safetensors expected{folder + "/expected.safetensors"};
  B backend{};
  language_model<B> model{backend, language::read_config(folder)};
  std::vector<std::vector<std::int32_t>> sequences;

  explicit recorded(std::string const& name) : folder(golden + name) {
    std::vector<T> parameters(std::size_t(model.parameters().size()));
    language::read_parameters<T>(folder, model.options(), parameters);
    backend.upload(model.parameters(), std::span<T const>(parameters));
    while (expected.tensors().contains("ids." + std::to_string(sequences.size())))
      sequences.push_back(tokens("ids." + std::to_string(sequences.size())));
  }
  std::vector<double> numbers(std::string const& name) const {
    auto const& shape = expected.at(name).shape;
    std::vector<double> all(detail::product(shape, 1));
    expected.read<double>(name, shape, all);
    return all;
  }
  std::vector<std::int32_t> tokens(std::string const& name) const {
    auto const all = numbers(name);
    return {all.begin(), all.end()};
  }
  view<T const> parameters() const { return model.parameters(); }

  std::vector<T> on_host(view<T const> v) {
    std::vector<T> all(std::size_t(v.size()));
    backend.download(std::span<T>(all), v);
    return all;
  }
  /// The first token of each sequence as its prompt, the rest as the completion, all in one pass.
  token_packing<B> packed() {
    token_packing<B> packing;
    for (auto const& ids : sequences) {
      packing.prompt(model.options(), std::span(ids).first(1));
      if (ids.size() > 1) packing.completion(model.options(), std::span(ids).subspan(1));
    }
    packing.finish(backend, model.options());
    return packing;
  }
};

/// The largest |a - b|; a NaN counts as infinitely far.
template <class A>
double distance(std::vector<A> const& a, std::vector<double> const& b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    double const d = std::abs(double(a[i]) - b[i]);
    most = d <= most ? most : d == d ? d : std::numeric_limits<double>::infinity();
  }
  return most;
}

template <class B>
constexpr bool wide = sizeof(value_t<B>) == 8;

}  // namespace

#define BACKENDS archetype<float>, archetype<double>, eigen::basic_backend<float>, eigen::basic_backend<double>

TEMPLATE_TEST_CASE("decoder: the logits of transformers, to 1e-12 in double and to 2e-5 in float", "[golden]",
                   BACKENDS) {
  for (std::string const name : models) {
    recorded<TestType> r(name);
    REQUIRE(r.sequences.size() == 4);
    token_packing<TestType> packing;
    for (auto const& ids : r.sequences) packing.prompt(r.model.options(), ids);
    packing.finish(r.backend, r.model.options());
    auto const hidden = r.model.network().forward(r.backend, r.parameters(), packing.tokens());
    std::int32_t row = 0;
    for (std::size_t k = 0; k < r.sequences.size(); ++k) {
      std::vector<std::int32_t> rows(r.sequences[k].size());
      for (auto& n : rows) n = row++;
      typename TestType::template array<std::int32_t> rows_on;
      r.backend.assign(rows_on, std::span<std::int32_t const>(rows));
      auto const logits =
          r.model.head().logits(r.backend, hidden, rows_on.all(), r.model.network().head_factor(r.parameters()));
      CAPTURE(name, k);
      CHECK(distance(r.on_host(logits), r.numbers("logits." + std::to_string(k))) < (wide<TestType> ? 1e-12 : 2e-5));
    }
  }
}

TEMPLATE_TEST_CASE("language_model: the losses of transformers and, tensor by tensor, their gradient", "[golden]",
                   BACKENDS) {
  using T = value_t<TestType>;
  for (std::string const name : models) {
    recorded<TestType> r(name);
    auto const packing = r.packed();
    std::vector<T> slopes(std::size_t(2 * packing.steps()), T(0)), logp;
    std::fill_n(slopes.begin(), packing.steps(), T(-1));
    typename TestType::template array<T> slopes_on;
    r.backend.assign(slopes_on, std::span<T const>(slopes));
    r.model.zero_gradient(r.backend);
    r.model.accumulate_gradient(r.backend, packing, 1, [&](std::ptrdiff_t first, auto const& now) {
      auto const here = r.on_host(now.logp);
      logp.insert(logp.end(), here.begin(), here.end());
      auto part = [&](std::ptrdiff_t from) { return view<T const>(slopes_on.all().part(from + first, now.logp.rows)); };
      return head_results<T const>{part(0), part(packing.steps()), {}};
    });

    std::vector<double> losses;
    for (std::size_t k = 0, step = 0; k < r.sequences.size(); ++k) {
      losses.push_back(0);
      for (std::size_t t = 1; t < r.sequences[k].size(); ++t) losses.back() -= double(logp[step++]);
    }
    CAPTURE(name);
    CHECK(distance(losses, r.numbers("loss")) < (wide<TestType> ? 1e-12 : 1e-4));
    auto const gradient = r.on_host(r.model.gradient());
    for (auto const& t : detail::naming_in(r.folder, r.model.options()).tensors) {
      auto want = r.numbers("gradient." + t.name);
      if (t.turned) want = detail::turned(std::span<double const>(want), t.columns, t.rows);
      double largest = 0;
      for (double x : want) largest = std::max(largest, std::abs(x));
      CAPTURE(t.name, largest);
      CHECK(largest > .01);
      std::vector<T> const found(gradient.begin() + t.offset, gradient.begin() + t.offset + t.size());
      CHECK(distance(found, want) < (wide<TestType> ? 1e-13 : 1e-5) * largest);
    }
  }
}

TEMPLATE_TEST_CASE("generator: the greedy continuation of transformers", "[golden]", BACKENDS) {
  for (std::string const name : models) {
    recorded<TestType> r(name);
    auto const prompt = r.tokens("prompt"), continuation = r.tokens("continuation");
    generator<TestType> generate;
    auto const all = generate(r.backend, r.model, {r.sequences[2], prompt},
                              {.max_tokens = int(continuation.size()), .sampler = {.temperature = 0}}, stream_id{});
    CHECK(all[1].tokens == continuation);
  }
}

TEST_CASE("decoder: the logits of transformers with keys and values in 16 bits, to some of these bits", "[golden]") {
  for (std::string const name : models) {
    recorded<eigen::backend> r(name);
    token_packing<eigen::backend> packing;
    for (auto const& ids : r.sequences) packing.prompt(r.model.options(), ids);
    packing.finish(r.backend, r.model.options());
    auto const tokens = packing.tokens();
    std::vector<std::int32_t> rows(std::size_t(tokens.rows()));
    std::iota(rows.begin(), rows.end(), 0);
    host_array<std::int32_t> rows_on;
    r.backend.assign(rows_on, std::span<std::int32_t const>(rows));
    for (auto [type, least, most] :
         {std::tuple(stored_type::f32, 0., 2e-5), {stored_type::f16, 1e-6, .01}, {stored_type::bf16, 1e-6, .1}}) {
      decoder<eigen::backend>::cache cache{.type = type, .keys = {}, .values = {}};
      r.model.network().reserve(r.backend, cache, tokens.rows());
      auto const hidden = r.model.network().forward(r.backend, r.parameters(), tokens, cache, rows_on.all());
      auto const logits = r.on_host(
          r.model.head().logits(r.backend, hidden, rows_on.all(), r.model.network().head_factor(r.parameters())));
      std::vector<double> want;
      for (std::size_t k = 0; k < r.sequences.size(); ++k) {
        auto const some = r.numbers("logits." + std::to_string(k));
        want.insert(want.end(), some.begin(), some.end());
      }
      double const off = distance(logits, want);
      CAPTURE(name, facts_of(type).name, off);
      CHECK(off >= least);
      CHECK(off < most);
    }
  }
}
