#pragma once
#include <string>

// A tokenizer.json of each kind, with a little of everything.
namespace support {

inline std::string const small_bpe = R"({
  "added_tokens": [{"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": true, "normalized": false, "special": true},
                   {"id": 9, "content": "ba", "special": false}],
  "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "a+|\\s"}, "behavior": "Isolated", "invert": false}]},
  "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                     "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}},
  "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": "_", "start": 1, "stop": 0}]},
  "model": {"type": "BPE", "unk_token": "<s>", "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
            "vocab": {"<s>": 0, "a": 1, "b": 2, "_": 3, "aa": 4, "aaa": 5, "_b": 6}, "merges": [["a", "a"], "aa a", "_ b"]}})";
inline std::string const small_unigram = R"({
  "pre_tokenizer": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "split": true},
  "decoder": {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first"},
  "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false, "vocab": [["<unk>", 0], ["a", -1.5], ["_a", -2], ["b", -3]]}})";

}  // namespace support
