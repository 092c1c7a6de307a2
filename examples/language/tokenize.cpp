// Texts as a model's tokens, and back:
//
//     echo 'Hello!' | cohort tokenize --model DIR        prints {"ids": [9906, 0]}
#include <cohort/language/files/model_text.hpp>

#include "../program/command_line.hpp"
#include "lines.hpp"

namespace {

using namespace cohort;

struct request {
  std::string model;
  bool decode = false, json = false, plain = false, skip_special = false;
};

std::string line_of(std::vector<std::int32_t> const& ids) {
  std::string text = "{\"ids\": [";
  for (std::size_t t = 0; t < ids.size(); ++t) text += (t ? ", " : "") + std::to_string(ids[t]);
  return text + "]}\n";
}

std::string read_text(std::string const& line, std::string const& where) {
  file::json const object = file::parse_object(line, where);
  return file::json_fields(object, where).text("text");
}

std::vector<std::int32_t> read_ids(std::string const& line, std::string const& where) {
  file::json const object = file::parse_object(line, where);
  return program::ids_of(file::json_fields(object, where));
}

void tokenize(request const& r) {
  language::tokenizer const words = language::read_words(r.model);
  auto const answer = [&](std::string const& line, std::string const& where) {
    if (r.decode) {
      std::string const text = words.decode(read_ids(line, where), {.skip_special = r.skip_special});
      return r.json ? file::json{{"text", text}}.dump() + "\n" : text + "\n";
    }
    return line_of(
        words.encode(r.json ? read_text(line, where) : line, {.special_in_text = !r.plain, .begin_end = !r.plain}));
  };
  program::each_line([&](std::string const& line, std::string const& where) { program::print(answer(line, where)); });
}

}  // namespace

int main(int argc, char** argv) {
  request r;
  program::typed model;
  CLI::App app{
      "Reads lines from stdin and answers each at once with a line {\"ids\": [...]} on stdout, the model's tokens of "
      "it; with --decode, reads\n"
      "lines {\"ids\": [...]} and answers with their texts. Other fields of a line are not looked at. At the first "
      "line "
      "that is wrong it stops\n"
      "and says which on stderr.",
      "cohort tokenize"};
  program::add(app, "--model", model, "a folder with a tokenizer.json, that file, or a GGUF file", "PATH")->required();
  auto* const decode = app.add_flag("--decode", r.decode, "from tokens to texts");
  app.add_flag("--json", r.json, "texts are lines {\"text\": \"...\"}, which may have line breaks in them");
  app.add_flag("--plain", r.plain,
               "special tokens that are written in a text are text, and none are put before and behind it")
      ->excludes(decode);
  app.add_flag("--skip-special", r.skip_special, "leave special tokens out of the texts")->needs(decode);
  return program::run(app, argc, argv, [&] {
    r.model = *model;
    tokenize(r);
  });
}
