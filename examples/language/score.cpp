// Log-probabilities of tokens under a language model:
//
//     echo '{"ids": [1, 17, 4]}' | cohort score --model DIR        prints {"logp": [-3.5174565,-0.30853]}
#include <charconv>
#include <cmath>
#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/model_text.hpp>
#include <iostream>
#include <memory>
#include <vector>

#include "lines.hpp"
#include "model_options.hpp"
#include "series_pass.hpp"
#include "usage.hpp"

namespace {

using namespace cohort;

/// log p(ids[t] | ids[0], ..., ids[t - 1]) for t = 1, 2, ..., in natural logarithms.
template <class T>
class scorer {
  using backend = eigen::basic_backend<T>;

 public:
  explicit scorer(program::model_options const& from)
      : cpu_({.threads = from.threads()}), model_(language::load(cpu_, from.path(), {from.type()})) {}

  decoder_options const& options() const { return model_.options(); }

  std::vector<T> operator()(std::vector<std::int32_t> const& ids) {
    std::vector<T> logp(ids.size() - 1);
    pass_(cpu_, model_, std::span(ids).first(logp.size()), [&](view<T> hidden, std::size_t first, std::size_t count) {
      auto const n = std::ptrdiff_t(count);
      std::vector<std::int32_t> row(count);
      std::iota(row.begin(), row.end(), 0);
      model_.head().evaluate(cpu_, {hidden, {row.data(), n}, {ids.data() + first + 1, n}},
                             model_.network().head_factor(model_.parameters()), {}, {{logp.data() + first, n}, {}, {}});
    });
    return logp;
  }

 private:
  backend cpu_;
  frozen_model<backend> model_;
  program::series_pass<T> pass_;
};

/// The tokens of one line, of which a text becomes `words`.
template <class Words>
std::vector<std::int32_t> read_line(file::json_fields const& fields, Words words, decoder_options const& o) {
  auto const ids = fields.find("text") ? words().encode(fields.text("text")) : program::ids_of(fields, o.vocabulary);
  if (ids.empty()) fields.wrong(fields.find("text") ? "text" : "ids", "a list of one token or more");
  if (ids.size() > std::size_t(o.context))
    fields.refuse("has " + std::to_string(ids.size()) + " ids, expected no more than the context's " +
                  std::to_string(o.context));
  return ids;
}

/// With the fewest digits that read back as the same numbers.
template <class T>
std::string line_of(std::vector<T> const& logp, std::string const& first, std::string const& where) {
  std::string text = "{" + first + "\"logp\": [";
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
void score(program::model_options const& from, bool stats) {
  scorer<T> logp_of(from);
  std::unique_ptr<language::tokenizer> tokens;
  auto const words = [&]() -> language::tokenizer const& {
    if (!tokens) tokens = std::make_unique<language::tokenizer>(language::read_text(from.path()).words);
    return *tokens;
  };
  program::token_usage usage;
  double sum = 0, count = 0;
  program::each_line([&](std::string const& line, std::string const& where) {
    file::json const object = file::parse_object(line, where);
    file::json_fields const fields(object, where);
    auto const ids = read_line(fields, words, logp_of.options());
    auto const logp = logp_of(ids);
    std::string const first = fields.find("text") ? "\"ids\": " + file::json(ids).dump() + ", " : "";
    program::print(line_of(logp, first, where));
    usage.add(ids.size(), 0);
    for (T x : logp) sum += double(x);
    count += double(logp.size());
  });
  if (!stats) return;
  if (count > 0) std::fprintf(stderr, "[perplexity %.4g over %.0f tokens]\n", std::exp(-sum / count), count);
  usage.print();
}

}  // namespace

int main(int argc, char** argv) {
  program::model_options loading;
  CLI::App app{
      "Reads lines {\"ids\": [...]} or {\"text\": \"...\"} from stdin and answers each at once with a line {\"logp\": "
      "[...]} "
      "on stdout, a text's also with\n"
      "its ids: the natural logarithm of each token's probability given those before it, the first token left out. "
      "Other fields of a line are not looked at. "
      "At the first line that\n"
      "is wrong it stops and says which on stderr.",
      "cohort score"};
  bool stats = false;
  loading.add_to(app);
  app.add_flag("--stats", stats, "says on stderr the perplexity of all lines, and the time and memory that it took");
  return program::run(app, argc, argv,
                      [&] { loading.wide ? score<double>(loading, stats) : score<float>(loading, stats); });
}
