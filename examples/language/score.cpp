// Log-probabilities of tokens under a language model:
//
//     echo '{"ids": [1, 17, 4]}' | score --model DIR        prints {"logp": [-3.5174565,-0.30853]}
#include <array>
#include <charconv>
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/load.hpp>
#include <iostream>
#include <vector>

#include "../program/command_line.hpp"
#include "../program/numbers.hpp"

namespace {

using namespace cohort;

/// log p(ids[t] | ids[0], ..., ids[t - 1]) for t = 1, 2, ..., in natural logarithms. A few hundred tokens go through
/// the network at a time, which leave their keys and values to the next: so neither activations nor logits ever take
/// more memory than those few hundred need.
template <class T>
class scorer {
  using backend = eigen::basic_backend<T>;

 public:
  scorer(std::filesystem::path const& folder, int threads)
      : cpu_({.threads = threads}), model_(language::load(cpu_, folder)) {}

  decoder_options const& options() const { return model_.options(); }

  std::vector<T> operator()(std::vector<std::int32_t> const& ids) {
    auto const steps = std::ptrdiff_t(ids.size()) - 1;
    std::vector<T> logp(static_cast<std::size_t>(steps));
    model_.network().reserve(cpu_, cache_, steps);
    for (std::ptrdiff_t first = 0; first < steps; first += rows_at_once) {
      auto const n = std::min(rows_at_once, steps - first);
      pass(std::span(ids).subspan(std::size_t(first), std::size_t(n) + 1), std::int32_t(first),
           {logp.data() + first, n});
    }
    return logp;
  }

 private:
  /// All of `ids` but the last go in, at positions from `first` on; all but the first are predicted.
  void pass(std::span<std::int32_t const> ids, std::int32_t first, view<T> logp) {
    decoder_options const& o = options();
    auto const n = std::int32_t(ids.size()) - 1;
    std::vector<std::int32_t> position, row, segment_of(std::size_t(n), 0);
    for (std::int32_t i = 0; i < n; ++i) position.push_back(first + i), row.push_back(i);
    auto all = [](auto const& list) { return view<std::int32_t const>(list.data(), std::ptrdiff_t(list.size())); };
    attention_segment const segment{.query = 0, .queries = n, .key = 0, .keys = first + n};
    std::array const fields{segment.query,  segment.queries,     segment.key,     segment.keys,
                            segment.prefix, segment.first_child, segment.children};
    attention_layout const layout{{fields.data(), 1, 7}, all(segment_of), {&segment, 1}, o.heads, o.keys(),
                                  o.size_of_head()};
    auto const hidden = model_.network().forward(
        cpu_, model_.parameters(), {all(ids.first(std::size_t(n))), all(position), layout}, cache_, all(position));
    model_.head().evaluate(cpu_, {hidden, all(row), all(ids.subspan(1))},
                           model_.network().head_factor(model_.parameters()), {}, {logp, {}, {}});
  }

  static constexpr std::ptrdiff_t rows_at_once = 512;
  backend cpu_;
  frozen_model<backend> model_;
  typename decoder<backend>::cache cache_;
};

/// The tokens of one line; `where` is what messages call it.
std::vector<std::int32_t> read_ids(std::string const& line, std::string const& where, decoder_options const& o) {
  file::json const object = file::parse_object(line, where);
  file::json_fields const fields(object, where);
  file::json const& list = fields.at("ids");
  if (!list.is_array() || list.empty()) fields.wrong("ids", "a list of one token or more");
  if (list.size() > std::size_t(o.context))
    fields.refuse("has " + std::to_string(list.size()) + " ids, expected no more than the context's " +
                  std::to_string(o.context));
  std::vector<std::int32_t> ids;
  for (file::json const& id : list) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= std::uint64_t(o.vocabulary))
      fields.refuse("ids[" + std::to_string(ids.size()) + "] is " + detail::shown(id) +
                    ", expected a token of the vocabulary's " + std::to_string(o.vocabulary) + ", counted from 0");
    ids.push_back(id.get<std::int32_t>());
  }
  return ids;
}

/// With the fewest digits that read back as the same numbers.
template <class T>
std::string line_of(std::vector<T> const& logp, std::string const& where) {
  std::string text = "{\"logp\": [";
  for (std::size_t t = 0; t < logp.size(); ++t) {
    if (!std::isfinite(logp[t]))
      throw cohort_error(where + ": the log-probability of ids[" + std::to_string(t + 1) + "] is " +
                         detail::text(double(logp[t])) + "; are the model's weights finite?");
    char buffer[32];
    text.append(t ? ", " : "").append(buffer, std::to_chars(buffer, buffer + sizeof buffer, logp[t]).ptr);
  }
  return text + "]}\n";
}

template <class T>
void score(std::string const& folder, int threads) {
  scorer<T> logp_of(folder, threads);
  std::ios::sync_with_stdio(false);
  std::string line;
  for (long number = 1; std::getline(std::cin, line); ++number) {
    std::string const where = "stdin, line " + std::to_string(number);
    program::print(line_of(logp_of(read_ids(line, where, logp_of.options())), where));
  }
  if (std::cin.bad()) throw cohort_error("can't read stdin");
}

}  // namespace

int main(int argc, char** argv) {
  program::typed folder, threads;
  bool wide = false;
  CLI::App app{
      "Reads lines {\"ids\": [...]} from stdin and answers each at once with a line {\"logp\": [...]} on stdout: the "
      "natural logarithm of each\n"
      "token's probability given those before it, the first token left out. Other fields of a line are not looked at. "
      "At the first line that\n"
      "is wrong it stops and says which on stderr.",
      "score"};
  program::add(app, "--model", folder,
               "a GGUF file, or a folder as Hugging Face has it: config.json, model.safetensors", "PATH")
      ->required();
  program::add(app, "--threads", threads, "threads [one for each core]", "N");
  app.add_flag("--double", wide, "compute in double precision, instead of single");
  return program::run(app, argc, argv, [&] {
    int const count = program::threads_of(threads);
    wide ? score<double>(*folder, count) : score<float>(*folder, count);
  });
}
