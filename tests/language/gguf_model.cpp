#include <cohort/language/files/gguf_model.hpp>
#include <cohort/language/files/gguf_tokenizer.hpp>
#include <cohort/language/files/model_files.hpp>
#include <cohort/language/files/write_gguf.hpp>

#include "../catch.hpp"
#include "../support/allocated.hpp"
#include "../support/damage.hpp"
#include "../support/paths.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using language::gguf_model;

namespace {

void check_same(decoder_options const& a, decoder_options const& b) {
  CHECK(a.extents() == b.extents());
  CHECK(a.context == b.context);
  CHECK(a.rope_base == b.rope_base);
  CHECK(a.epsilon == b.epsilon);
  CHECK(a.tied == b.tied);
  decoder_options::parts([&](std::string_view name, auto member) {
    INFO(name);
    CHECK((a.*member == b.*member || name == "windowed"));
  });
  for (int l = 0; l < a.layers; ++l) CHECK(a.window_of(l) == b.window_of(l));
  CHECK(a.scaling.how == b.scaling.how);
  CHECK(a.scaling.truncated == b.scaling.truncated);
  CHECK(a.scaling.size_of_turns() == Approx(b.scaling.size_of_turns()).epsilon(1e-7));
  auto const x = a.scaling.speeds(a.rotated(), a.rope_base), y = b.scaling.speeds(b.rotated(), b.rope_base);
  for (std::size_t d = 0; d < x.size(); ++d) CHECK(x[d] == Approx(y[d]).epsilon(1e-6));
}

std::vector<float> parameters_of(gguf_model const& model) {
  std::vector<float> all(std::size_t(model.options().parameters()));
  model.read_parameters<float>(all);
  return all;
}

/// A Hugging Face model of tests/golden.
struct recorded {
  std::string folder;
  decoder_options options = language::read_config(paths::golden("llama/" + folder));
  std::vector<float> parameters = std::vector<float>(std::size_t(options.parameters()));
  explicit recorded(std::string name) : folder(std::move(name)) {
    language::read_parameters<float>(paths::golden("llama/" + folder), options, parameters);
  }
};

}  // namespace

TEST_CASE("gguf model: options and parameters are those of the Hugging Face folder it was made from", "[golden]") {
  recorded const llama("llama3"), qwen("qwen2");
  gguf_model const llama_file(paths::golden("gguf/llama3.gguf")), qwen_file(paths::golden("gguf/qwen2.gguf"));
  check_same(llama_file.options(), llama.options);
  check_same(qwen_file.options(), qwen.options);
  CHECK(llama_file.options().scaling.original_context == 32);
  CHECK(llama_file.options().scaling.high == 4);
  CHECK(parameters_of(llama_file) == llama.parameters);
  CHECK(llama_file.stop_tokens() == std::vector<std::int32_t>{3, 7});

  auto const found = parameters_of(qwen_file);
  for (auto const& t : tensors_of(qwen.options))
    for (auto i = t.offset; i < t.offset + t.size(); ++i) {
      float const x = qwen.parameters[std::size_t(i)];
      REQUIRE(found[std::size_t(i)] == (t.columns ? from_half(to_half(x)) : x));
    }
}

TEST_CASE("gguf model: what was written is read back, of every family and kind of positions, in every type") {
  files::scratch const here;
  for (char const* name : {"tied", "untied", "llama3", "mistral", "biased", "qwen2", "qwen3", "gemma", "gemma2",
                           "gemma3", "phi3", "gpt2"}) {
    INFO(name);
    recorded model(name);
    model.options.attention_scale = 0;  // Gemma 2's and 3's are not said, but follow from their extents
    std::span<float const> const given = model.parameters;
    auto const path = here.path / (std::string(name) + ".gguf");
    language::write_gguf(path, model.options, given, {.stop_tokens = {5}});
    gguf_model const read(path);
    auto options = model.options;
    if (options.window && !read.architecture().windowed) {
      options.context = options.window, options.window = 0;
      options.windowed.clear();
    }
    check_same(read.options(), options);
    bool const shifted = options.norm == norm_kind::rms_plus_one;  // by 1, which rounds
    auto const same = parameters_of(read);
    for (std::size_t i = 0; i < same.size(); ++i) REQUIRE(std::abs(same[i] - given[i]) <= (shifted ? 2e-7 : 0));
    CHECK(read.stop_tokens() == std::vector<std::int32_t>{5});
    std::vector<double> wide(model.parameters.size());
    read.read_parameters<double>(wide);
    CHECK(std::equal(wide.begin(), wide.end(), same.begin()));

    using enum stored_type;
    for (auto [type, largest] : {std::pair(f16, 1e-3), std::pair(bf16, 8e-3), std::pair(q8_0, 8e-3)}) {
      if (type == q8_0 && model.options.intermediate % 32) continue;
      language::write_gguf(path, model.options, given, {.type = type, .what = existing::replace});
      auto const near = parameters_of(gguf_model(path));
      double worst = 0;
      for (std::size_t i = 0; i < near.size(); ++i) worst = std::max(worst, double(std::abs(near[i] - given[i])));
      CHECK(worst < largest);
      CHECK(worst > largest / 100);
    }
  }
}

