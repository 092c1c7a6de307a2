#include <array>
#include <cohort/language/files/model_files.hpp>
#include <deque>
#include <ranges>
#include <tuple>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/paths.hpp"
#include "../support/refusal.hpp"

using namespace cohort;
using namespace cohort::language;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using file::json;
using files::scratch;

namespace {

std::string const golden = paths::golden("llama/");

std::size_t size_of(decoder_options const& o) {
  auto const all = tensors_of(o);
  return std::size_t(all.back().offset + all.back().size());
}

template <class T>
std::vector<T> parameters_of(std::filesystem::path const& folder) {
  auto const options = read_config(folder);
  std::vector<T> values(size_of(options));
  read_parameters<T>(folder, options, values);
  return values;
}

decoder_options const tiny{.vocabulary = 5,
                           .hidden = 4,
                           .intermediate = 3,
                           .layers = 1,
                           .heads = 2,
                           .kv_heads = 1,
                           .context = 7,
                           .rope_base = 5e5,
                           .epsilon = 1e-6,
                           .tied = true};

/// 1, 2, 3, ...: numbers that differ.
template <class T>
std::vector<T> counted(decoder_options const& o) {
  std::vector<T> values(size_of(o));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = T(i + 1);
  return values;
}

json const plain = json::parse(
    R"({"model_type": "llama", "vocab_size": 40, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
  "num_attention_heads": 4, "max_position_embeddings": 64, "rms_norm_eps": 1e-05})");

decoder_options read(json const& config) {
  scratch const here;
  files::put(here.path / "config.json", config.dump());
  return read_config(here.path);
}

/// What a config.json that is `plain` but for these fields is refused for, after the file's name.
std::string refusal(json const& changes) {
  json config = plain;
  for (auto const& [name, value] : changes.items()) config[name] = value;
  scratch const here;
  files::put(here.path / "config.json", config.dump());
  std::string const text = support::message_of<io_error>([&] { read_config(here.path); }),
                    file = (here.path / "config.json").string();
  if (text.empty()) return "nothing";
  return text.starts_with(file) ? text.substr(file.size()) : "not said with the file: " + text;
}

/// A folder with a model.safetensors of the tensors of `tiny`, after `change`.
template <class F>
void put_weights(scratch const& here, F change) {
  auto const values = counted<float>(tiny);
  std::vector<file::new_tensor<float>> list;
  for (auto const& t : tensors_of(tiny))
    list.push_back(
        {t.name, detail::shape_of(t), std::span(values).subspan(std::size_t(t.offset), std::size_t(t.size()))});
  change(list);
  file::write_safetensors<float>(here.path / "model.safetensors", list, existing::replace);
}

void read_tiny(scratch const& here) {
  std::vector<float> out(size_of(tiny));
  read_parameters<float>(here.path, tiny, out);
}

}  // namespace

TEST_CASE("read_config: the extents that transformers 5 wrote", "[golden]") {
  auto const untied = read_config(golden + "untied"), tied = read_config(golden + "tied");
  CHECK(untied.vocabulary == 40);
  CHECK(untied.hidden == 32);
  CHECK(untied.intermediate == 48);
  CHECK(untied.layers == 2);
  CHECK(untied.heads == 4);
  CHECK(untied.kv_heads == 2);
  CHECK(untied.head_size == 8);
  CHECK(untied.context == 64);
  CHECK(untied.rope_base == 10000);
  CHECK(untied.epsilon == 1e-5);
  CHECK_FALSE(untied.tied);
  CHECK(tied.layers == 1);
  CHECK(tied.head_size == 16);
  CHECK(tied.tied);
}

TEST_CASE("read_config: what may be left out is what transformers takes for it") {
  auto const o = read(plain);
  CHECK(o.keys() == 4);
  CHECK(o.size_of_head() == 8);
  CHECK(o.rope_base == 10000);
  CHECK_FALSE(o.tied);
  json nulls = plain;
  for (char const* name :
       {"num_key_value_heads", "head_dim", "rope_scaling", "rope_parameters", "rope_theta", "hidden_act"})
    nulls[name] = nullptr;
  CHECK(read(nulls).keys() == 4);
}

