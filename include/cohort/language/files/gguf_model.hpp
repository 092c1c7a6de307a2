#pragma once
#include <cohort/language/files/gguf_rotary.hpp>
#include <cohort/language/files/parameter_array.hpp>
#include <set>

namespace COHORT_NAMESPACE::language {

/// A language model in a GGUF file, of one of the architectures that are known.
///
///     gguf_model model("model.gguf");
///     std::vector<float> parameters(std::size_t(model.options().parameters()));
///     model.read_parameters<float>(parameters);
///
/// Once it is made, the file is known to have every tensor of a decoder of these options, by name and shape, and no
/// other: whoever allocates what they say allocates what the file justifies. Raises io_error naming the file and the
/// key or tensor where that is not so.
class gguf_model {
 public:
  explicit gguf_model(std::filesystem::path const& path, std::span<gguf_architecture const> known = gguf_architectures)
      : gguf_model(file::gguf(path), known) {}
  explicit gguf_model(file::gguf file, std::span<gguf_architecture const> known = gguf_architectures)
      : file_(std::move(file)) {
    choose(known);
    read_options();
    check_tensors();
  }

  file::gguf const& file() const { return file_; }
  gguf_architecture const& architecture() const { return architecture_; }
  decoder_options const& options() const { return options_; }

  /// Fills the decoder's flat array. Raises shape_error if it is of another size.
  template <class T>
  void read_parameters(std::span<std::type_identity_t<T>> out) const {
    auto const tensors = architecture_.tensors(options_);
    detail::require_parameters("read_parameters", tensors, out.size());
    std::vector<float> numbers;
    for (auto const& t : tensors) {
      auto const& stored = file_.tensor(gguf_name_of(architecture_, t.name));
      gguf_rows const order(architecture_, t.name, options_.size_of_head());
      auto const to = out.subspan(std::size_t(t.offset), std::size_t(t.size()));
      std::size_t const rows = std::size_t(t.rows), columns = to.size() / rows, bytes = stored.bytes.size() / rows;
      numbers.resize(stored.columns());
      if (!t.columns) {  // whose rows are single numbers
        read_vector(t, numbers);
        for (std::size_t r = 0; r < rows; ++r) to[r] = numbers[order.theirs(r)];
      } else {
        for (std::size_t r = 0; r < rows; ++r) {
          dequantize(stored.type, stored.bytes.subspan(order.theirs(r) * bytes, bytes), numbers);
          std::copy(numbers.begin(), numbers.end(), to.begin() + std::ptrdiff_t(r * columns));
        }
      }
    }
  }
  /// A vector as the decoder has its numbers, in the file's order.
  void read_vector(named_tensor const& t, std::span<float> out) const {
    auto const& stored = file_.tensor(gguf_name_of(architecture_, t.name));
    dequantize(stored.type, stored.bytes, out);
    float const shift = float(gguf_shift(options_, t.name));
    for (float& x : out) x -= shift;
  }

  /// The tokens that end a text: those that end it, a turn, or a message.
  std::vector<std::int32_t> stop_tokens() const {
    std::set<std::int32_t> all;
    for (char const* key :
         {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
      if (!file_.find(key)) continue;
      auto const token = file_.integer(key);
      if (token < 0 || token >= options_.vocabulary)
        file_.refuse(file_.shown_key(key) + " is " + std::to_string(token) + ", expected a token of the vocabulary's " +
                     std::to_string(options_.vocabulary));
      all.insert(std::int32_t(token));
    }
    return {all.begin(), all.end()};
  }

 private:
  void choose(std::span<gguf_architecture const> known) {
    if (file_.find("split.count") && file_.integer("split.count") > 1)
      file_.refuse("is one of " + std::to_string(file_.integer("split.count")) +
                   " files of a model, expected all of it");
    std::string const given = file_.text("general.architecture");
    std::string names;
    for (auto const& each : known) {
      if (each.name == given) {
        architecture_ = each;
        return;
      }
      names += (names.empty() ? "\"" : ", \"") + std::string(each.name) + '"';
    }
    file_.refuse("key \"general.architecture\" is " + detail::shown(given) + ", expected one of " + names);
  }

  void read_options() {
    gguf_keys const keys(file_, architecture_.name);
    auto& o = options_;
    o.layers = keys.positive("block_count", decoder_options::most_layers);
    o.hidden = keys.positive("embedding_length");
    o.intermediate = keys.positive("feed_forward_length");
    o.heads = keys.positive("attention.head_count");
    if (keys.has("attention.head_count_kv")) o.kv_heads = keys.positive("attention.head_count_kv");
    if (keys.has("attention.key_length")) o.head_size = keys.positive("attention.key_length");
    o.context = keys.positive("context_length");
    architecture_.read(keys, o);
    o.epsilon = keys.number(gguf_epsilon(o));
    o.tied = !file_.tensors().contains("output.weight");
    auto const& embedding = file_.tensor("token_embd.weight");
    if (embedding.rows() < 1 || embedding.rows() > std::size_t(std::numeric_limits<int>::max()))
      file_.refuse("tensor \"token_embd.weight\" has " + std::to_string(embedding.rows()) +
                   " rows, expected as many as tokens");
    o.vocabulary = int(embedding.rows());
    if (!o.head_size && o.hidden % o.heads)
      keys.wrong("attention.head_count", std::to_string(o.heads),
                 "a divisor of embedding_length, " + std::to_string(o.hidden) + ", or attention.key_length beside it");
    if (!o.learned_positions && o.size_of_head() % 2)
      file_.refuse("has heads of size " + std::to_string(o.size_of_head()) + ", expected an even number");
    if (keys.has("attention.value_length") && keys.positive("attention.value_length") != o.size_of_head())
      keys.wrong("attention.value_length", std::to_string(keys.positive("attention.value_length")),
                 "the size of a head, " + std::to_string(o.size_of_head()));
    if (!o.learned_positions) detail::read_gguf_rotary(file_, keys, architecture_.interleaved, o);
    detail::refuse_other_formulas(keys, o);
    try {
      o.check();
    } catch (value_error const& e) {
      file_.refuse(e.what());
    }
  }

  void check_tensors() const {
    auto const& stored = file_.tensors();
    if (std::size_t(options_.layers) > stored.size())  // before there is a name for each
      file_.refuse("has " + std::to_string(options_.layers) + " layers, and " + std::to_string(stored.size()) +
                   " tensors");
    std::set<std::string> known{"rope_freqs.weight"};
    for (auto const& t : architecture_.tensors(options_)) {
      std::string const name = gguf_name_of(architecture_, t.name);
      if (name.empty())
        file_.refuse("is to have the tensor " + t.name + ", for which GGUF has no name that is known here");
      file_.require_shape(name, detail::shape_of(t));
      known.insert(name);
    }
    std::set<std::string> strangers;
    for (auto const& [name, t] : stored)  // but for one that llama.cpp ignores too
      if (!known.contains(name) && !name.ends_with(".attn_rot_embd.weight")) strangers.insert(name);
    detail::refuse_strangers(file_.where(), strangers);
  }

  file::gguf file_;
  gguf_architecture architecture_;
  decoder_options options_;
};

}  // namespace COHORT_NAMESPACE::language
