// The program convert as a user meets it: golden models with golden tokenizers, there and back.
#ifdef COHORT_CONVERT
#include <cmath>
#include <cohort/language/files/convert.hpp>
#include <cohort/language/files/model_text.hpp>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/golden_texts.hpp"
#include "../support/paths.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;
namespace fs = std::filesystem;

namespace {

void check_same_words(fs::path const& a, fs::path const& b) {
  auto const one = language::read_words(a), other = language::read_words(b);
  auto texts = support::golden_texts();
  texts.insert(texts.end(),
               {"Hello, world! 1234 isn't it?", "  two  spaces\n\n\tand more ", "\xc3\xa9\xf0\x9f\x98\x80"});
  for (auto const& text : texts) {
    CAPTURE(text);
    CHECK(one.encode(text) == other.encode(text));
    CHECK(one.encode(text, {.special_in_text = false, .begin_end = false}) ==
          other.encode(text, {.special_in_text = false, .begin_end = false}));
    CHECK(one.decode(one.encode(text)) == other.decode(one.encode(text)));
  }
}
std::vector<float> parameters_of(fs::path const& path) {
  if (fs::is_directory(path)) {
    auto const o = language::read_config(path);
    std::vector<float> all(std::size_t(o.parameters()));
    language::read_parameters<float>(path, o, all);
    return all;
  }
  language::gguf_model const model(path);
  std::vector<float> all(std::size_t(model.options().parameters()));
  model.read_parameters<float>(all);
  return all;
}

/// A random model with a golden tokenizer and a chat template.
struct model_here {
  files::scratch const here{"cohort_convert"};
  fs::path const folder = here.path / "model";
  explicit model_here(std::string const& tokenizer, int spare = 5) {
    language::tokenizer const words(paths::golden(tokenizer));
    decoder_options const shape{
        .vocabulary = words.size() + spare, .hidden = 32, .intermediate = 32, .layers = 1, .heads = 2, .context = 64};
    std::vector<float> parameters(std::size_t(shape.parameters()));
    for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i] = std::sin(float(i * i % 1009));
    for (auto const& t : tensors_of(shape))
      if (t.columns == 0) std::fill_n(parameters.begin() + t.offset, t.rows, 1.f);
    std::vector<std::int32_t> const ends{1, 2};
    language::write_model<float>(folder, shape, parameters, existing::refuse, ends);
    for (char const* name : {"tokenizer.json", "tokenizer.model"})
      if (auto const file = paths::golden(tokenizer + "/" + name); fs::exists(file)) fs::copy(file, folder);
    put("tokenizer_config.json", {{"eos_token", words.token(2)}, {"chat_template", "<|im_start|> \xc3\xa9"}});
    put("generation_config.json", {{"eos_token_id", 2}});
  }
  void put(char const* name, json const& object) const { files::put(folder / name, object.dump()); }
  files::outcome_of_program convert(std::string const& from, std::string const& to,
                                    std::string const& more = "") const {
    return files::run_in(here, paths::program("cohort-convert"), "--model " + from + " --out " + to + " " + more);
  }
  fs::path operator/(char const* name) const { return here.path / name; }
  void done(std::string const& from, std::string const& to, std::string const& more = "") const {
    auto const r = convert(from, to, more);
    CAPTURE(from, to, more, r.err);
    CHECK(r.status == 0);
    CHECK_THAT(r.out, ContainsSubstring(to + ": "));
    for (auto const& entry : fs::directory_iterator(here.path)) CHECK(entry.path().extension() != ".part");
  }
};

}  // namespace

