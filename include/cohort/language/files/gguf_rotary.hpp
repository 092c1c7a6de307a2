#pragma once
#include <cohort/describe/enumerators.hpp>
#include <cohort/language/files/gguf_architectures.hpp>
#include <ranges>

// The rotary positions of a GGUF file. Llama 3's are not named there, but are a tensor of what each pair's speed is
// divided by.

namespace COHORT_NAMESPACE::detail {

/// What the speed of each pair is divided by.
inline std::vector<float> rotary_factors(rotary_scaling const& scaling, int size, double base) {
  auto const plain = rotary_scaling{}.speeds(size, base), scaled = scaling.speeds(size, base);
  std::vector<float> all;
  for (std::size_t d = 0; d < plain.size(); ++d) all.push_back(float(plain[d] / scaled[d]));
  return all;
}

/// The scaling of which these are the factors: Llama 3's with low = 1, of which the others are multiples, or linear
/// where all are the same. A kind of `none` where there is no such.
inline rotary_scaling scaling_of_factors(std::vector<float> const& factors, int size, double base) {
  rotary_scaling s;
  double const most = *std::max_element(factors.begin(), factors.end());
  if (!(most > 1) || !std::isfinite(most)) return s;
  auto const speeds = s.speeds(size, base);
  // The share of its speed that a pair keeps is a straight line over its turns in one position, from 0 to 1.
  std::vector<std::pair<double, double>> line;
  double low_turns = 0, high_turns = 0;
  for (std::size_t d = 0; d < factors.size(); ++d) {
    double const turns = speeds[d] / (2 * std::numbers::pi),
                 kept = (1 / double(factors[d]) - 1 / most) / (1 - 1 / most);
    if (kept <= 0) low_turns = std::max(low_turns, turns);
    else if (kept < 1) line.emplace_back(turns, kept);
    else high_turns = turns;
  }
  using enum rotary_scaling::kind;
  auto reproduces = [&](double original, double high) {
    s = {.how = llama3, .factor = most, .original_context = original, .low = 1, .high = high};
    if (!(original >= 1 && high > 1)) return false;
    auto const again = rotary_factors(s, size, base);
    for (std::size_t d = 0; d < factors.size(); ++d)
      if (!(std::abs(again[d] / factors[d] - 1) < 1e-5)) return false;
    return true;
  };
  if (line.empty() && high_turns == 0) return {.how = linear, .factor = most};
  double high = 4, original;  // what Llama's are, where the line has not two points
  if (line.empty()) original = 2 / std::sqrt(low_turns * high_turns);
  else {
    auto const [turns, kept] = line.front();
    if (line.size() > 1) {
      double const slope = (kept - line.back().second) / (turns - line.back().first);
      high = 1 + 1 / (slope * turns - kept);
    }
    original = (1 + kept * (high - 1)) / turns;
  }
  // The numbers that were written down, before the factors were rounded to float.
  if (reproduces(std::round(original), std::round(high * 1e3) / 1e3) || reproduces(original, high)) return s;
  return {};
}

/// What a GGUF file's attn_factor multiplies.
inline double usual_size_of_turns(rotary_scaling s) {
  s.attention = 0;
  return s.size_of_turns();
}

/// How much of a head is rotated.
inline void read_gguf_share(language::gguf_keys const& keys, bool interleaved, decoder_options& o) {
  char const* const key = "rope.dimension_count";
  int const size = o.size_of_head(), given = keys.has(key) ? keys.positive(key) : size;
  if (given > size || (interleaved && given < size))
    keys.wrong(key, std::to_string(given), "the size of a head, " + std::to_string(size));
  o.rotary_share = double(given) / size;
  if (o.rotated() < given) o.rotary_share = std::nextafter(o.rotary_share, 1.);
}

inline void read_gguf_rotary(file::gguf const& file, language::gguf_keys const& keys, bool interleaved,
                             decoder_options& o) {
  using enum rotary_scaling::kind;
  o.rope_base = keys.number("rope.freq_base", 10000);
  if (!(o.rope_base > 1)) keys.wrong("rope.freq_base", text(o.rope_base), "a number above 1");
  read_gguf_share(keys, interleaved, o);
  int const size = o.rotated();
  // Older files have a factor alone, which is a linear one.
  double const factor = keys.number("rope.scaling.factor", keys.number("rope.scale_linear", 0));
  std::string const kind = keys.text("rope.scaling.type", factor > 0 ? "linear" : "none");
  if (kind == "linear") {
    if (factor != 0) o.scaling = {.how = linear, .factor = factor};
  } else if (kind == "yarn") {
    o.scaling = {.how = yarn,
                 .factor = keys.number("rope.scaling.factor"),
                 .original_context = keys.number("rope.scaling.original_context_length", o.context),
                 .fast = keys.number("rope.scaling.yarn_beta_fast", 32),
                 .slow = keys.number("rope.scaling.yarn_beta_slow", 1)};
    for (char const* unknown : {"rope.scaling.yarn_log_multiplier", "rope.scaling.yarn_ext_factor"})
      if (keys.has(unknown)) keys.wrong(unknown, text(keys.number(unknown)), "none, of which nothing is known here");
    for (char const* name : {"rope.scaling.attn_factor", "rope.scaling.yarn_attn_factor"})
      if (keys.has(name)) o.scaling.attention = keys.number(name) * usual_size_of_turns(o.scaling);
  } else if (kind != "none") {
    keys.wrong("rope.scaling.type", shown(kind), "\"none\", \"linear\" or \"yarn\"");
  }

  char const* const name = "rope_freqs.weight";
  if (!file.tensors().contains(name)) return;
  std::vector<float> factors(std::size_t(size / 2));
  file.read(name, {factors.size()}, factors);
  if (std::ranges::all_of(factors, [](float f) { return f == 1; })) return;
  if (o.scaling.how == none) o.scaling = scaling_of_factors(factors, size, o.rope_base);
  else o.scaling.how = none;
  if (o.scaling.how == none)
    file.refuse(file.shown_tensor(name) + " has factors that are not those of Llama 3's rotary positions alone");
}

/// The values that say so; Llama 3's factors are a tensor instead. Raises value_error for what a GGUF file cannot say.
inline void set_gguf_rotary(file::new_gguf_values& values, std::string const& architecture, decoder_options const& o) {
  using kind = rotary_scaling::kind;
  std::string const rope = architecture + ".rope.";
  auto const& s = o.scaling;
  values.set(rope + "dimension_count", std::uint32_t(o.rotated()));
  values.set(rope + "freq_base", float(o.rope_base));
  if (s.how == kind::none || s.how == kind::llama3) return;
  values.set(rope + "scaling.type", name_of(s.how));
  values.set(rope + "scaling.factor", float(s.factor));
  if (s.how == kind::linear) return;
  if (!s.truncated) throw value_error("write_gguf: scaling.truncated is false, which a GGUF file cannot say");
  values.set(rope + "scaling.original_context_length", std::uint32_t(s.original_context));
  values.set(rope + "scaling.yarn_beta_fast", float(s.fast));
  values.set(rope + "scaling.yarn_beta_slow", float(s.slow));
  if (s.attention > 0) values.set(rope + "scaling.attn_factor", float(s.attention / usual_size_of_turns(s)));
}

}  // namespace COHORT_NAMESPACE::detail
