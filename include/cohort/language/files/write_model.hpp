#pragma once
#include <cmath>
#include <cohort/backend/stored_types.hpp>
#include <cohort/language/files/model_weights.hpp>
#include <deque>
#include <functional>
#include <optional>

// Writes a folder that from_pretrained of transformers reads.

namespace COHORT_NAMESPACE::detail {

/// With what follows from the rest written out, so that two that mean the same are equal.
inline decoder_options written_out(decoder_options o) {
  o.kv_heads = o.keys(), o.head_size = o.size_of_head();
  if (o.learned_positions) o.rope_base = decoder_options{}.rope_base, o.rotary_share = 1, o.scaling = {};
  if (o.window >= o.context && o.windowed_rope_base == 0) o.window = 0;
  if (o.window == 0 || std::count(o.windowed.begin(), o.windowed.end(), true) == std::ptrdiff_t(o.windowed.size()))
    o.windowed.clear();
  return o;
}

template <class T>
void write_folder(std::filesystem::path const& folder, std::vector<file::new_tensor<T>> const& weights,
                  std::string const& config, existing what) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) throw io_error(folder.string() + " cannot be made: " + failed.message());
  file::new_file weights_file(folder / "model.safetensors", what), config_file(folder / "config.json", what);
  file::write_safetensors(weights_file, weights, {{"format", "pt"}});
  config_file.write(config);
  if (what == existing::replace) std::filesystem::remove(folder / "config.json", failed);
  weights_file.commit();
  config_file.commit();
}

/// A type's name in config.json. Raises value_error for one that safetensors files have not.
inline char const* dtype_of(stored_type type) {
  using enum stored_type;
  if (type == f32) return "float32";
  if (type == f16) return "float16";
  if (type == bf16) return "bfloat16";
  throw value_error("write_model: the type is " + std::string(facts_of(type).name) +
                    ", which only GGUF files have; expected F32, F16 or BF16");
}
/// As transformers 5 and 4 name it.
inline void set_dtype(nlohmann::ordered_json& config, char const* type) {
  config["torch_dtype"] = type;
  config["dtype"] = type;
}
template <class T>
void require_fits(std::string const& tensor, std::span<T const> values, stored_type type) {
  double const limit = facts_of(type).limit;
  if (limit > 0)
    for (T x : values)
      if (!(std::abs(double(x)) < limit))
        throw value_error("write_model: tensor " + shown(tensor) + " has the number " + text(double(x)) +
                          ", expected less than " + text(limit) + " in " + std::string(facts_of(type).name));
}

/// Whether a file of a model's folder is about its texts.
inline bool belongs_to_texts(std::string_view name) {
  for (std::string_view const first : {"tokenizer", "vocab", "merges", "special_tokens", "added_tokens", "spiece",
                                       "sentencepiece", "chat_template", "generation_config"})
    if (name.starts_with(first)) return true;
  return false;
}

/// The first family whose config.json, read again, gives these options: f(family, config.json).
template <class F>
void with_family_of(decoder_options const& options, F f) {
  bool found = false;
  auto const try_it = [&](auto const& family) {
    if (found) return;
    nlohmann::ordered_json config = {{"architectures", nlohmann::ordered_json::array({family.architecture})},
                                     {"model_type", family.model_type}};
    family.write(options, config);
    file::json const again = file::json::parse(config.dump());
    decoder_options o;
    try {
      family.read(file::json_fields(again, "config.json"), o);
    } catch (cohort_error const&) {
      return;
    }
    if (!(written_out(o) == written_out(options))) return;
    found = true;
    f(family, config);
  };
  std::apply([&](auto const&... family) { (try_it(family), ...); }, catalogue::families{});
  if (!found)
    throw value_error("write_model: there is no family of language models with these parts together: " +
                      options.extents());
}

