// Models that only go forward, with their weights where they lie: in every family's files, in every type.
#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/load.hpp>
#include <cohort/language/files/write_gguf.hpp>
#include <cohort/language/files/write_model.hpp>
#include <cohort/language/model/generate.hpp>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/model_logits.hpp"
#include "../support/paths.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using support::distance;
using support::logits_of;

namespace {

std::string const golden = paths::golden("llama/");

std::vector<double> numbers(file::safetensors const& file, std::string const& name) {
  std::vector<double> all(detail::product(file.at(name).shape, 1));
  file.read<double>(name, file.at(name).shape, all);
  return all;
}
std::vector<std::int32_t> const text{3, 1, 4, 15, 9, 26, 5, 35, 8, 9, 7};

}  // namespace

TEMPLATE_TEST_CASE("load: the logits and greedy continuation of transformers, for every family", "[golden]",
                   eigen::basic_backend<float>, eigen::basic_backend<double>) {
  for (std::string const name : {"untied", "tied", "llama3", "biased", "mistral", "qwen2", "qwen3", "gemma", "gemma2",
                                 "gemma3", "phi3", "gpt2"}) {
    CAPTURE(name);
    TestType cpu;
    auto model = language::load(cpu, golden + name);
    file::safetensors const expected(golden + name + "/expected.safetensors");
    auto const ids = numbers(expected, "ids.2");
    auto const found = logits_of(cpu, model, {ids.begin(), ids.end()});
    // float32 files hold the same numbers in both.
    CHECK(distance(found, numbers(expected, "logits.2")) < (sizeof(value_t<TestType>) == 8 ? 1e-12 : 2e-5));
    auto const prompt = numbers(expected, "prompt"), continuation = numbers(expected, "continuation");
    generator<TestType> generate;
    auto const said = generate(cpu, model, {{prompt.begin(), prompt.end()}},
                               {.max_tokens = int(continuation.size()), .sampler = {.temperature = 0}}, stream_id{});
    CHECK(said[0].tokens == std::vector<std::int32_t>(continuation.begin(), continuation.end()));
  }
}

TEST_CASE("load: a GGUF file gives what its parameters give in a decoder, whose pairs lie otherwise", "[golden]") {
  eigen::basic_backend<double> cpu;
  files::scratch const here;
  for (std::string const name : {"llama3", "untied", "qwen2"}) {
    CAPTURE(name);
    auto const options = language::read_config(golden + name);
    std::vector<double> parameters(std::size_t(options.parameters()));
    language::read_parameters<double>(golden + name, options, parameters);
    for (auto type : {stored_type::f32, stored_type::bf16}) {
      auto const path = here.path / "model.gguf";
      language::write_gguf<double>(path, options, parameters, {.type = type, .what = existing::replace});
      language::gguf_model const read(path);
      language_model same(cpu, read.options());
      std::vector<double> rounded(parameters.size());
      read.read_parameters<double>(rounded);
      cpu.upload(same.parameters(), std::span<double const>(rounded));
      auto model = language::load(cpu, path);
      CHECK(distance(logits_of(cpu, model, text), logits_of(cpu, same, text)) < 1e-12);
    }
  }
}

TEST_CASE("load: a GGUF file of each family gives the logits of its folder", "[golden]") {
  eigen::basic_backend<double> cpu;
  files::scratch const here;
  auto const path = here.path / "model.gguf";
  for (std::string const name : {"untied", "tied", "llama3", "biased", "mistral", "qwen2", "qwen3", "gemma", "gemma2",
                                 "gemma3", "phi3", "gpt2"}) {
    CAPTURE(name);
    auto options = language::read_config(golden + name);
    std::vector<float> parameters(std::size_t(options.parameters()));
    language::read_parameters<float>(golden + name, options, parameters);
    // Gemma's norms are rounded when 1 is added.
    bool const exact = options.norm != norm_kind::rms_plus_one;
    options.attention_scale = 0;  // a GGUF file has it by the extents, which of these gives Gemma 2's folder another
    language::write_gguf<float>(path, options, parameters, {.what = existing::replace});
    auto written = language::load(cpu, path);
    std::vector<std::int32_t> const tokens(text.begin(), text.begin() + std::min(11, written.options().context));
    auto const found = logits_of(cpu, written, tokens);
    if (name == "gemma2") {
      std::vector<double> const wide(parameters.begin(), parameters.end());
      language_model same(cpu, options);
      cpu.upload(same.parameters(), std::span(wide));
      CHECK(distance(found, logits_of(cpu, same, tokens)) < 1e-4);
    } else {
      auto whole = language::load(cpu, golden + name, {.type = stored_type::f32});
      CHECK(distance(found, logits_of(cpu, whole, tokens)) < (exact ? 1e-6 : 1e-4));
    }
  }
}

TEST_CASE("load: weights in another type are those nearest to the files'", "[golden]") {
  eigen::basic_backend<double> cpu;
  auto as_stored = language::load(cpu, golden + "untied");
  auto const want = logits_of(cpu, as_stored, text);
  for (auto [type, near, far] : {std::tuple(stored_type::f32, 0., 1e-300), std::tuple(stored_type::f16, 1e-5, 1e-2),
                                 std::tuple(stored_type::bf16, 1e-4, 1e-1)}) {
    auto model = language::load(cpu, golden + "untied", {.type = type});
    double const d = distance(logits_of(cpu, model, text), want);
    CHECK(d >= near);
    CHECK(d < far);
  }
  CHECK(support::message_of([&] { language::load(cpu, golden + "untied", {.type = stored_type::q8_0}); }) ==
        "load: tensor model.layers.0.mlp.down_proj.weight has rows of 48 numbers, of which Q8_0 cannot be made; "
        "expected a multiple of 32");
  CHECK_THROWS_AS(language::load(cpu, golden + "nothing"), io_error);
}

TEST_CASE("load: inputs rounded like the weights, where the processor multiplies pairs of these", "[golden]") {
  eigen::backend cpu;
  auto exact = language::load(cpu, golden + "untied", {.type = stored_type::bf16}),
       fast = language::load(cpu, golden + "untied", {.type = stored_type::bf16, .round_inputs = true}),
       floats = language::load(cpu, golden + "untied", {.round_inputs = true}),
       as_they_are = language::load(cpu, golden + "untied");
  double const off = distance(logits_of(cpu, fast, text), logits_of(cpu, exact, text));
  CHECK(off < .1);
  CHECK((off > 1e-4) == eigen::has_pairs);
  CHECK(logits_of(cpu, floats, text) == logits_of(cpu, as_they_are, text));
}

TEST_CASE("frozen models have no gradient") {
  eigen::backend cpu;
  auto model = language::load(cpu, golden + "tied");
  token_packing<eigen::backend> packing;
  packing.prompt(model.options(), text);
  packing.finish(cpu, model.options());
  auto const hidden = model.network().forward(cpu, model.parameters(), packing.tokens());
  CHECK(support::message_of<value_error>([&] {
          model.network().backward(cpu, model.parameters(), packing.tokens(), hidden, {});
        }) == "decoder: it only goes forward, and has no gradient");
}