TEST_CASE("read_config: the rotary base of transformers 4 and of 5") {
  auto base = [](json const& changes) {
    json config = plain;
    config.update(changes);
    return read(config).rope_base;
  };
  CHECK(base({{"rope_theta", 500000}}) == 500000);
  CHECK(base({{"rope_parameters", {{"rope_theta", 1e6}, {"rope_type", "default"}}}}) == 1e6);
  CHECK(base({{"rope_parameters", {{"rope_theta", 1e6}, {"rope_type", "default"}}}, {"rope_theta", 1e6}}) == 1e6);
  CHECK(base({{"rope_scaling", {{"type", "default"}}}, {"rope_theta", 2e4}}) == 2e4);
}

TEST_CASE("read_config: a model that the decoder is not is refused by name") {
  std::string const families =
      "expected one of \"llama\", \"mistral\", \"qwen2\", \"qwen3\", \"gemma\", \"gemma2\", \"gemma3_text\", \"phi3\", "
      "\"gpt2\"";
  CHECK(refusal({{"model_type", "bloom"}}) == ": has model_type \"bloom\", " + families);
  CHECK(refusal({{"model_type", 3}}) == ": has model_type 3, " + families);
  CHECK(refusal({{"model_type", nullptr}}) == ": has no model_type");
  CHECK(refusal({{"hidden_act", "gelu"}}) ==
        ": has hidden_act \"gelu\", expected \"silu\", \"gelu_pytorch_tanh\", \"gelu_new\" or \"relu\"");
  CHECK(refusal({{"attention_bias", 1}}) == ": has attention_bias 1, expected true or false");
  std::string const known = "expected \"default\", \"dynamic\", \"linear\", \"llama3\" or \"yarn\"";
  CHECK(refusal({{"rope_scaling", {{"type", "longrope"}, {"factor", 2}}}}) ==
        ", rope_scaling: has type \"longrope\", " + known);
  CHECK(refusal({{"rope_scaling", {{"rope_type", "llama3"}, {"factor", 8}}}}) ==
        ", rope_scaling: has no low_freq_factor");
  CHECK(refusal({{"rope_parameters", {{"rope_type", "yarn"}, {"rope_theta", 1e4}}}}) ==
        ", rope_parameters: has no factor");
  CHECK(refusal({{"rope_parameters", {{"rope_type", "linear"}, {"factor", .5}}}}) ==
        ", rope_parameters: cannot be: rotary_scaling: factor is 0.5, expected a number from 1 on");
  CHECK(refusal({{"rope_parameters", {{"rope_type", "yarn"}, {"factor", 2}, {"beta_fast", 1}}}}) ==
        ", rope_parameters: cannot be: rotary_scaling: fast is 1, expected a number above slow");
  CHECK(refusal({{"rope_parameters", {{"rope_type", "yarn"}, {"factor", 2}, {"mscale", 1}}}}) ==
        ", rope_parameters: has mscale 1, expected none, of which nothing is known here");
  CHECK(refusal({{"rope_parameters", {{"partial_rotary_factor", .5}}}}) ==
        ", rope_parameters: has partial_rotary_factor 0.5, expected 1");
  CHECK(refusal({{"rope_parameters", {{"rope_type", "linear"}, {"factor", 2}}},
                 {"rope_scaling", {{"rope_type", "linear"}, {"factor", 3}}}}) ==
        ": has rope_scaling {\"factor\":3,\"rope_type\":\"linear\"}, expected the one beside it in rope_parameters");
  CHECK(refusal({{"rope_parameters", 3}}) == ": has rope_parameters 3, expected an object");
  CHECK(refusal({{"rope_parameters", {{"rope_theta", 1e6}}}, {"rope_theta", 1e4}}) ==
        ", rope_parameters: has rope_theta 1000000.0, expected the one beside rope_parameters, 10000");
}

