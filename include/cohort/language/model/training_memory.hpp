#pragma once
#include <algorithm>
#include <cohort/language/model/language_model.hpp>
#include <string>
#include <vector>

namespace COHORT_NAMESPACE {

/// What is to be trained, and how, as far as memory goes.
struct training_extents {
  decoder_options model{};
  language_options settings{};
  bool reference = false;  ///< a frozen copy for a KL term, DPO
  int moments = 2;         ///< numbers that the optimizer keeps for each parameter: Adam 2, SGD with momentum 1
  int prompts = 0;         ///< generated for at once; 0: nothing is generated
  int group = 1;           ///< completions of each
  int max_tokens = 64;     ///< of each
  int prompt_tokens = 64;  ///< of the longest prompt
  int number_bytes = 4;    ///< of the backend's numbers
  double adapters = 0;     ///< their numbers, where they alone are trained beside a frozen model (lora_model)
  double base_bytes = 0;   ///< then, of that model as it lies in its files
};

struct memory_part {
  std::string name;
  double bytes;
};

namespace detail {

/// Numbers that a decoder keeps of a row for the backward pass (decoder::activation_bytes).
inline double kept_of_row(decoder_options const& o) {
  double const H = o.hidden, norm = o.norm == norm_kind::layer ? 2 : 1, D = o.size_of_head(), wide = o.heads * D,
               narrow = o.keys() * D, blocks = o.norms_after ? 2 : 1;
  double attention = wide + 2 * narrow + wide + o.heads;
  if (o.query_key_norms) attention += wide + narrow + o.heads + o.keys();
  double const fed = (o.gated ? 2. : 1.) * o.intermediate;
  return 2 * H + norm + o.layers * (2 * blocks * (norm + H) + attention + fed);
}

}  // namespace detail

/// The memory that training takes, part by part, in bytes:
///
///     parameters, their gradient, the optimizer's moments     P, P, m P numbers (of adapters, beside their base)
///     reference, and the weights as generation reads them     P each, where there are any
///     activations    of the tokens that pass at once, with the head's blocks of logits and what a layer's backward
///                    pass needs besides
///     cache          keys and values of all prompts and completions, and their logits
///
/// An estimate from the extents, before anything is allocated. Left out is what does not grow with the model: the data,
/// and the program itself.
inline std::vector<memory_part> training_memory(training_extents const& e) {
  decoder_options const& o = e.model;
  double const number = e.number_bytes, P = o.parameters() * number, V = o.vocabulary, H = o.hidden;
  double const alone = double(e.prompt_tokens) + e.max_tokens,
               together = double(e.prompt_tokens) + double(e.group) * e.max_tokens;
  double const rows = std::max(alone, std::min(double(e.settings.rows_per_pass), std::max(1, e.prompts) * together));
  double const block = std::min(rows, double(e.settings.head_rows));
  double const fed = (o.gated ? 2. : 1.) * o.intermediate;
  double const kept = rows * (detail::kept_of_row(o) + H) + block * (V * (o.logit_cap > 0 ? 2 : 1) + 2 * H + 6);
  double const passing = rows * (o.intermediate + fed + 3 * H);
  bool const whole = e.adapters == 0;
  double const trained = whole ? P : e.adapters * number;
  std::vector<memory_part> all;
  if (!whole) all.push_back({"the model, as it lies in its files", e.base_bytes});
  all.push_back({whole ? "parameters" : "adapters", trained});
  all.push_back({"gradient", trained}), all.push_back({"optimizer", trained * e.moments});
  if (e.reference) all.push_back({"reference", trained});
  all.push_back({"activations", (kept + passing) * number});
  if (e.prompts == 0) return all;
  double const cells = 2. * o.layers * o.keys() * o.size_of_head();
  double const tokens = e.prompts * (double(e.prompt_tokens) + double(e.group) * (e.max_tokens - 1));
  if (whole) all.push_back({"weights prepared for generation", P});
  all.push_back({"keys, values and logits of generation", (cells * tokens + V * e.prompts * e.group) * number});
  return all;
}
inline double total_of(std::vector<memory_part> const& parts) {
  double bytes = 0;
  for (auto const& part : parts) bytes += part.bytes;
  return bytes;
}

}  // namespace COHORT_NAMESPACE
