// Any names of tags around any text: rewards are 0 or 1. Any alphabet: what it encodes it decodes to the same.
#include <cohort/language/reward/accuracy.hpp>
#include <cohort/language/reward/format.hpp>
#include <cohort/language/task/vocabulary.hpp>

#include "input.hpp"

using namespace cohort;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::input in(data, size);
  auto const how = in.take<std::uint8_t>();
  std::string const reasoning = in.text(in.take<std::uint8_t>()), answer = in.text(in.take<std::uint8_t>());
  std::string const rest = in.rest();
  auto const text = "<" + reasoning + ">" + rest + "</" + reasoning + "><" + answer + ">" + rest + "</" + answer + ">";
  try {
    format_tags const tags{reasoning, answer, tag_space(how % 3)};
    bool const strict = strict_format(tags).matches(text), soft = soft_format(tags).matches(text);
    fuzz::require(soft && (!strict || tags.space != tag_space::lines || rest.starts_with('\n')));
    strict_format(tags).matches(rest), soft_format(tags).matches(rest);
  } catch (value_error const&) {
  }
  auto const inside = between_tags{answer}(text);
  fuzz::require(inside && text.find(*inside) != text.npos);
  fuzz::require(detail::same_answer(rest, rest, how & 4));
  detail::same_answer(reasoning, rest, how & 4);
  try {
    alphabet a{.special = {reasoning, answer}};
    if (how & 8) a.characters = rest.substr(0, rest.size() / 2);
    vocabulary const words(a);
    for (auto const& one : {text, rest}) {
      auto const ids = words.encode(one);
      fuzz::require(words.decode(ids) == one);
    }
  } catch (value_error const&) {
  }
  return 0;
}