TEST_CASE("gguf model: a head's rotary pairs stand side by side in Llama's files, and nowhere else") {
  auto const& llama = language::gguf_architectures[0];
  auto const& qwen2 = language::gguf_architectures[1];
  std::vector<std::size_t> order;
  language::gguf_rows const of_keys(llama, "model.layers.0.self_attn.k_proj.weight", 6);
  for (std::size_t r = 0; r < 12; ++r) order.push_back(of_keys.theirs(r));
  CHECK(order == std::vector<std::size_t>{0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11});
  for (std::size_t r = 0; r < 12; ++r) CHECK(of_keys.ours(of_keys.theirs(r)) == r);
  CHECK(language::gguf_rows(llama, "model.layers.0.self_attn.v_proj.weight", 6).theirs(1) == 1);
  CHECK(language::gguf_rows(qwen2, "model.layers.0.self_attn.q_proj.bias", 6).theirs(1) == 1);
  CHECK(language::gguf_name_of(qwen2, "model.layers.12.self_attn.q_proj.bias") == "blk.12.attn_q.bias");
  CHECK(language::gguf_name_of(qwen2, "model.layers.12.anything.weight") == "");
}

TEST_CASE("gguf model: Llama 3's numbers are found from its factors") {
  for (auto [size, base, factor, original] :
       {std::tuple(64, 5e5, 32., 8192.), std::tuple(128, 5e5, 8., 8192.), std::tuple(8, 1e2, 8., 32.)}) {
    rotary_scaling const s{
        .how = rotary_scaling::kind::llama3, .factor = factor, .original_context = original, .low = 1, .high = 4};
    CHECK(detail::scaling_of_factors(detail::rotary_factors(s, size, base), size, base) == s);
  }
  auto how = [](std::vector<float> const& factors) { return detail::scaling_of_factors(factors, 8, 1e4).how; };
  CHECK(how({2, 2, 2, 2}) == rotary_scaling::kind::linear);
  CHECK(how({1, 1, 8, 8}) == rotary_scaling::kind::llama3);
  CHECK(how({8, 8, 1, 1}) == rotary_scaling::kind::none);
  CHECK(how({1, 2, NAN, 8}) == rotary_scaling::kind::none);
  CHECK(how({0, 1, 1, 8}) == rotary_scaling::kind::none);
}

