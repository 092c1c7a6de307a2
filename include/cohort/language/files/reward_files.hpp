#pragma once
#include <cohort/language/files/write_model.hpp>

// A reward model's folder, as transformers has its ...ForSequenceClassification with one label: the decoder without a
// head over the vocabulary, and score.weight (1 x H).

namespace COHORT_NAMESPACE::detail {

inline constexpr char const* score_tensor = "score.weight";

/// A language model's files serve too, whose head over the vocabulary is passed over.
inline tensor_naming reward_naming(std::filesystem::path const& folder, decoder_options const& o) {
  auto naming = naming_in(folder, o);
  naming.beside = {score_tensor, "lm_head.weight"};
  return naming;
}

/// transformers' class of a family's models with a score.
inline std::string classifier_of(std::string const& language_model) {
  std::string const causal = "ForCausalLM", classifier = "ForSequenceClassification";
  if (language_model == "GPT2LMHeadModel") return "GPT2" + classifier;
  if (language_model == "Gemma3ForCausalLM") return "Gemma3Text" + classifier;  // Gemma3's own reads images too
  return language_model.ends_with(causal) ? language_model.substr(0, language_model.size() - causal.size()) + classifier
                                          : language_model;
}

/// The weights of the score; whether there are any. Raises io_error for those of several labels.
template <class T>
bool read_score(tensor_files const& files, std::span<T> weights) {
  if (!files.contains(score_tensor)) return false;
  auto const& file = files.file_of(score_tensor);
  auto const& shape = file.at(score_tensor).shape;
  if (shape.size() != 2 || shape[0] != 1)
    refuse_file(files.listed_by(), "tensor \"score.weight\" has " +
                                       (shape.empty() ? "no labels" : std::to_string(shape[0]) + " labels") +
                                       ", expected 1: a reward model has one number");
  file.template read<T>(score_tensor, {1, weights.size()}, weights);
  return true;
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// The extents and parts of a reward model, or of a language model that becomes one: without a head over the
/// vocabulary (options.tied). Raises io_error as read_config does.
inline decoder_options read_reward_config(std::filesystem::path const& folder) {
  auto o = read_config(folder);
  o.tied = true;
  return o;
}

/// The pad_token_id of config.json. transformers takes the score at the last token that is another one.
inline std::optional<std::int32_t> read_padding(std::filesystem::path const& folder) {
  std::string const where = (folder / "config.json").string();
  file::json const object = detail::read_object(where);
  file::json_fields const config(object, where);
  file::json const* const id = config.find("pad_token_id");
  if (!id || (id->is_number_integer() && *id < 0)) return {};  // some write -1 for none
  auto const padding = file::token_in(*id);
  if (!padding) config.wrong("pad_token_id", "a token");
  return padding;
}

/// Tokens without the padding behind them.
inline std::span<std::int32_t const> without_padding(std::span<std::int32_t const> tokens,
                                                     std::optional<std::int32_t> padding) {
  while (padding && !tokens.empty() && tokens.back() == *padding) tokens = tokens.first(tokens.size() - 1);
  return tokens;
}

/// Fills the decoder's flat array, of read_reward_config's options, and the H weights of the score; whether there is a
/// score. Without one, as in a language model's folder, its weights stay as they are. Raises io_error as
/// read_parameters does, and for a score of several labels.
template <class T>
bool read_reward_parameters(std::filesystem::path const& folder, decoder_options const& options, std::span<T> decoder,
                            std::span<T> score) {
  detail::tensor_files const files(folder);
  detail::read_tensors(files, detail::reward_naming(folder, options), options, decoder);
  return detail::read_score(files, score.first(std::size_t(options.hidden)));
}

/// Writes a folder that transformers reads as ...ForSequenceClassification with one label, like a source's folder (a
/// language model's, or a reward model's): its config.json with that class and one label, its tensors' names and types,
/// the files of its tokenizer. config.json keeps the source's pad_token_id, which says where the score is taken. Raises
/// io_error and value_error as write_model_like does.
template <class T>
void write_reward_model_like(std::filesystem::path const& source, std::filesystem::path const& folder,
                             std::span<T const> decoder, std::span<T const> score, std::optional<stored_type> type = {},
                             existing what = existing::refuse) {
  auto const options = read_reward_config(source);
  if (score.size() != std::size_t(options.hidden))
    throw shape_error("write_reward_model_like: the score has " + std::to_string(score.size()) +
                      " weights, expected one for each of the hidden state's " + std::to_string(options.hidden));
  std::string name;
  detail::with_family(source, [&](auto const& family, auto const&) { name = family.architecture; });
  detail::write_like<T>(source, folder, options, detail::reward_naming(source, options), decoder, type, what,
                        {{detail::score_tensor, {1, score.size()}, score}}, [&](nlohmann::ordered_json& config) {
                          config["architectures"] = {detail::classifier_of(name)};
                          config["id2label"] = {{"0", "LABEL_0"}};
                          config["label2id"] = {{"LABEL_0", 0}};
                          config.erase("num_labels");
                        });
}

}  // namespace COHORT_NAMESPACE::language
