#pragma once
#include <cohort/language/files/model_config.hpp>
#include <cohort/language/files/parameter_array.hpp>
#include <ranges>

// A folder's tensors, into the flat array of a decoder.

namespace COHORT_NAMESPACE::detail {

/// columns x rows from rows x columns.
template <class T>
std::vector<T> turned(std::span<T const> from, std::ptrdiff_t rows, std::ptrdiff_t columns) {
  std::vector<T> to(from.size());
  for (std::ptrdiff_t r = 0; r < rows; ++r)
    for (std::ptrdiff_t c = 0; c < columns; ++c) to[std::size_t(c * rows + r)] = from[std::size_t(r * columns + c)];
  return to;
}

/// How a family's files name a decoder's tensors: those that they may leave off a prefix of, and those passed over.
struct tensor_naming {
  std::vector<named_tensor> tensors;
  std::string prefix = "model.";
  bool (*ignored)(std::string_view) = [](std::string_view) { return false; };
  std::set<std::string, std::less<>> beside{};  ///< others that may be there, and are somebody else's

  template <class Family>
  tensor_naming(Family const& family, decoder_options const& o) : tensors(tensors_in_files(family, o)) {
    if constexpr (requires { Family::prefix; }) prefix = Family::prefix;
    if constexpr (requires { Family::ignored(""); }) ignored = &Family::ignored;
  }
};

/// Of the family that a folder's config.json names; without that file Llama's.
template <class... Own>
tensor_naming naming_in(std::filesystem::path const& folder, decoder_options const& o, Own const&... own) {
  tensor_naming naming(language::family::llama{}, o);
  std::error_code absent;
  if (std::filesystem::exists(folder / "config.json", absent))
    with_family(folder, [&](auto const& family, auto const&) { naming = tensor_naming(family, o); }, own...);
  return naming;
}

/// f(tensor, its name in the files) of each; raises io_error for files that have others besides, or in a tied model a
/// head that is not the embedding.
template <class F>
void each_tensor(tensor_files const& files, tensor_naming const& naming, decoder_options const& options, F f) {
  auto strangers = files.names();
  std::erase_if(strangers, [&](std::string const& name) {
    return name.ends_with(".rotary_emb.inv_freq") || naming.ignored(name) || naming.beside.contains(name);
  });
  auto const name_in_files = [&](std::string const& name) {
    auto const bare = name.starts_with(naming.prefix) ? name.substr(naming.prefix.size()) : name;
    return !files.contains(name) && files.contains(bare) ? bare : name;
  };
  for (auto const& t : naming.tensors) {
    auto const name = name_in_files(t.name);
    f(t, name);
    strangers.erase(name);
  }
  if (options.tied && strangers.contains("lm_head.weight")) {
    auto const first = name_in_files(naming.tensors.front().name);
    file::stored_tensor const &head = files.file_of("lm_head.weight").at("lm_head.weight"),
                              &embedding = files.file_of(first).at(first);
    if (head.type != embedding.type || head.shape != embedding.shape ||
        !std::ranges::equal(head.bytes, embedding.bytes))
      refuse_file(files.listed_by(), "tensor \"lm_head.weight\" is not " + first +
                                         ", as it must be where config.json says tie_word_embeddings");
    strangers.erase("lm_head.weight");
  }
  refuse_strangers(files.listed_by(), strangers);
}

/// All of them into the flat array.
template <class T>
void read_tensors(tensor_files const& files, tensor_naming const& naming, decoder_options const& options,
                  std::span<T> out) {
  require_parameters("read_parameters", naming.tensors, out.size());
  each_tensor(files, naming, options, [&](named_tensor const& t, std::string const& name) {
    auto const to = out.subspan(std::size_t(t.offset), std::size_t(t.size()));
    files.file_of(name).template read<T>(name, shape_of(t), to);
    if (t.turned) std::ranges::copy(turned(std::span<T const>(to), t.columns, t.rows), to.begin());
  });
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// Fills the decoder's flat array of parameters from a folder's model.safetensors, or from the files of its
/// model.safetensors.index.json, by the names of the family in its config.json; the prefix that transformers gives
/// tensors of a model with a head may be missing, and the angles and masks that older files have beside them
/// (rotary_emb.inv_freq, attn.bias) are passed over, as transformers does. Raises io_error for a tensor that is
/// missing, has another shape, or is none of the decoder's; in a tied model lm_head.weight may be there if it is the
/// embedding, bit by bit. Raises shape_error if `out` is of another size.
template <class T, class... Own>
void read_parameters(std::filesystem::path const& folder, decoder_options const& options, std::span<T> out,
                     Own const&... own) {
  options.check();
  auto const naming = detail::naming_in(folder, options, own...);
  detail::require_parameters("read_parameters", naming.tensors, out.size());
  detail::read_tensors(detail::tensor_files(folder), naming, options, out);
}

}  // namespace COHORT_NAMESPACE::language
