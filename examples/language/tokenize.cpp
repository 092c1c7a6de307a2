// Texts as a model's tokens, and back:
//
//     echo 'Hello!' | tokenize --model DIR        prints {"ids": [9906, 0]}
#include <cohort/language/tokenizer/tokenizer.hpp>
#include <iostream>

#include "../program/command_line.hpp"

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
  file::json_fields const fields(object, where);
  file::json const& text = fields.at("text");
  if (!text.is_string()) fields.wrong("text", "a text");
  return text.get<std::string>();
}

std::vector<std::int32_t> read_ids(std::string const& line, std::string const& where) {
  file::json const object = file::parse_object(line, where);
  file::json_fields const fields(object, where);
  file::json const& list = fields.at("ids");
  if (!list.is_array()) fields.wrong("ids", "a list of tokens");
  std::vector<std::int32_t> ids;
  for (file::json const& id : list) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() > std::uint64_t(std::numeric_limits<std::int32_t>::max()))
      fields.refuse("ids[" + std::to_string(ids.size()) + "] is " + detail::shown(id) + ", expected a token");
    ids.push_back(id.get<std::int32_t>());
  }
  return ids;
}

void tokenize(request const& r) {
  language::tokenizer const words(r.model);
  auto const answer = [&](std::string const& line, std::string const& where) {
    if (r.decode) {
      std::string const text = words.decode(read_ids(line, where), {.skip_special = r.skip_special});
      return r.json ? file::json{{"text", text}}.dump() + "\n" : text + "\n";
    }
    return line_of(
        words.encode(r.json ? read_text(line, where) : line, {.special_in_text = !r.plain, .begin_end = !r.plain}));
  };
  std::ios::sync_with_stdio(false);
  std::string line;
  for (long number = 1; std::getline(std::cin, line); ++number)
    program::print(answer(line, "stdin, line " + std::to_string(number)));
  if (std::cin.bad()) throw cohort_error("can't read stdin");
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
      "tokenize"};
  program::add(app, "--model", model, "folder with a tokenizer.json, or the file", "DIR")->required();
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