/// Parameters as the model in a source's folder: with `more` tensors behind its own, in the type of the first, and with
/// a change of its config.json.
template <class T>
void write_like(std::filesystem::path const& source, std::filesystem::path const& folder,
                decoder_options const& options, tensor_naming const& naming, std::span<T const> parameters,
                std::optional<stored_type> type, existing what, std::vector<file::new_tensor<T>> const& more = {},
                std::function<void(nlohmann::ordered_json&)> const& change = {}) {
  std::error_code absent;
  if (std::filesystem::equivalent(source, folder, absent))
    throw io_error(folder.string() + " is the folder of the model that the new one is to be like, expected another");
  require_parameters("write_model_like", naming.tensors, parameters.size());
  tensor_files const files(source);
  std::vector<file::new_tensor<T>> weights;
  std::deque<std::vector<T>> made;
  each_tensor(files, naming, options, [&](named_tensor const& t, std::string const& name) {
    auto values = parameters.subspan(std::size_t(t.offset), std::size_t(t.size()));
    if (t.turned) values = made.emplace_back(turned(values, t.rows, t.columns));
    if (type) require_fits(name, values, *type);
    weights.push_back(
        {name, shape_of(t), values, type ? std::string(facts_of(*type).name) : files.file_of(name).at(name).type});
  });
  for (auto const& t : more) {
    if (type) require_fits(t.name, t.values, *type);
    weights.push_back(t), weights.back().type = weights.front().type;
  }
  file::mapped_file const given(source / "config.json");
  std::string config(characters_of(given));
  if (type || change) {
    auto changed = nlohmann::ordered_json::parse(config);
    if (type) set_dtype(changed, dtype_of(*type));
    if (change) change(changed);
    config = changed.dump(2) + "\n";
  }
  write_folder(folder, weights, config, what);
  for (auto const& entry : std::filesystem::directory_iterator(source)) {
    auto const name = entry.path().filename().string();
    if (!belongs_to_texts(name) || !entry.is_regular_file()) continue;
    file::new_file copy(folder / name, what);
    copy.write(characters_of(file::mapped_file(entry.path())));
    copy.commit();
  }
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// What is written besides a decoder's extents and parameters.
struct model_write_options {
  std::optional<stored_type> type{};        ///< F32, F16 or BF16; absent: T
  std::optional<std::int32_t> begin{};      ///< the token that begins a text
  std::vector<std::int32_t> stop_tokens{};  ///< those that end one
  existing what = existing::refuse;
};

/// Writes a folder that from_pretrained of transformers 4 and 5 reads, as a model of the first family that has the
/// parts of the options: the weights first, then config.json, each whole or not at all, and never beside the other of a
/// model that was there. The tokenizer's files are not written. Raises value_error for a number that the type cannot
/// hold.
template <class T>
void write_model(std::filesystem::path const& folder, decoder_options const& options, std::span<T const> parameters,
                 model_write_options const& how) {
  options.check();
  detail::require(options.hidden % options.heads == 0, "write_model", "heads", options.heads,
                  "a divisor of hidden, which transformers 5 demands whatever head_size");
  detail::require_parameters("write_model", tensors_of(options), parameters.size());

  std::vector<file::new_tensor<T>> weights;
  std::deque<std::vector<T>> turned;
  nlohmann::ordered_json config;
  detail::with_family_of(options, [&](auto const& family, nlohmann::ordered_json const& of_family) {
    config = of_family;
    for (auto const& t : detail::tensors_in_files(family, options)) {
      auto values = parameters.subspan(std::size_t(t.offset), std::size_t(t.size()));
      if (t.turned) values = turned.emplace_back(detail::turned(values, t.rows, t.columns));
      if (how.type) detail::require_fits(t.name, values, *how.type);
      weights.push_back({t.name, detail::shape_of(t), values, how.type ? std::string(facts_of(*how.type).name) : ""});
    }
  });
  config["bos_token_id"] = how.begin ? nlohmann::ordered_json(*how.begin) : nlohmann::ordered_json();  // else 1 and 2
  config["eos_token_id"] = how.stop_tokens.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(how.stop_tokens);
  detail::set_dtype(config, how.type ? detail::dtype_of(*how.type) : sizeof(T) == 4 ? "float32" : "float64");

  detail::write_folder(folder, weights, config.dump(2) + "\n", how.what);
}
template <class T>
void write_model(std::filesystem::path const& folder, decoder_options const& options, std::span<T const> parameters,
                 existing what = existing::refuse, std::span<std::int32_t const> stop_tokens = {}) {
  write_model(folder, options, parameters,
              model_write_options{.stop_tokens = {stop_tokens.begin(), stop_tokens.end()}, .what = what});
}

/// Writes these parameters as the model that a folder of Hugging Face's has: with its config.json, its tensors' names
/// and types (to which they are rounded), in one file, and beside them its generation_config.json, chat template and
/// tokenizer. Of another type, where one is asked for, config.json says so. Raises io_error as read_config and
/// read_parameters do for the folder that it is to be like, and where both are the same folder; value_error for a
/// number that the type asked for cannot hold.
template <class T, class... Own>
void write_model_like(std::filesystem::path const& source, std::filesystem::path const& folder,
                      std::span<T const> parameters, std::optional<stored_type> type, existing what = existing::refuse,
                      Own const&... own) {
  auto const options = read_config(source, own...);
  detail::write_like(source, folder, options, detail::naming_in(source, options, own...), parameters, type, what);
}

template <class T, class... Own>
void write_model_like(std::filesystem::path const& source, std::filesystem::path const& folder,
                      std::span<T const> parameters, existing what = existing::refuse, Own const&... own) {
  write_model_like(source, folder, parameters, std::nullopt, what, own...);
}

}  // namespace COHORT_NAMESPACE::language
