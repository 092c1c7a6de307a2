#pragma once
#include <cohort/describe/names.hpp>
#include <cohort/language/family/all.hpp>
#include <cohort/language/files/parameter_array.hpp>
#include <cohort/language/files/rotary_config.hpp>
#include <cohort/language/files/tensor_files.hpp>
#include <ranges>
#include <system_error>

// A folder with a model as Hugging Face's transformers reads and writes it: config.json and model.safetensors.

namespace COHORT_NAMESPACE::language {

/// The extents in a folder's config.json. What is not there is what transformers takes for it, but an extent that it
/// would make up is an io_error, and so is anything that the decoder does not do: the model_type of none of the
/// families, biases that its family has not, an activation other than silu, other rotary positions. So are extents
/// whose parameters do not fit into this machine's memory, or into the model.safetensors beside it: whoever reads them
/// may allocate what they say.
///
/// A family of your own is a struct like those of language/family: read_config(folder, my_family{}).
template <class... Own>
decoder_options read_config(std::filesystem::path const& folder, Own const&... own) {
  std::string const where = (folder / "config.json").string();
  file::json const object = detail::read_object(where);
  file::json_fields const config(object, where);
  auto const families = std::tuple_cat(std::tuple(own...), catalogue::families{});
  auto const types = detail::names_of(families, [](auto const& family) { return std::string(family.model_type); });
  file::json const& given = config.at("model_type");
  std::string const type = given.is_string() ? given.get<std::string>() : "";
  if (std::find(types.begin(), types.end(), type) == types.end()) {
    std::string known;
    for (auto const& name : types) known += (known.empty() ? "\"" : ", \"") + name + '"';
    config.wrong("model_type", "one of " + known);
  }
  if (config.find("hidden_act") && config.at("hidden_act") != "silu") config.wrong("hidden_act", "\"silu\"");

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
  o.tied = config.flag("tie_word_embeddings", false);
  detail::read_rotary(config, where, o);
  auto read = [&](auto const& family) {
    if (type == family.model_type) family.read(config, o);
  };
  std::apply([&](auto const&... family) { (read(family), ...); }, families);

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
  detail::weight_files const weights(folder);
  if (double const bytes = weights.bytes();
      bytes > 0 && bytes < 2 * o.parameters())  // two are the shortest that are read
    detail::refuse_file(where, "describes " + detail::text(o.parameters()) + " parameters, by " + o.extents() +
                                   ", which take at least " + detail::text(2 * o.parameters()) + " bytes, and " +
                                   (weights.paths.size() == 1 ? weights.paths[0].string() + " has "
                                                              : "the files of " + weights.listed_by + " have ") +
                                   detail::text(bytes));
  return o;
}

/// The tokens that end a text: the eos_token_id of a folder's config.json and, where there is one, of its
/// generation_config.json, each of which is one token, several, or none.
inline std::vector<std::int32_t> read_stop_tokens(std::filesystem::path const& folder) {
  std::set<std::int32_t> tokens;
  auto add = [&](std::filesystem::path const& path) {
    file::json const object = detail::read_object(path);
    file::json_fields const config(object, path.string());
    file::json const* const found = config.find("eos_token_id");
    if (!found) return;
    file::json const list = found->is_array() ? *found : file::json::array({*found});
    for (file::json const& token : list) {
      if (!token.is_number_unsigned() ||
          token.get<std::uint64_t>() > std::uint64_t(std::numeric_limits<std::int32_t>::max()))
        config.wrong("eos_token_id", "a token or a list of tokens");
      tokens.insert(token.get<std::int32_t>());
    }
  };
  add(folder / "config.json");
  std::error_code absent;
  if (auto const more = folder / "generation_config.json"; std::filesystem::exists(more, absent)) add(more);
  return {tokens.begin(), tokens.end()};
}

/// Fills the decoder's flat array of parameters from a folder's model.safetensors, or from the files of its
/// model.safetensors.index.json. The angles that older files of Llama have beside them (rotary_emb.inv_freq) are passed
/// over, as transformers does. Raises io_error for a tensor that is
/// missing, has another shape, or is none of the decoder's; in a tied model lm_head.weight may be there if it is the
/// embedding, bit by bit. Raises shape_error if `out` is of another size.
template <class T>
void read_parameters(std::filesystem::path const& folder, decoder_options const& options, std::span<T> out) {
  options.check();
  auto const tensors = tensors_of(options);
  detail::require_parameters("read_parameters", tensors, out.size());
  detail::tensor_files const files(folder);
  auto strangers = files.names();
  std::erase_if(strangers, [](std::string const& name) { return name.ends_with(".rotary_emb.inv_freq"); });
  for (auto const& t : tensors) {
    files.file_of(t.name).read<T>(t.name, detail::shape_of(t),
                                  out.subspan(std::size_t(t.offset), std::size_t(t.size())));
    strangers.erase(t.name);
  }
  if (options.tied && strangers.contains("lm_head.weight")) {
    auto stored = [&](char const* name) -> file::stored_tensor const& { return files.file_of(name).at(name); };
    file::stored_tensor const &head = stored("lm_head.weight"), &embedding = stored("model.embed_tokens.weight");
    if (head.type != embedding.type || head.shape != embedding.shape ||
        !std::ranges::equal(head.bytes, embedding.bytes))
      detail::refuse_file(files.listed_by(),
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
    detail::refuse_file(files.listed_by(), "has tensors that the decoder does not have: " + names);
  }
}

/// Writes a folder that from_pretrained of transformers 4 and 5 reads, as a Qwen2 where queries, keys and values have
/// biases and else as a Llama: the weights first, then config.json, each whole or not at all, and never beside the
/// other of a model that was there. Both are written as T. The tokens that end a text are those given; the tokenizer's
/// files are not written.
template <class T>
void write_model(std::filesystem::path const& folder, decoder_options const& options, std::span<T const> parameters,
                 existing what = existing::refuse, std::span<std::int32_t const> stop_tokens = {}) {
  options.check();
  detail::require(options.hidden % options.heads == 0, "write_model", "heads", options.heads,
                  "a divisor of hidden, which transformers 5 demands whatever head_size");
  auto const tensors = tensors_of(options);
  detail::require_parameters("write_model", tensors, parameters.size());

  std::vector<file::new_tensor<T>> weights;
  for (auto const& t : tensors)
    weights.push_back({t.name, detail::shape_of(t), parameters.subspan(std::size_t(t.offset), std::size_t(t.size()))});
  char const* const type = sizeof(T) == 4 ? "float32" : "float64";
  nlohmann::ordered_json config = {
      {"architectures",
       nlohmann::ordered_json::array({options.biased ? family::qwen2::architecture : family::llama::architecture})},
      {"model_type", options.biased ? family::qwen2::model_type : family::llama::model_type},
      {"vocab_size", options.vocabulary},
      {"hidden_size", options.hidden},
      {"intermediate_size", options.intermediate},
      {"num_hidden_layers", options.layers},
      {"num_attention_heads", options.heads},
      {"num_key_value_heads", options.keys()},
      {"head_dim", options.size_of_head()},
      {"max_position_embeddings", options.context},
      {"hidden_act", "silu"},
      {"rms_norm_eps", options.epsilon},
      {"rope_theta", options.rope_base},  // for transformers 4
      {"rope_parameters", detail::rotary_json(options)},
      {"tie_word_embeddings", options.tied},
      {"bos_token_id", nullptr},  // else transformers takes 1 and 2
      {"eos_token_id", stop_tokens.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(stop_tokens)},
      {"torch_dtype", type},  // for transformers 4
      {"dtype", type},
  };

  if (options.scaling.how != rotary_scaling::kind::none)
    config["rope_scaling"] = detail::rotary_json(options);  // for transformers 4

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
