#pragma once
#include <cohort/file/safetensors.hpp>
#include <cohort/language/model/decoder_options.hpp>
#include <ranges>
#include <system_error>

// A folder with a Llama as Hugging Face's transformers reads and writes it: config.json and model.safetensors.

namespace COHORT_NAMESPACE::detail {

/// The base of the rotary positions: transformers 5 has it in rope_parameters, 4 in rope_theta with rope_scaling for
/// other kinds of positions.
inline double rope_base(file::json_fields const& config, std::string const& where) {
  double base = config.find("rope_theta") ? config.number("rope_theta") : 10000;
  for (char const* name : {"rope_parameters", "rope_scaling"}) {
    auto const* value = config.find(name);
    if (!value) continue;
    if (!value->is_object()) config.wrong(name, "an object");
    file::json_fields const rope(*value, where + ", " + name);
    for (char const* type : {"rope_type", "type"})
      if (rope.find(type) && rope.at(type) != "default")
        rope.wrong(type, "\"default\", the only rotary positions that are known here");
    if (!rope.find("rope_theta")) continue;
    if (config.find("rope_theta") && rope.number("rope_theta") != base)
      rope.wrong("rope_theta", "the one beside " + std::string(name) + ", " + text(base));
    base = rope.number("rope_theta");
  }
  if (!(base > 1)) refuse_file(where, "has the rope_theta " + text(base) + ", expected a number above 1");
  return base;
}

inline file::json read_object(std::filesystem::path const& path) {
  file::mapped_file const file(path);
  return file::parse_object({reinterpret_cast<char const*>(file.bytes().data()), file.bytes().size()}, path.string());
}

inline std::vector<std::size_t> shape_of(named_tensor const& t) {
  if (t.columns == 0) return {std::size_t(t.rows)};
  return {std::size_t(t.rows), std::size_t(t.columns)};
}

inline void require_parameters(char const* where, std::vector<named_tensor> const& tensors, std::size_t given) {
  auto const expected = std::size_t(tensors.back().offset + tensors.back().size());
  if (given != expected)
    throw shape_error(std::string(where) + ": the array has " + std::to_string(given) + " elements, and the decoder " +
                      std::to_string(expected) + " parameters");
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// The extents in a folder's config.json. What is not there is what transformers takes for it, but an extent that it
/// would make up is an io_error, and so is anything that the decoder does not do: another model_type, biases, an
/// activation other than silu, rotary positions other than the default. So are extents whose parameters do not fit into
/// this machine's memory, or into the model.safetensors beside it: whoever reads them may allocate what they say.
inline decoder_options read_config(std::filesystem::path const& folder) {
  std::string const where = (folder / "config.json").string();
  file::json const object = detail::read_object(where);
  file::json_fields const config(object, where);
  if (config.at("model_type") != "llama") config.wrong("model_type", "\"llama\"");
  if (config.find("hidden_act") && config.at("hidden_act") != "silu") config.wrong("hidden_act", "\"silu\"");
  for (char const* bias : {"attention_bias", "mlp_bias"})
    if (config.flag(bias, false)) config.wrong(bias, "false");

  decoder_options o;
  o.vocabulary = config.positive("vocab_size");
  o.hidden = config.positive("hidden_size");
  o.intermediate = config.positive("intermediate_size");
  o.layers = config.positive("num_hidden_layers", decoder_options::most_layers);
  o.heads = config.positive("num_attention_heads");
  if (config.find("num_key_value_heads")) o.kv_heads = config.positive("num_key_value_heads");
  if (config.find("head_dim")) o.head_size = config.positive("head_dim");
  o.context = config.positive("max_position_embeddings");
  o.epsilon = config.number("rms_norm_eps");
  o.rope_base = detail::rope_base(config, where);
  o.tied = config.flag("tie_word_embeddings", false);

  if (!o.head_size && o.hidden % o.heads)
    config.wrong("num_attention_heads",
                 "a divisor of hidden_size, " + std::to_string(o.hidden) + ", or head_dim beside it");
  if (o.size_of_head() % 2)
    detail::refuse_file(where, "has heads of size " + std::to_string(o.size_of_head()) +
                                   ", expected an even head_dim or hidden_size / num_attention_heads");
  if (o.heads % o.keys())
    config.wrong("num_key_value_heads", "a divisor of num_attention_heads, " + std::to_string(o.heads));
  if (!(o.epsilon > 0)) config.wrong("rms_norm_eps", "a positive number");
  try {
    o.check();
  } catch (value_error const& e) {
    detail::refuse_file(where, e.what());
  }
  std::error_code absent;
  auto const weights = folder / "model.safetensors";
  auto const bytes = double(std::filesystem::file_size(weights, absent));
  if (!absent && bytes < 2 * o.parameters())  // two bytes are the shortest that are read
    detail::refuse_file(where, "describes " + detail::text(o.parameters()) + " parameters, by " + o.extents() +
                                   ", which take at least " + detail::text(2 * o.parameters()) + " bytes, and " +
                                   weights.string() + " has " + detail::text(bytes));
  return o;
}

/// The tokens that end a text by a folder's config.json: its eos_token_id, which is one token, several, or none.
inline std::vector<std::int32_t> read_stop_tokens(std::filesystem::path const& folder) {
  std::string const where = (folder / "config.json").string();
  file::json const object = detail::read_object(where);
  file::json_fields const config(object, where);
  file::json const* const found = config.find("eos_token_id");
  if (!found) return {};
  file::json const list = found->is_array() ? *found : file::json::array({*found});
  std::vector<std::int32_t> tokens;
  for (file::json const& token : list) {
    if (!token.is_number_unsigned() ||
        token.get<std::uint64_t>() > std::uint64_t(std::numeric_limits<std::int32_t>::max()))
      config.wrong("eos_token_id", "a token or a list of tokens");
    tokens.push_back(token.get<std::int32_t>());
  }
  return tokens;
}

/// Fills the decoder's flat array of parameters from a folder's model.safetensors. Raises io_error for a tensor that is
/// missing, has another shape, or is none of the decoder's; in a tied model lm_head.weight may be there if it is the
/// embedding, bit by bit. Raises shape_error if `out` is of another size.
template <class T>
void read_parameters(std::filesystem::path const& folder, decoder_options const& options, std::span<T> out) {
  options.check();
  auto const tensors = tensors_of(options);
  detail::require_parameters("read_parameters", tensors, out.size());
  auto const path = folder / "model.safetensors", index = folder / "model.safetensors.index.json";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored) && std::filesystem::exists(index, ignored))
    throw io_error(index.string() +
                   " spreads the model over several files, and only a single model.safetensors can be read");
  file::safetensors const file(path);

