#pragma once
#include <cohort/describe/names.hpp>
#include <cohort/language/family/all.hpp>
#include <cohort/language/files/tensor_files.hpp>
#include <system_error>

// A folder with a model as Hugging Face's transformers reads and writes it: what its config.json says.

namespace COHORT_NAMESPACE::detail {

/// f of the family of a folder's model_type, and its config.json. Raises io_error naming the known ones for another.
template <class F, class... Own>
void with_family(std::filesystem::path const& folder, F f, Own const&... own) {
  std::string const where = (folder / "config.json").string();
  file::json const object = read_object(where);
  file::json_fields const config(object, where);
  auto const families = std::tuple_cat(std::tuple(own...), catalogue::families{});
  file::json const& given = config.at("model_type");
  bool found = false;
  std::string known;
  auto const look = [&](auto const& family) {
    known += (known.empty() ? "\"" : ", \"") + std::string(family.model_type) + '"';
    if (found || given != family.model_type) return;
    found = true;
    f(family, config);
  };
  std::apply([&](auto const&... family) { (look(family), ...); }, families);
  if (!found) config.wrong("model_type", "one of " + known);
}

/// Whether a config.json is that of a model with a score (or several) in the place of the head over the vocabulary.
inline bool is_classifier(file::json_fields const& config) {
  file::json const* const names = config.find("architectures");
  return names && names->is_array() && !names->empty() && names->front().is_string() &&
         names->front().get<std::string>().ends_with("ForSequenceClassification");
}

/// The tensors of a family's files, in the order of the flat array.
template <class Family>
std::vector<named_tensor> tensors_in_files(Family const&, decoder_options const& o) {
  if constexpr (requires { Family::tensors(o); }) return Family::tensors(o);
  else return tensors_of(o);
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// The extents and parts in a folder's config.json. What is not there is what transformers takes for it, but an extent
/// that it would make up is an io_error, and so is anything that the decoder does not do: the model_type of none of the
/// families, an unknown activation, other rotary positions. So are extents whose parameters do not fit into this
/// machine's memory, or into the files of tensors beside it: whoever reads them may allocate what they say.
///
/// A family of your own is a struct like those of language/family: read_config(folder, my_family{}).
template <class... Own>
decoder_options read_config(std::filesystem::path const& folder, Own const&... own) {
  decoder_options o;
  detail::with_family(
      folder,
      [&](auto const& family, file::json_fields const& config) {
        family.read(config, o);
        if (detail::is_classifier(config)) o.tied = true;  // its files have no head besides the embedding
        try {
          o.check();
        } catch (value_error const& e) {
          config.refuse(e.what());
        }
        detail::weight_files const weights(folder);
        double const bytes = weights.bytes(), fewest = 2 * o.parameters();  // two each are the shortest that are read
        if (bytes > 0 && bytes < fewest)
          config.refuse("describes " + detail::text(o.parameters()) + " parameters, by " + o.extents() +
                        ", which take at least " + detail::text(fewest) + " bytes, and " +
                        (weights.paths.size() == 1 ? weights.paths[0].string() + " has "
                                                   : "the files of " + weights.listed_by + " have ") +
                        detail::text(bytes));
      },
      own...);
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
      auto const number = file::token_in(token);
      if (!number) config.wrong("eos_token_id", "a token or a list of tokens");
      tokens.insert(*number);
    }
  };
  add(folder / "config.json");
  std::error_code absent;
  if (auto const more = folder / "generation_config.json"; std::filesystem::exists(more, absent)) add(more);
  return {tokens.begin(), tokens.end()};
}

}  // namespace COHORT_NAMESPACE::language