TEST_CASE("gguf model: a tokenizer is read as lists, and carried over to another file") {
  files::scratch const here;
  recorded const model("tied");
  std::vector<std::string> tokens;
  for (int n = 0; n < 40; ++n) tokens.push_back("t" + std::to_string(n));
  file::new_gguf_values values;
  values.set("tokenizer.ggml.model", "gpt2").set("tokenizer.ggml.pre", "smollm").set("tokenizer.ggml.tokens", tokens);
  values.set("tokenizer.ggml.token_type", std::vector<std::int32_t>(40, 1));
  values.set("tokenizer.ggml.merges", std::vector<std::string>{"t 1", "t 2"}).set("tokenizer.ggml.bos_token_id", 1u);
  values.set("tokenizer.ggml.add_bos_token", false).set("tokenizer.chat_template", "{{ x }}");
  std::span<float const> const given = model.parameters;
  auto const path = here.path / "first.gguf", second = here.path / "second.gguf";
  language::write_gguf(path, model.options, given, {.stop_tokens = {2}, .values = values});
  file::new_gguf_values copied;
  copied.copy(file::gguf(path), "tokenizer.");
  language::write_gguf(second, model.options, given, {.values = copied});
  CHECK(files::get(path) == files::get(second));

  auto const t = language::read_gguf_tokenizer(file::gguf(second));
  CHECK(t.model == "gpt2");
  CHECK(t.pre == "smollm");
  CHECK(t.tokens == tokens);
  CHECK(t.scores.empty());
  CHECK(t.types == std::vector<std::int32_t>(40, 1));
  CHECK(t.merges == std::vector<std::string>{"t 1", "t 2"});
  CHECK(t.bos == 1);
  CHECK(t.eos == 2);
  CHECK(!t.unknown);
  CHECK(t.add_bos == false);
  CHECK(!t.add_eos);
  CHECK(t.chat_template == "{{ x }}");

  values.set("tokenizer.ggml.scores", std::vector<float>(39));
  language::write_gguf(path, model.options, given, {.values = values, .what = existing::replace});
  CHECK(support::refusal<io_error>([&] { language::read_gguf_tokenizer(file::gguf(path)); }) ==
        path.string() + ": key \"tokenizer.ggml.scores\" has 39 elements, expected one for each of the 40 tokens");
}

TEST_CASE("gguf model: what a file does not say, or says otherwise, is said by the key or the tensor") {
  files::scratch const here;
  recorded const model("tied");
  auto const path = here.path / "model.gguf";
  language::write_gguf(path, model.options, std::span<float const>(model.parameters));
  std::string const whole = files::get(path);
  auto refusal = [&](std::string const& key, std::string const& is) {
    std::string file = whole;
    std::size_t const at = file.find(key);
    REQUIRE(at != file.npos);
    files::put(path, file.replace(at, is.size(), is));
    auto const said = support::refusal<io_error>([&] { gguf_model const read(path); });
    CHECK(said.starts_with(path.string() + ": "));
    return said.substr(path.string().size() + 2);
  };
  auto number = [](std::string const& key, std::uint32_t n) {
    return key + std::string("\4\0\0\0", 4) + std::string(reinterpret_cast<char const*>(&n), 4);
  };
  auto as = [&](std::string const& key, std::uint32_t n) { return refusal(key, number(key, n)); };
  CHECK(refusal("general.architecture", "general.architecturX") ==
        "key \"general.architecture\" is not in the file, expected a string");
  CHECK(refusal("llama\x11", "mamba") ==
        "key \"general.architecture\" is \"mamba\", expected one of \"llama\", \"qwen2\", \"qwen3\", \"gemma\", "
        "\"gemma2\", \"gemma3\", \"phi3\", \"gpt2\"");
  CHECK(refusal("llama.block_count", "llama.block_counX") ==
        "key \"llama.block_count\" is not in the file, expected an integer");
  CHECK(as("llama.block_count", 0) == "key \"llama.block_count\" is 0, expected a number from 1 to 10000");
  CHECK(as("llama.block_count", 2) == "tensor \"blk.1.attn_norm.weight\" is not in the file");
  CHECK(as("llama.block_count", 9999) == "has 9999 layers, and 11 tensors");
  CHECK(as("llama.embedding_length", ~0u) ==
        "key \"llama.embedding_length\" is 4294967295, expected a number from 1 to 2147483647");
  CHECK(as("llama.embedding_length", 64) == "tensor \"token_embd.weight\" has the shape [40,32], expected [40,64]");
  CHECK(as("llama.attention.key_length", 15) == "has heads of size 15, expected an even number");
  CHECK(as("llama.attention.value_length", 8) ==
        "key \"llama.attention.value_length\" is 8, expected the size of a head, 16");
  CHECK(as("llama.rope.dimension_count", 8) ==
        "key \"llama.rope.dimension_count\" is 8, expected the size of a head, 16");
  CHECK(as("llama.attention.head_count_kv", 3) == "decoder: kv_heads is 3, expected a divisor of heads");
  CHECK(refusal("blk.0.attn_q.weight", "blk.0.attn_x.weight") == "tensor \"blk.0.attn_q.weight\" is not in the file");
  CHECK(refusal("output_norm.weight", "output_morn.weight") == "tensor \"output_norm.weight\" is not in the file");
}

