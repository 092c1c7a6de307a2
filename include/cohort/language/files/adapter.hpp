#pragma once
#include <cohort/file/safetensors.hpp>
#include <cohort/language/files/adapter_config.hpp>
#include <cohort/language/files/parameter_array.hpp>
#include <cohort/language/model/merged_model.hpp>

// Low-rank adapters in a folder as PEFT has them: adapter_config.json and adapter_model.safetensors.

namespace COHORT_NAMESPACE::detail {

inline std::string name_in_adapter(named_tensor const& t) { return "base_model.model." + t.name; }

/// The projections that a file has adapters of, in the order of projection_names().
inline std::vector<std::string> targets_in(file::safetensors const& file) {
  std::vector<std::string> found;
  for (auto const& name : projection_names())
    for (auto const& [tensor, stored] : file.tensors())
      if (tensor.find("." + name + ".lora_") != tensor.npos) {
        found.push_back(name);
        break;
      }
  return found;
}

inline void require_names_of_peft(char const* where, decoder_options const& o) {
  if (o.learned_positions)
    throw value_error(std::string(where) +
                      ": the model has learned positions, as GPT-2, whose layers have other names in PEFT; expected "
                      "one of Llama's kind");
}

/// f(tensor, where it begins in a matrix's rows) in PEFT's order of rows, which is that of halves.
template <class F>
void each_adapter_tensor(decoder_options const& o, lora_layout const& layout, F f) {
  for (auto const& t : layout.tensors) {
    bool const turned =
        o.adjacent_pairs && (t.name.ends_with(".q_proj.lora_B.weight") || t.name.ends_with(".k_proj.lora_B.weight"));
    f(t, [&o, turned](std::size_t r) { return turned ? row_in_adjacent_pairs(r, std::size_t(o.size_of_head())) : r; });
  }
}

}  // namespace COHORT_NAMESPACE::detail

namespace COHORT_NAMESPACE::language {

/// What adapters there are in a folder of PEFT's. Raises io_error for files that are not plain LoRA's, naming the key.
inline lora_options read_adapter_options(std::filesystem::path const& folder) {
  auto o = detail::read_adapter_config(folder / "adapter_config.json");
  auto const path = folder / "adapter_model.safetensors";
  o.targets = detail::targets_in(file::safetensors(path));
  if (o.targets.empty()) detail::refuse_file(path.string(), "has no adapters of a decoder's projections");
  return o;
}

/// A folder's adapters become the policy's, which has to have the same options. Raises value_error where it has others,
/// io_error for a tensor that is missing, that the policy has not, or of another shape, as those of another model are.
template <backend B, bool Critic>
void load_adapter(B& b, basic_lora_model<B, Critic>& policy, std::filesystem::path const& folder) {
  using T = value_t<B>;
  auto const& layout = policy.adapters();
  detail::require_names_of_peft("load_adapter", policy.options());
  auto const given = read_adapter_options(folder);
  auto const differ = [&](char const* name, std::string const& is, std::string const& of_policy) {
    if (is != of_policy)
      throw value_error("load_adapter: the adapters in " + folder.string() + " have the " + name + " " + is +
                        ", and the policy's " + of_policy);
  };
  auto const joined = [](lora_options const& o) {
    std::string all;
    for (auto const& name : projection_names())
      if (o.adapts(name)) all += (all.empty() ? "" : ", ") + name;
    return all;
  };
  differ("rank", std::to_string(given.rank), std::to_string(layout.options.rank));
  differ("scale", detail::text(given.scale()), detail::text(layout.options.scale()));
  lora_options ours = layout.options;
  if (!policy.options().gated) std::erase(ours.targets, "gate_proj");
  differ("targets", joined(given), joined(ours));

  file::safetensors const file(folder / "adapter_model.safetensors");
  std::set<std::string> strangers;
  for (auto const& [name, stored] : file.tensors()) strangers.insert(name);
  std::vector<T> all(std::size_t(layout.parameters())), one;
  detail::each_adapter_tensor(policy.options(), layout, [&](named_tensor const& t, auto row_of) {
    std::size_t const rows = std::size_t(t.rows), columns = std::size_t(t.columns);
    one.resize(rows * columns);
    file.read<T>(detail::name_in_adapter(t), {rows, columns}, one);
    for (std::size_t r = 0; r < rows; ++r)
      std::copy_n(one.begin() + std::ptrdiff_t(r * columns), columns,
                  all.begin() + t.offset + std::ptrdiff_t(row_of(r) * columns));
    strangers.erase(detail::name_in_adapter(t));
  });
  detail::refuse_strangers((folder / "adapter_model.safetensors").string(), strangers);
  b.upload(policy.parameters().part(0, layout.parameters()), std::span<T const>(all));
}

/// A policy of a base with a folder's adapters.
///
///     auto policy = language::load_lora(cpu, language::load(cpu, "SmolLM2-135M-Instruct"), "adapters");
template <backend B>
lora_model<B> load_lora(B& b, frozen_model<B> base, std::filesystem::path const& folder,
                        language_options const& settings = {}) {
  lora_model<B> policy(b, std::move(base), read_adapter_options(folder), random_seed{}, settings);
  load_adapter(b, policy, folder);
  return policy;
}

struct adapter_write_options {
  std::string base{};  ///< the base's name or path, as PEFT's from_pretrained may look it up
  existing what = existing::refuse;
};

/// Writes a policy's adapters as PEFT does: `PeftModel.from_pretrained(model, folder)` reads them, each file whole or
/// not at all. A value head is not written. Raises value_error for a model whose layers PEFT calls otherwise.
template <backend B, bool Critic>
void save_adapter(B& b, basic_lora_model<B, Critic> const& policy, std::filesystem::path const& folder,
                  adapter_write_options const& how = {}) {
  using T = value_t<B>;
  auto const& layout = policy.adapters();
  detail::require_names_of_peft("save_adapter", policy.options());
  std::vector<T> numbers(std::size_t(layout.parameters())), all(numbers.size());
  b.download(std::span<T>(numbers), policy.parameters().part(0, layout.parameters()));
  std::vector<file::new_tensor<T>> tensors;
  detail::each_adapter_tensor(policy.options(), layout, [&](named_tensor const& t, auto row_of) {
    auto const columns = t.columns;
    for (std::size_t r = 0; r < std::size_t(t.rows); ++r)
      std::copy_n(numbers.begin() + t.offset + std::ptrdiff_t(row_of(r)) * columns, columns,
                  all.begin() + t.offset + std::ptrdiff_t(r) * columns);
    tensors.push_back({detail::name_in_adapter(t), detail::shape_of(t),
                       std::span<T const>(all).subspan(std::size_t(t.offset), std::size_t(t.size()))});
  });
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed) throw io_error(folder.string() + " cannot be made: " + failed.message());
  file::new_file weights(folder / "adapter_model.safetensors", how.what),
      config(folder / "adapter_config.json", how.what);
  file::write_safetensors(weights, tensors, {{"format", "pt"}});
  config.write(detail::adapter_config_text(layout.options, how.base));
  weights.commit();
  config.commit();
}

}  // namespace COHORT_NAMESPACE::language