  std::set<std::string> strangers;
  for (auto const& [name, stored] : file.tensors()) strangers.insert(name);
  for (auto const& t : tensors) {
    file.read<T>(t.name, detail::shape_of(t), out.subspan(std::size_t(t.offset), std::size_t(t.size())));
    strangers.erase(t.name);
  }
  if (options.tied && strangers.contains("lm_head.weight")) {
    file::stored_tensor const &head = file.at("lm_head.weight"), &embedding = file.at("model.embed_tokens.weight");
    if (head.type != embedding.type || head.shape != embedding.shape ||
        !std::ranges::equal(head.bytes, embedding.bytes))
      detail::refuse_file(path.string(),
                          "tensor \"lm_head.weight\" is not model.embed_tokens.weight, as it must be where config.json "
                          "says tie_word_embeddings");
    strangers.erase("lm_head.weight");
  }
  if (!strangers.empty()) {
    std::string names;
    std::size_t shown = 0;
    for (auto const& name : strangers)
      if (shown++ < 5) names += (names.empty() ? "" : ", ") + detail::shown(name);
    if (shown > 5) names += " and " + std::to_string(shown - 5) + " more";
    detail::refuse_file(path.string(), "has tensors that the decoder does not have: " + names);
  }
}

/// Writes a folder that LlamaForCausalLM.from_pretrained of transformers 4 and 5 reads: the weights first, then
/// config.json, each whole or not at all, and never beside the other of a model that was there. Both are written as T.
/// No token is said to end a text: what ends one is the tokenizer's business, and its files are not written.
template <class T>
void write_model(std::filesystem::path const& folder, decoder_options const& options, std::span<T const> parameters,
                 existing what = existing::refuse) {
  options.check();
  detail::require(options.hidden % options.heads == 0, "write_model", "heads", options.heads,
                  "a divisor of hidden, which transformers 5 demands whatever head_size");
  auto const tensors = tensors_of(options);
  detail::require_parameters("write_model", tensors, parameters.size());

  std::vector<file::new_tensor<T>> weights;
  for (auto const& t : tensors)
    weights.push_back({t.name, detail::shape_of(t), parameters.subspan(std::size_t(t.offset), std::size_t(t.size()))});
  char const* const type = sizeof(T) == 4 ? "float32" : "float64";
  nlohmann::ordered_json const config = {
      {"architectures", nlohmann::ordered_json::array({"LlamaForCausalLM"})},
      {"model_type", "llama"},
      {"vocab_size", options.vocabulary},
      {"hidden_size", options.hidden},
      {"intermediate_size", options.intermediate},
      {"num_hidden_layers", options.layers},
      {"num_attention_heads", options.heads},
      {"num_key_value_heads", options.keys()},
      {"head_dim", options.size_of_head()},
      {"max_position_embeddings", options.context},
      {"hidden_act", "silu"},
      {"attention_bias", false},
      {"mlp_bias", false},
      {"rms_norm_eps", options.epsilon},
      {"rope_theta", options.rope_base},  // for transformers 4
      {"rope_parameters", {{"rope_theta", options.rope_base}, {"rope_type", "default"}}},
      {"tie_word_embeddings", options.tied},
      {"bos_token_id", nullptr},  // else transformers takes 1 and 2
      {"eos_token_id", nullptr},
      {"torch_dtype", type},  // for transformers 4
      {"dtype", type},
  };

  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) throw io_error(folder.string() + " cannot be made: " + failed.message());
  file::new_file weights_file(folder / "model.safetensors", what), config_file(folder / "config.json", what);
  file::write_safetensors(weights_file, weights, {{"format", "pt"}});
  config_file.write(config.dump(2) + "\n");
  if (what == existing::replace) std::filesystem::remove(folder / "config.json", failed);
  weights_file.commit();
  config_file.commit();
}

}  // namespace COHORT_NAMESPACE::language