TEST_CASE("convert: a folder becomes a GGUF file and a folder again, its tokenizer with it") {
  for (std::string const words : {"tokenizer/smollm2", "tokenizer/gpt2", "tokenizer/llama3", "tokenizer/qwen2",
                                  "sentencepiece/llama2", "sentencepiece/gemma"}) {
    CAPTURE(words);
    model_here const m(words);
    m.done("model", "m.gguf");
    m.done("m.gguf", "again");
    check_same_words(m.folder, m / "m.gguf");
    check_same_words(m.folder, m / "again");
    auto const given = parameters_of(m.folder);
    CHECK(parameters_of(m / "m.gguf") == given);
    CHECK(parameters_of(m / "again") == given);
    CHECK(language::stop_tokens_of(m / "m.gguf") == std::vector<std::int32_t>{1, 2});
    CHECK(language::read_stop_tokens(m / "again") == std::vector<std::int32_t>{1, 2});
    CHECK(language::read_gguf_tokenizer(file::gguf(m / "m.gguf")).eos == 2);
    CHECK(language::read_chat_template(m / "again", language::read_tokenizer_config(m / "again")) ==
          "<|im_start|> \xc3\xa9");
    json const config = json::parse(files::get(m / "again/tokenizer_config.json"));
    CHECK(config.at("eos_token") == std::string(language::tokenizer(m.folder).token(2)));
    // And a GGUF file of that is the same but for its name.
    m.done("again", "again.gguf");
    file::gguf const first(m / "m.gguf"), second(m / "again.gguf");
    for (auto const& [key, value] : first.values())
      if (key != "general.name" && key != "tokenizer.ggml.scores") {  // which have the same order
        CAPTURE(key);
        REQUIRE(second.find(key));
        CHECK((second.find(key)->bytes == value.bytes));
      }
  }
}

TEST_CASE("convert: in another type, all else as it was") {
  model_here const m("tokenizer/smollm2");
  m.put("config.json", [&] {
    json config = json::parse(files::get(m.folder / "config.json"));
    config["unheard_of"] = {1, 2};
    return config;
  }());
  auto const given = parameters_of(m.folder);
  for (std::string const type : {"f32", "f16", "bf16"}) {
    CAPTURE(type);
    m.done("model", type, "--type " + type);
    m.done("model", type + ".gguf", "--type " + type);
    m.done(type + ".gguf", type + "_folder");  // of the same type
    m.done(type + ".gguf", "wide.gguf", "--type f32 --overwrite");
    auto const rounded = parameters_of(m / type.c_str());
    CHECK((rounded == given) == (type == "f32"));
    for (std::string const end : {".gguf", "_folder"}) {
      // Vectors are rounded in a folder alone; of this model they are ones.
      CHECK(parameters_of(m / (type + end).c_str()) == rounded);
    }
    CHECK(parameters_of(m / "wide.gguf") == rounded);
    json config = json::parse(files::get(m / (type + "/config.json").c_str())),
         before = json::parse(files::get(m.folder / "config.json"));
    char const* const name = type == "f32" ? "float32" : type == "f16" ? "float16" : "bfloat16";
    CHECK(config.at("dtype") == name);
    CHECK(config.at("torch_dtype") == name);
    for (json* both : {&config, &before}) both->erase("dtype"), both->erase("torch_dtype");
    CHECK(config == before);
    for (char const* same : {"tokenizer.json", "tokenizer_config.json", "generation_config.json"})
      CHECK(files::get(m / type.c_str() / same) == files::get(m.folder / same));
    check_same_words(m.folder, m / "wide.gguf");
  }
  m.done("f32.gguf", "small.gguf", "--type q8_0");
  m.done("model", "small_too.gguf", "--type q8_0");
  CHECK(parameters_of(m / "small.gguf") == parameters_of(m / "small_too.gguf"));
  CHECK(file::gguf(m / "small.gguf").tensor("blk.0.attn_q.weight").type == stored_type::q8_0);
  CHECK(file::gguf(m / "small.gguf").tensor("output_norm.weight").type == stored_type::f32);
}

TEST_CASE("convert: every family's weights, without a tokenizer") {
  files::scratch const here("cohort_convert");
  for (std::string const name : {"untied", "llama3", "qwen2", "qwen3", "gemma3", "phi3", "gpt2"}) {
    CAPTURE(name);
    auto const from = paths::golden("llama/" + name), file = (here.path / (name + ".gguf")).string();
    CHECK_FALSE(language::convert(from, file).tokenizer);
    language::convert(file, here.path / name);
    auto const given = parameters_of(from), same = parameters_of(here.path / name);
    REQUIRE(given.size() == same.size());
    bool const shifted = name == "gemma3";  // norms by 1, which rounds
    for (std::size_t i = 0; i < given.size(); ++i) REQUIRE(std::abs(given[i] - same[i]) <= (shifted ? 2e-7 : 0));
    auto written = language::read_config(here.path / name), was = language::read_config(from);
    CHECK(written.extents() == was.extents());
  }
}

