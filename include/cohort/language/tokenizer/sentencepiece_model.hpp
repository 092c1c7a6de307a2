#pragma once
#include <cohort/file/protobuf.hpp>
#include <cohort/language/tokenizer/token_lists.hpp>

// tokenizer.model, as sentencepiece writes it.

namespace COHORT_NAMESPACE::language {

/// The lists of a sentencepiece model, of BPE or of Unigram.
struct sentencepiece_lists {
  token_lists lists;
  bool unigram;
};

/// What a sentencepiece model says, from bytes that may hold anything; `where` is what messages call it. Raises
/// io_error for what is damaged, for models of words or characters, and for a normalizer that changes more than spaces:
/// write those as a tokenizer.json.
///
/// Source: sentencepiece_model.proto.
inline sentencepiece_lists read_sentencepiece_lists(std::span<std::byte const> bytes, std::string const& where) {
  auto refuse = [&](std::string const& what) { detail::refuse_file(where, what); };
  token_lists lists;
  lists.where = where;
  std::int64_t model = 1;
  std::array<std::int64_t, 3> numbers{0, 1, 2};  // unk, bos, eos
  bool extra_spaces = true, mapped = false;
  std::string normalizer;
  for (file::protobuf_fields f(bytes, where); f.next();) {
    if (f.number() == 1) {  // a piece
      std::string text;
      float score = 0;
      auto kind = std::int64_t(token_kind::normal);
      for (file::protobuf_fields piece(f.bytes(), where); piece.next();) {
        if (piece.number() == 1) text = piece.text();
        if (piece.number() == 2) score = piece.real();
        if (piece.number() == 3) kind = piece.integer();
      }
      if (text.empty()) refuse("has an empty piece, number " + std::to_string(lists.tokens.size()));
      if (kind < 1 || kind > 6) refuse("has a piece of type " + std::to_string(kind) + ", expected 1 to 6");
      lists.tokens.push_back(std::move(text)), lists.scores.push_back(score), lists.kinds.push_back(token_kind(kind));
    } else if (f.number() == 2) {  // trainer_spec
      for (file::protobuf_fields spec(f.bytes(), where); spec.next();) {
        if (spec.number() == 3) model = spec.integer();
        if (spec.number() >= 40 && spec.number() <= 42) numbers[std::size_t(spec.number() - 40)] = spec.integer();
        if (spec.number() == 24 && spec.integer()) refuse("treats white space as suffixes, which is not known here");
      }
    } else if (f.number() == 3) {  // normalizer_spec
      for (file::protobuf_fields spec(f.bytes(), where); spec.next();) {
        if (spec.number() == 1) normalizer = spec.text();
        if (spec.number() == 2) mapped = !spec.bytes().empty();
        if (spec.number() == 3) lists.prefix_space = spec.integer();
        if (spec.number() == 4) extra_spaces = spec.integer();
        if (spec.number() == 5 && !spec.integer()) refuse("leaves spaces as they are, which is not known here");
      }
    }
  }
  if (lists.tokens.empty()) refuse("has no pieces");
  if (model != 1 && model != 2)
    refuse("has a model of type " + std::to_string(model) + ", expected 1, Unigram, or 2, BPE");
  if (mapped) refuse("has the normalizer " + detail::in_quotes(normalizer) + ", expected \"identity\"");
  lists.remove_extra_spaces = extra_spaces;
  auto const number = [&](std::int64_t id) {
    return id >= 0 && id < std::int64_t(lists.tokens.size()) ? std::optional(std::int32_t(id)) : std::nullopt;
  };
  lists.begin = number(numbers[1]), lists.end = number(numbers[2]);
  return {std::move(lists), model == 1};
}
inline tokenizer_parts read_sentencepiece(std::span<std::byte const> bytes, std::string const& where) {
  auto all = read_sentencepiece_lists(bytes, where);
  return sentencepiece_parts(std::move(all.lists), all.unigram);
}

}  // namespace COHORT_NAMESPACE::language