TEST_CASE("read_config: an extent that is missing, or is no positive integer, is said by its name") {
  for (std::string name :
       {"vocab_size", "hidden_size", "intermediate_size", "num_attention_heads", "max_position_embeddings"}) {
    CHECK(refusal({{name, nullptr}}) == ": has no " + name);
    for (json value :
         {json(0), json(-8), json(8.0), json("8"), json(1e300), json(2147483648), json(true), json::array({8})})
      CHECK(refusal({{name, value}}) == ": has " + name + " " + value.dump() + ", expected a positive integer");
  }
  CHECK(refusal({{"num_hidden_layers", nullptr}}) == ": has no num_hidden_layers");
  CHECK(refusal({{"num_hidden_layers", 2'000'000'000}}) ==
        ": has num_hidden_layers 2000000000, expected a positive integer up to 10000");
  CHECK(refusal({{"num_key_value_heads", 0}}) == ": has num_key_value_heads 0, expected a positive integer");
  CHECK(refusal({{"head_dim", -8}}) == ": has head_dim -8, expected a positive integer");
  CHECK(refusal({{"rms_norm_eps", nullptr}}) == ": has no rms_norm_eps");
  CHECK(refusal({{"rms_norm_eps", "1e-5"}}) == ": has rms_norm_eps \"1e-5\", expected a number");
  CHECK(refusal({{"rope_theta", "1e4"}}) == ": has rope_theta \"1e4\", expected a number");
  CHECK(refusal({{"tie_word_embeddings", 1}}) == ": has tie_word_embeddings 1, expected true or false");
}

TEST_CASE("read_config: extents that do not fit together are said with both") {
  CHECK(refusal({{"num_attention_heads", 5}}) ==
        ": has num_attention_heads 5, expected a divisor of hidden_size, 32, or head_dim beside it");
  CHECK(refusal({{"num_attention_heads", 5}, {"head_dim", 8}}) == "nothing");
  CHECK(refusal({{"num_key_value_heads", 3}}) ==
        ": has num_key_value_heads 3, expected a divisor of num_attention_heads, 4");
  CHECK(refusal({{"num_key_value_heads", 8}}) ==
        ": has num_key_value_heads 8, expected a divisor of num_attention_heads, 4");
  CHECK(refusal({{"head_dim", 7}}) ==
        ": has heads of size 7, expected an even head_dim or hidden_size / num_attention_heads");
  CHECK(refusal({{"num_attention_heads", 32}}) ==
        ": has heads of size 1, expected an even head_dim or hidden_size / num_attention_heads");
  CHECK(refusal({{"rms_norm_eps", 0}}) == ": has rms_norm_eps 0, expected a positive number");
  CHECK(refusal({{"rope_theta", 1}}) == ": has the rope_theta 1, expected a number above 1");
}

TEST_CASE("read_config: extents that this machine has no memory for are refused, by name and with their bytes") {
  CHECK_THAT(
      refusal({{"head_dim", 2147483646}}),
      StartsWith(": decoder: the parameters of vocabulary 40, hidden 32, intermediate 48, layers 2, heads 4, "
                 "kv_heads 4, head_size 2147483646 in float would take 8.79609e+12 bytes, and this machine has "));
  CHECK_THAT(refusal({{"num_attention_heads", 1 << 30}, {"head_dim", 8}, {"num_key_value_heads", 1}}),
             ContainsSubstring("heads 1073741824, kv_heads 1, head_size 8 in float would take 4.39805e+12 bytes"));
  CHECK_THAT(refusal({{"vocab_size", 2147483647}, {"hidden_size", 2147483640}}),
             ContainsSubstring("would take 1.84467e+20 bytes"));
  CHECK_THAT(refusal({{"intermediate_size", 2147483647}, {"num_hidden_layers", 10'000}}),
             ContainsSubstring("would take 8.24634e+15 bytes"));
}

TEST_CASE("read_config: a context costs nothing, however long") {
  json config = plain;
  config["max_position_embeddings"] = 2147483647;
  CHECK(read(config).context == 2147483647);
}

TEST_CASE("read_config: more parameters than the model.safetensors beside it can hold are refused with both") {
  scratch const here;
  put_weights(here, [](auto&) {});
  auto put = [&](int layers) {
    json config = plain;
    config["num_hidden_layers"] = layers;
    files::put(here.path / "config.json", config.dump());
  };
  put(1000);  // 8.8 million parameters, 70 MB of names and numbers: no memory is too small for it
  CHECK_THROWS_AS(read_config(here.path), io_error);
  auto const weights = here.path / "model.safetensors";
  CHECK_THROWS_WITH(
      read_config(here.path),
      (here.path / "config.json").string() +
          ": describes 8.77059e+06 parameters, by vocabulary 40, hidden 32, intermediate 48, layers 1000, heads 4, "
          "kv_heads 4, head_size 8, which take at least 1.75412e+07 bytes, and " +
          weights.string() + " has " + std::to_string(std::filesystem::file_size(weights)));
  std::filesystem::remove(weights);
  CHECK(read_config(here.path).layers == 1000);
}

TEST_CASE("read_stop_tokens: one token, several, or none; anything else is refused") {
  scratch const here;
  auto stop = [&](json const& eos) {
    json config = plain;
    if (!eos.is_discarded()) config["eos_token_id"] = eos;
    files::put(here.path / "config.json", config.dump());
    return read_stop_tokens(here.path);
  };
  CHECK(read_stop_tokens(golden + "tied") == std::vector<std::int32_t>{2});
  CHECK(stop(json(json::value_t::discarded)).empty());
  CHECK(stop(nullptr).empty());
  CHECK(stop(0) == std::vector<std::int32_t>{0});
  CHECK(stop({128001, 128008}) == std::vector<std::int32_t>{128001, 128008});
  for (json value : {json(-1), json("2"), json(2.5), json(2147483648), json::array({1, nullptr})})
    CHECK_THROWS_WITH(stop(value), (here.path / "config.json").string() + ": has eos_token_id " + value.dump() +
                                       ", expected a token or a list of tokens");
}

TEST_CASE("read_stop_tokens: those of generation_config.json end a text too") {
  scratch const here;
  json config = plain;
  config["eos_token_id"] = 3;
  files::put(here.path / "config.json", config.dump());
  files::put(here.path / "generation_config.json", R"({"eos_token_id": [7, 3]})");
  CHECK(read_stop_tokens(here.path) == std::vector<std::int32_t>{3, 7});
  files::put(here.path / "generation_config.json", R"({"temperature": 1})");
  CHECK(read_stop_tokens(here.path) == std::vector<std::int32_t>{3});
  files::put(here.path / "generation_config.json", R"({"eos_token_id": "end"})");
  CHECK_THROWS_WITH(read_stop_tokens(here.path),
                    (here.path / "generation_config.json").string() +
                        ": has eos_token_id \"end\", expected a token or a list of tokens");
}

TEST_CASE("read_config: a file that is missing or no JSON object is said with its path") {
  scratch const here;
  auto const path = (here.path / "config.json").string();
  CHECK_THROWS_WITH(read_config(here.path), path + " cannot be opened: No such file or directory");
  files::put(path, "");
  CHECK_THROWS_WITH(read_config(here.path), path + ": is not JSON, from byte 1 on");
  files::put(path, "{\"model_type\": llama}");
  CHECK_THROWS_WITH(read_config(here.path), path + ": is not JSON, from byte 16 on");
  files::put(path, "[1]");
  CHECK_THROWS_WITH(read_config(here.path), path + ": is [1], expected a JSON object");
  files::put(path, R"({"model_type": "llama", "model_type": "llama"})");
  CHECK_THROWS_WITH(read_config(here.path), path + ": has the key \"model_type\" twice");
}

TEST_CASE("read_parameters: each tensor lies where tensors_of says, in float and in double", "[golden]") {
  for (std::string name : {"untied", "tied"}) {
    auto const options = read_config(golden + name);
    auto const narrow = parameters_of<float>(golden + name);
    auto const wide = parameters_of<double>(golden + name);
    file::safetensors const file(golden + name + "/model.safetensors");
    CHECK(file.tensors().size() == tensors_of(options).size());
    CHECK(options.parameters() == double(narrow.size()));
    int wrong = 0;
    for (auto const& t : tensors_of(options)) {
      auto const stored = file.at(t.name).bytes;
      wrong += std::memcmp(stored.data(), narrow.data() + t.offset, stored.size()) != 0;
    }
    for (std::size_t i = 0; i < wide.size(); ++i) wrong += wide[i] != double(narrow[i]);
    CHECK(wrong == 0);
  }
}

TEST_CASE("read_parameters: a tensor that is missing, misshapen or not the decoder's is said with the file") {
  scratch const here;
  auto const path = (here.path / "model.safetensors").string();
  std::vector<float> const four(4), more(20);
  put_weights(here, [](auto& list) { list.erase(list.begin() + 1); });
  CHECK_THROWS_AS(read_tiny(here), io_error);
  CHECK_THROWS_WITH(read_tiny(here), path + ": tensor \"model.layers.0.input_layernorm.weight\" is not in the file");
  put_weights(here, [](auto& list) { list[0].shape = {4, 5}; });
  CHECK_THROWS_WITH(read_tiny(here),
                    path + ": tensor \"model.embed_tokens.weight\" has the shape [4,5], expected [5,4]");
  put_weights(here, [](auto& list) { list[1].shape = {4, 1}; });
  CHECK_THROWS_WITH(read_tiny(here),
                    path + ": tensor \"model.layers.0.input_layernorm.weight\" has the shape [4,1], expected [4]");
  put_weights(here, [&](auto& list) {
    list.push_back({"model.layers.0.self_attn.q_proj.bias", {4}, four}), list.push_back({"a", {4}, four});
  });
  CHECK_THROWS_WITH(
      read_tiny(here),
      path + ": has tensors that the decoder does not have: \"a\", \"model.layers.0.self_attn.q_proj.bias\"");
  put_weights(here, [&](auto& list) {
    for (char name = 'a'; name < 'a' + 7; ++name) list.push_back({std::string(1, name), {4}, four});
  });
  CHECK_THROWS_WITH(read_tiny(here),
                    path + R"(: has tensors that the decoder does not have: "a", "b", "c", "d", "e" and 2 more)");
}

TEST_CASE("read_parameters: a tied model may store its head, if that is the embedding") {
  scratch const here;
  auto const refused = (here.path / "model.safetensors").string() +
                       ": tensor \"lm_head.weight\" is not model.embed_tokens.weight, as it must be where config.json "
                       "says tie_word_embeddings";
  auto other = counted<float>(tiny);
  put_weights(here, [](auto& list) { list.push_back({"lm_head.weight", {5, 4}, list[0].values}); });
  CHECK_NOTHROW(read_tiny(here));
  put_weights(here, [](auto& list) { list.push_back({"lm_head.weight", {4, 5}, list[0].values}); });
  CHECK_THROWS_WITH(read_tiny(here), refused);
  other[3] += 1;
  put_weights(here,
              [&](auto& list) { list.push_back({"lm_head.weight", {5, 4}, std::span<float const>(other).first(20)}); });
  CHECK_THROWS_WITH(read_tiny(here), refused);
}

TEST_CASE(
    "read_parameters: an array of another size, and a decoder that cannot be, are refused before the file is opened") {
  std::vector<float> out(3);
  CHECK_THROWS_AS(read_parameters<float>("/nowhere", decoder_options{}, out), value_error);
  CHECK_THROWS_AS(read_parameters<float>("/nowhere", tiny, out), shape_error);
  CHECK_THROWS_WITH(
      read_parameters<float>("/nowhere", tiny, out),
      "read_parameters: the array has 3 elements, and the decoder " + std::to_string(size_of(tiny)) + " parameters");
}

TEST_CASE("read_parameters: angles of rotary positions that a file has beside its weights are passed over") {
  scratch const here;
  std::vector<float> const angles(1);
  put_weights(here, [&](auto& list) { list.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", {1}, angles}); });
  CHECK_NOTHROW(read_tiny(here));
}

TEST_CASE("read_parameters: a model in several files, and an index that does not say where its tensors are") {
  scratch const here;
  auto const index = here.path / "model.safetensors.index.json";
  auto const values = counted<float>(tiny);
  json map;
  std::array<std::vector<file::new_tensor<float>>, 2> parts;
  std::array<std::string, 2> const names{"one.safetensors", "two.safetensors"};
  for (auto const& t : tensors_of(tiny)) {
    std::size_t const at = map.size() % 2;
    parts[at].push_back(
        {t.name, detail::shape_of(t), std::span(values).subspan(std::size_t(t.offset), std::size_t(t.size()))});
    map[t.name] = names[at];
  }
  for (std::size_t k : {0u, 1u}) file::write_safetensors<float>(here.path / names[k], parts[k], existing::refuse);
  auto says = [&](json const& weight_map, std::string const& what) {
    files::put(index, json({{"weight_map", weight_map}}).dump());
    CHECK_THROWS_WITH(read_tiny(here), index.string() + what);
  };
  files::put(index, json({{"weight_map", map}}).dump());
  std::vector<float> out(size_of(tiny));
  read_parameters<float>(here.path, tiny, out);
  CHECK(out == values);

  std::string const norm = "model.norm.weight", file = map[norm];
  says(json::array(), ": has weight_map [], expected an object of tensors and their files");
  for (std::string const elsewhere : {"../one.safetensors", "/etc/passwd", "", ".."}) {
    auto wrong = map;
    wrong[norm] = elsewhere;
    says(wrong, ": has for \"model.norm.weight\" the file \"" + elsewhere + "\", expected a file beside it");
  }
  auto other = map;
  other[norm] = file == names[0] ? names[1] : names[0];
  says(other, ": says that tensor \"model.norm.weight\" is in " + (here.path / std::string(other[norm])).string() +
                  ", and it is not");
  auto more = map;
  more["lm_head.weight"] = names[0];
  says(more, ": says that tensor \"lm_head.weight\" is in " + (here.path / names[0]).string() + ", and it is not");
  auto missing = map;
  missing["a"] = "three.safetensors";
  files::put(index, json({{"weight_map", missing}}).dump());
  CHECK_THROWS_WITH(read_tiny(here), StartsWith((here.path / "three.safetensors").string() + " cannot be opened"));
}

namespace {

/// A family of our own: its files call queries, keys and values biased.
struct own_family {
  static constexpr char const* model_type = "ours";
  static void read(file::json_fields const& config, decoder_options& o) {
    family::read_common(config, o);
    o.biased = config.flag("biased", false);
  }
};

}  // namespace

TEST_CASE("read_config: a family's own fields, and a family of our own") {
  scratch const here;
  auto of = [&](json const& changes) {
    json config = plain;
    config.update(changes);
    files::put(here.path / "config.json", config.dump());
    return read_config(here.path, own_family{});
  };
  CHECK_FALSE(of(json::object()).biased);
  CHECK(of({{"model_type", "qwen2"}}).biased);
  CHECK(of({{"model_type", "qwen2"}}).context == 64);
  CHECK(of({{"model_type", "qwen2"}, {"sliding_window", 16}}).context == 64);
  auto const window = [&](json const& changes) { return of(changes).window; };
  CHECK(window({{"model_type", "qwen2"}, {"use_sliding_window", true}, {"sliding_window", 16}}) == 0);  // of 28 layers
  auto const second =
      of({{"model_type", "qwen2"}, {"use_sliding_window", true}, {"sliding_window", 16}, {"max_window_layers", 1}});
  CHECK(second.window == 16);
  CHECK(second.windowed == std::vector<bool>{false, true});
  CHECK(window({{"model_type", "mistral"}}) == 0);  // 4096 is longer than the context
  CHECK(window({{"model_type", "mistral"}, {"max_position_embeddings", 9000}}) == 4096);
  CHECK(window({{"model_type", "mistral"}, {"max_position_embeddings", 9000}, {"sliding_window", nullptr}}) == 0);
  CHECK(window({{"model_type", "mistral"}, {"sliding_window", 16}}) == 16);
  CHECK(of({{"model_type", "ours"}, {"biased", true}}).biased);
  CHECK_FALSE(of({{"model_type", "ours"}}).biased);
}

TEST_CASE("write_model: biases, stretched positions and stop tokens are read back") {
  using kind = rotary_scaling::kind;
  for (auto const& scaling : {rotary_scaling{},
                              {.how = kind::linear, .factor = 2.5},
                              {.how = kind::llama3, .factor = 8, .original_context = 4, .low = 1, .high = 3},
                              {.how = kind::yarn, .factor = 2, .original_context = 4, .fast = 9, .attention = 1.25}})
    for (bool biased : {false, true}) {
      scratch const here;
      auto o = tiny;
      o.biased = biased, o.scaling = scaling, o.head_size = 2;
      auto const values = counted<float>(o);
      std::vector<std::int32_t> const ends{2, 4};
      write_model<float>(here.path / "m", o, values, existing::refuse, ends);
      auto const found = read_config(here.path / "m");
      CHECK(found.biased == biased);
      CHECK(found.scaling == scaling);
      CHECK(parameters_of<float>(here.path / "m") == values);
      CHECK(read_stop_tokens(here.path / "m") == ends);
    }
}

TEMPLATE_TEST_CASE("write_model: what is written is read back", "", float, double) {
  scratch const here;
  auto const folder = here.path / "a" / "b";
  for (bool tied : {false, true}) {
    decoder_options options = tiny;
    options.tied = tied;
    auto const values = counted<TestType>(options);
    write_model<TestType>(folder, options, values, existing::replace);
    auto const o = read_config(folder);
    CHECK(std::tuple(o.vocabulary, o.hidden, o.intermediate, o.layers, o.heads, o.keys(), o.size_of_head(),
                     o.context) == std::tuple(5, 4, 3, 1, 2, 1, 2, 7));
    CHECK(std::tuple(o.rope_base, o.epsilon, o.tied) == std::tuple(5e5, 1e-6, tied));
    CHECK(parameters_of<TestType>(folder) == values);
    CHECK(file::safetensors(folder / "model.safetensors").at("model.norm.weight").type ==
          (sizeof(TestType) == 4 ? "F32" : "F64"));
    CHECK(files::entries(folder) == 2);
  }
}

TEST_CASE("write_model: a model of transformers comes out with the tensors that it had", "[golden]") {
  scratch const here;
  for (std::string name :
       {"untied", "tied", "biased", "mistral", "qwen3", "gemma", "gemma2", "gemma3", "phi3", "gpt2"}) {
    CAPTURE(name);
    write_model<float>(here.path, read_config(golden + name), parameters_of<float>(golden + name), existing::replace);
    file::safetensors const before(golden + name + "/model.safetensors"), after(here.path / "model.safetensors");
    REQUIRE(before.tensors().size() == after.tensors().size());
    for (auto const& [tensor, stored] : before.tensors()) {
      CHECK(after.at(tensor).shape == stored.shape);
      CHECK(std::ranges::equal(after.at(tensor).bytes, stored.bytes));
    }
    CHECK(after.metadata() == before.metadata());
    CHECK(detail::written_out(read_config(here.path)) == detail::written_out(read_config(golden + name)));
  }
}

TEST_CASE("write_model_like: all but the parameters is that of the other folder, of every family", "[golden]") {
  for (std::string name : {"untied", "mistral", "qwen2", "gemma3", "phi3", "gpt2"}) {
    CAPTURE(name);
    scratch const here;
    auto const source = here.path / "source", folder = here.path / "new";
    // In 16 bits, with files about texts, and others.
    std::filesystem::copy(golden + name, source);
    std::filesystem::remove(source / "expected.safetensors");
    auto const options = read_config(source);
    auto parameters = parameters_of<float>(source);
    std::string const type = name == "phi3" ? "F16" : "BF16";
    std::vector<file::new_tensor<float>> in_16_bits;
    std::deque<std::vector<float>> values;
    detail::tensor_files const files(source);
    for (auto const& tensor : files.names()) {
      auto const& stored = files.file_of(tensor).at(tensor);
      auto& v = values.emplace_back(detail::product(stored.shape, 1));
      files.file_of(tensor).read<float>(tensor, stored.shape, v);
      in_16_bits.push_back({tensor, stored.shape, v, type});
    }
    for (auto const& old : std::filesystem::directory_iterator(source))
      if (old.path().filename().string().starts_with("model")) std::filesystem::remove(old.path());
    file::write_safetensors(source / "model.safetensors", in_16_bits);
    for (char const* other :
         {"tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json"})
      files::put(source / other, std::string("{\"of\": \"") + other + "\"}");
    files::put(source / "README.md", "not of it");

    parameters = parameters_of<float>(source);
    write_model_like<float>(source, folder, parameters);
    CHECK(files::entries(folder) == 6);
    for (char const* same : {"config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"})
      CHECK(files::get(folder / same) == files::get(source / same));
    CHECK(parameters_of<float>(folder) == parameters);
    file::safetensors const before(source / "model.safetensors"), after(folder / "model.safetensors");
    for (auto const& [tensor, stored] : before.tensors()) {
      CHECK(after.at(tensor).type == type);
      CHECK(after.at(tensor).shape == stored.shape);
      CHECK(std::ranges::equal(after.at(tensor).bytes, stored.bytes));
    }
    CHECK_THROWS_AS(write_model_like<float>(source, folder, parameters), io_error);
    CHECK_THROWS_WITH(write_model_like<float>(source, source, parameters),
                      source.string() + " is the folder of the model that the new one is to be like, expected another");
    CHECK_THROWS_AS(write_model_like<float>(source, here.path / "x", std::span<float const>(parameters).first(3)),
                    shape_error);
    CHECK_FALSE(std::filesystem::exists(here.path / "x"));
  }
}

TEST_CASE("write_model: neither file is touched where one is there already, and may not be replaced") {
  auto const values = counted<float>(tiny);
  for (std::string name : {"config.json", "model.safetensors"}) {
    scratch const here;
    files::put(here.path / name, "precious");
    CHECK_THROWS_AS(write_model<float>(here.path, tiny, values), io_error);
    CHECK_THROWS_WITH(write_model<float>(here.path, tiny, values),
                      (here.path / name).string() + " exists already, and was not to be replaced");
    CHECK(files::get(here.path / name) == "precious");
    CHECK(files::entries(here.path) == 1);
  }
}

TEST_CASE("write_model: what it cannot write is refused before anything is made") {
  scratch const here;
  auto const folder = here.path / "model";
  auto const values = counted<float>(tiny);
  CHECK_THROWS_AS(write_model<float>(folder, tiny, std::span(values).first(7)), shape_error);
  CHECK_THROWS_AS(write_model<float>(folder, decoder_options{}, values), value_error);
  decoder_options odd = tiny;
  odd.hidden = 5, odd.head_size = 2;
  CHECK_THROWS_WITH(write_model<float>(folder, odd, counted<float>(odd)),
                    ContainsSubstring("which transformers 5 demands whatever head_size"));
  CHECK(files::entries(here.path) == 0);
  files::put(folder, "a file");
  CHECK_THROWS_WITH(write_model<float>(folder, tiny, values), ContainsSubstring(folder.string() + " cannot be made"));
}