TEST_CASE("convert: nothing is overwritten unasked, and nothing is left where it fails") {
  model_here const m("tokenizer/llama2");
  auto refused = [&](std::string const& from, std::string const& to, std::string const& more, int status,
                     std::string const& what) {
    auto const count = files::entries(m.here.path);
    auto const r = m.convert(from, to, more);
    CAPTURE(r.err);
    CHECK(r.status == status);
    CHECK(r.err.starts_with("cohort convert: "));
    CHECK_THAT(r.err, ContainsSubstring(what));
    CHECK(files::entries(m.here.path) == count);
  };
  m.convert("model", "m.gguf", "--no-tokenizer");  // so that out and err are there
  auto const before = files::get(m / "m.gguf");
  refused("model", "other.gguf", "", 1, "has the added token \"family\", and puts a space behind it");
  refused("model", "m.gguf", "--no-tokenizer", 1, "m.gguf exists already, and was not to be replaced");
  CHECK(files::get(m / "m.gguf") == before);
  refused("m.gguf", "m.gguf", "--overwrite", 1, "is the model that is to be converted");
  refused("model", "model/", "--overwrite", 1, "is the model that is to be converted");
  refused("nowhere", "x", "", 1, "nowhere cannot be opened");
  refused("m.gguf", "model", "", 1, "model exists already, and was not to be replaced");
  refused("m.gguf", "out", "--overwrite", 1, "out is a file, expected a folder, or a name that ends with .gguf");
  refused("m.gguf", "x", "--type q8_0", 2, "which only GGUF files have");
  refused("m.gguf", "x", "--type q4_1", 2, "--type is 'q4_1', expected f32, f16, bf16 or q8_0");
  files::put(m.folder / "model.safetensors", "cut");
  refused("model", "x.gguf", "--no-tokenizer", 1, "model.safetensors");
  refused("model", "x", "", 1, "model.safetensors");
  {
    auto const count = files::entries(m.here.path);
    files::small_disk const full(8192);
    CHECK_THROWS_AS(language::convert(m / "m.gguf", m / "x.gguf"), io_error);
    CHECK_THROWS_AS(language::convert(m / "m.gguf", m / "x"), io_error);
    CHECK(files::entries(m.here.path) == count);
  }

  // What replaces a model takes all of it along, and leaves what is none.
  files::put(m.folder / "notes.txt", "mine");
  files::put(m.folder / "chat_template.jinja", "old");
  m.done("m.gguf", "model", "--overwrite");
  CHECK(parameters_of(m.folder) == parameters_of(m / "m.gguf"));
  CHECK(fs::exists(m.folder / "notes.txt"));
  for (char const* old : {"chat_template.jinja", "tokenizer.json", "generation_config.json"})
    CHECK_FALSE(fs::exists(m.folder / old));
}

TEST_CASE("convert: tokenizers that a GGUF file cannot have are refused by what it is") {
  for (auto const& [words, what] : {std::pair("falcon", "\"Punctuation\""),
                                    {"gpt2_prefix", "is no part of a word"},
                                    {"mistral", "\"Metaspace\""},
                                    {"gemma", "so that its merges are none"},
                                    {"unigram", "\"NFKC\""}}) {
    CAPTURE(words);
    model_here const m(std::string("tokenizer/") + words);
    auto const r = m.convert("model", "m.gguf");
    CAPTURE(r.err);
    CHECK(r.status == 1);
    CHECK_THAT(r.err, ContainsSubstring("tokenizer.json") && ContainsSubstring(what));
    CHECK_FALSE(fs::exists(m / "m.gguf"));
  }
  model_here const m("tokenizer/smollm2", -3);
  CHECK_THAT(m.convert("model", "m.gguf").err,
             ContainsSubstring("has the token 402, and the model a vocabulary of 400"));
}
#endif
