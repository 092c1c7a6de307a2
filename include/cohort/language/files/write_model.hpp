#pragma once
#include <cohort/language/files/model_weights.hpp>
#include <deque>

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

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// Writes a folder that from_pretrained of transformers 4 and 5 reads, as a model of the first family that has the
/// parts of the options: the weights first, then config.json, each whole or not at all, and never beside the other of a
/// model that was there. Both are written as T. The tokens that end a text are those given; the tokenizer's files are
/// not written.
template <class T>
void write_model(std::filesystem::path const& folder, decoder_options const& options, std::span<T const> parameters,
                 existing what = existing::refuse, std::span<std::int32_t const> stop_tokens = {}) {
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
      weights.push_back({t.name, detail::shape_of(t), values});
    }
  });
  char const* const type = sizeof(T) == 4 ? "float32" : "float64";
  config["bos_token_id"] = nullptr;  // else transformers takes 1 and 2
  config["eos_token_id"] = stop_tokens.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(stop_tokens);
  config["torch_dtype"] = type;  // for transformers 4
  config["dtype"] = type;

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