TEST_CASE("gguf model: values with which another formula is meant are refused by their keys") {
  files::scratch const here;
  recorded const model("tied");
  auto const path = here.path / "model.gguf";
  auto outcome = [&](char const* key, auto value) {
    language::gguf_write_options how{.what = existing::replace};
    how.values.set(std::string("llama.") + key, value);
    language::write_gguf(path, model.options, std::span<float const>(model.parameters), how);
    try {
      gguf_model const read(path);
    } catch (io_error const& e) {
      return std::string(e.what()).substr(path.string().size() + 2);
    }
    return std::string("read");
  };
  for (char const* key :
       {"attention.max_alibi_bias", "attention.clamp_kqv", "attn_logit_softcapping", "final_logit_softcapping"}) {
    CHECK(outcome(key, 8.f) ==
          "key \"llama." + std::string(key) + "\" is 8, expected none, of which nothing is known here");
    CHECK(outcome(key, 0.f) == "read");
  }
  for (char const* key : {"logit_scale", "residual_scale", "embedding_scale"}) {
    CHECK(outcome(key, 8.f) == "key \"llama." + std::string(key) + "\" is 8, expected 1 or none");
    CHECK(outcome(key, 1.f) == "read");
  }
  CHECK(outcome("attention.scale", .125f) == "key \"llama.attention.scale\" is 0.125, expected 0.25 or none");
  CHECK(outcome("attention.scale", .25f) == "read");
  CHECK(outcome("expert_count", 8u) ==
        "key \"llama.expert_count\" is 8, expected none, of which nothing is known here");
  CHECK(outcome("attention.causal", false) == "key \"llama.attention.causal\" is false, expected true");
  CHECK(outcome("use_parallel_residual", true) == "key \"llama.use_parallel_residual\" is true, expected false");
}

TEST_CASE("gguf model: what no GGUF file can say is not written") {
  files::scratch const here;
  recorded const model("qwen2");
  auto refusal = [&](auto change, language::gguf_write_options const& how = {}) {
    auto options = model.options;
    change(options);
    auto const said = support::refusal<cohort_error>([&] {
      language::write_gguf(here.path / "model.gguf", options, std::span<float const>(model.parameters), how);
    });
    CHECK(files::entries(here.path) == 0);
    return said;
  };
  auto nothing = [](decoder_options&) {};
  CHECK(refusal([](decoder_options& o) { o.scaling.truncated = false; }) ==
        "write_gguf: scaling.truncated is false, which a GGUF file cannot say");
  CHECK(refusal(nothing, {.stop_tokens = {1, 2, 3, 4}}) ==
        "write_gguf: there are 4 stop tokens, expected at most 3, for which a GGUF file has keys");
  CHECK(refusal(nothing, {.type = stored_type::q6_k}) ==
        "write_gguf: tensor \"token_embd.weight\" is to be of type Q6_K, which is only read");
  CHECK(refusal(nothing, {.type = stored_type::q8_0}) ==
        "write_gguf: tensor \"blk.0.ffn_down.weight\" has rows of 48, expected a multiple of 32 for Q8_0");
  CHECK(refusal([](decoder_options& o) { o.vocabulary = 41; }).starts_with("write_gguf: the array has "));
}

TEST_CASE("gguf model: a damaged file is read as it stands there, or refused by name, for what its length justifies") {
  files::scratch const here;
  auto const path = here.path / "model.gguf";
  auto const whole = files::get(paths::golden("gguf/llama3.gguf"));
  int refused = 0;
  std::string const header = whole.substr(0, 1800), rest = whole.substr(header.size());
  for (auto const& damaged : damage::flipped(header, 150)) {
    files::put(path, damaged + rest);
    std::size_t const before = allocated();
    auto const outcome = damage::outcome(path, [&] {
      gguf_model const model(path);
      model.stop_tokens();
      parameters_of(model);
    });
    INFO(outcome);
    REQUIRE(!outcome.starts_with("FAULT"));
    REQUIRE(allocated() - before <= 32 * whole.size());
    refused += outcome != "read";
  }
  CHECK(refused > 75);
}
