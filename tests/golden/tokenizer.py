"""Records what Hugging Face's tokenizers makes of awkward texts, by vocabularies trained here with each family's normalizer and pre-tokenizer.

    python3 -m venv build/tokenizers
    build/tokenizers/bin/pip install tokenizers==0.23.3
    build/tokenizers/bin/python tests/golden/tokenizer.py

It writes into tokenizer/ beside itself, or into the folder given as its argument:

    texts.json             the texts, as UTF-8 in hexadecimal digits, some of which is none
    NAME/tokenizer.json    of FAMILIES
    NAME/expected.json     ids: of each text; plain: the same without special tokens in the text and around it, where that differs; decoded: of each text, null where it is the text,
                           and whole: with special tokens, where that differs; random: sequences of random ids and what they are decoded to

    build/tokenizers/bin/python tests/golden/tokenizer.py --compare build/release/examples/tokenize [COUNT]

compares COUNT random texts (10,000) and as many random sequences of each family with the program tokenize, in place of that.
"""

import collections
import json
import math
import pathlib
import random
import subprocess
import sys
import unicodedata

import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

NEEDED = "0.23.3"
HERE = pathlib.Path(__file__).parent

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")

CORPUS = """The policy is improved by the advantage of what it did over what it does on average, and the ratio is clipped.
A group of completions answers the same question; the mean of their rewards is the baseline, and no critic is learned.
It's what we've seen: they'll say I'm wrong, you're right, he'd know. The model doesn't know what it can't say.
for (int i = 0; i < 10; ++i) { sum += values[i] * weights[i]; }  // the sum of all
def advantage(rewards, values, gamma=0.99):
    return [r + gamma * v for r, v in zip(rewards, values)]
In 1984 there were 1234567 of them, 3.14159 on average; 50% of 2,048 is 1,024.
Der Fluß fließt über die Brücke. L'été dernier, où étiez-vous? El niño comió piñas en España.
Привет, мир! Как дела? Это просто текст для проверки токенов, и больше ничего.
你好，世界！今天天气很好。机器学习模型正在阅读这段文字。東京は日本の首都です。こんにちは、ありがとう。한국어 문장도 있습니다.
สวัสดีชาวโลก ภาษาไทยไม่มีช่องว่าง مرحبا بالعالم שלום עולם नमस्ते दुनिया
👋🌍 👩‍👩‍👧‍👦 🏳️‍🌈 ❤️ 🇩🇪 ✅ → ≤ ∑ ½ ² Ⅷ
""" * 3

TEXTS = [
    "", " ", "a", "Hello, world!", " Hello  world ", "The policy's advantage isn't what they'll expect; we've I'M YOU'RE.",
    "tabs\tand\n\nnew\r\nlines \n \n  end  ", "   leading and trailing   ", "a" * 70, "ab" * 40, " " * 37, "\n" * 9, "\t\t\t x",
    "for (int i = 0; i < 10; ++i) {\n    sum += values[i] * weights[i];\n}\n", "x=1;y_2 = __init__.py::foo<bar>&&baz||!qux",
    "1234567890 12,345.67 3.14e-10 ٣٤٥ १२३ ½ ² Ⅷ 〇", "Привет, мир! Ёжик ёлка", "你好，世界！今天天气很好。", "東京タワー ｶﾀｶﾅ ﾊﾟ", "한국어 문장 \u1112\u1161\u11ab",
    "สวัสดีชาวโลก น้ำ", "नमस्ते क्षि", "مرحبا بالعالم", "שָׁלוֹם", "e\u0301 é a\u0323\u0307 a\u0307\u0323 ǆ Ǆ ǅ", "ﬁ ﬀ ſ K Å İstanbul STRASSE ß ẞ ΑΣ",
    "👋🌍", "👩‍👩‍👧‍👦 family", "🏳️‍🌈❤️🇩🇪👍🏽", "zero\u200bwidth\u200cnon\u200djoiner\u2060\ufeff", "nul\0 bell\a esc\x1b del\x7f \x85 \u00ad",
    "\u00a0nbsp\u2003em\u3000ideographic\u2028line\u2029para\u180emongolian\u1680ogham", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U0010ffff \ue000 \ufffd \ufffe",
    "▁ ▁▁ already▁marked ▁", "Ġ Ċ ĉ ÄŁ", "<0x41><0xE4> <0x0A>", "<s>", "</s>", "<s>user</s>", "a <s> b </s> c", "<unk> <pad>",
    "<|endoftext|>", "text<|endoftext|>more <|endoftext|> ", "<|im_start|>user\nHi<|im_end|>\n", "<|begin_of_text|><|eot_id|>x", "<start_of_turn>user\nHi<end_of_turn>",
    "[MASK] a[MASK]b  [MASK]  c", "word Word wordy word", "left    LEFT    right RIGHT   end", "Mixed Case and Ünïcödé", "'s 'S 'Re don'T ſ'ſ",
    "don\u2019t \u201cquote\u201d \u2026 \u2014", "http://example.org/a?b=c&d=%20#e", "\\n \\u00e9 \"quoted\" {json: [1, 2]}",
    "a.b,c;d:e!f?g-h_i", "\u0301combining first", "\r", "\r\n\r\n x", " \u3000 \u00a0 ",
]
NOT_UTF8 = [b"caf\xe9", b"\xff\xfe\x00x", b"\xe4\xbd", b"a\xe4\xbdb\xf0\x9f\x91", b"\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80", b"\x80\x80\xe4\xbd\xa0"]


def bytes_names():
    return [f"<0x{b:02X}>" for b in range(256)]


def train(normalizer, pre_tokenizer, size, byte_level, special):
    """The texts of a BPE's tokens and its merges."""
    t = Tokenizer(models.BPE())
    if normalizer:
        t.normalizer = normalizer
    if pre_tokenizer:
        t.pre_tokenizer = pre_tokenizer
    # Those that come often enough; what the trainer limits is another in each run.
    often = [c for c, n in collections.Counter(CORPUS.replace(" ", "▁")).items() if n > 3 and not c.isspace()]
    alphabet = pre_tokenizers.ByteLevel.alphabet() if byte_level else often
    t.train_from_iterator(CORPUS.splitlines(keepends=True),
                          trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False, limit_alphabet=len(alphabet)))
    model = json.loads(t.to_str())["model"]
    words = sorted(model["vocab"], key=model["vocab"].get)
    return special + words, model["merges"]


def step(component):
    return json.loads(component.__getstate__())


def file(model, normalizer=None, pre_tokenizer=None, decoder=None, post_processor=None, added=()):
    ids = model["vocab"] if isinstance(model["vocab"], dict) else {word: k for k, (word, _) in enumerate(model["vocab"])}
    tokens, following = [], len(ids)
    for token in added:
        token = {"content": token} if isinstance(token, str) else token
        number = ids.get(token["content"])
        if number is None:
            number, following = following, following + 1
        tokens.append({"id": number, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} | token)
    tokens.sort(key=lambda token: token["id"])
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": tokens, "normalizer": normalizer,
            "pre_tokenizer": pre_tokenizer, "post_processor": post_processor, "decoder": decoder, "model": model}


def bpe(words, merges, **more):
    return {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False,
            "byte_fallback": False, "ignore_merges": False} | more | {"vocab": {word: k for k, word in enumerate(words)}, "merges": merges}


def template(token, number, end=None):
    single = [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    special = {token: {"id": token, "ids": [number], "tokens": [token]}}
    if end:
        single.append({"SpecialToken": {"id": end[0], "type_id": 0}})
        special[end[0]] = {"id": end[0], "ids": [end[1]], "tokens": [end[0]]}
    pair = single + [{"Sequence": {"id": "B", "type_id": 1}}]
    return {"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}


BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
SPACE = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
BACK = {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}


def split(regex):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(tokenizers.Regex(regex), "isolated"),
                                    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def gpt2():
    before = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words, merges = train(None, before, 420, True, [])
    return file(bpe(words, merges), None, step(before), BYTE_LEVEL, BYTE_LEVEL, ["<|endoftext|>"])


def gpt2_prefix():
    """As RoBERTa and old GPT-2 have it, with merges as lines, and a token that only whole words are."""
    before = pre_tokenizers.ByteLevel(add_prefix_space=True)
    words, merges = train(None, before, 320, True, [])
    more = [{"content": "word", "special": False, "single_word": True}, {"content": "[MASK]", "lstrip": True}]
    return file(bpe(words, [" ".join(pair) for pair in merges]), None, step(before), BYTE_LEVEL,
                template("<s>", len(words), ("</s>", len(words) + 1)), ["<s>", "</s>", *more])


def llama3():
    words, merges = train(None, split(LLAMA3), 460, True, [])
    words += ["Ġunmerged", "worldĠ"]  # whole words that no merges make
    post = {"type": "Sequence", "processors": [BYTE_LEVEL, template("<|begin_of_text|>", len(words))]}
    return file(bpe(words, merges, ignore_merges=True), None, step(split(LLAMA3)), BYTE_LEVEL, post,
                ["<|begin_of_text|>", "<|eot_id|>", "<|im_start|>", "<|im_end|>"])


def qwen2():
    words, merges = train(normalizers.NFC(), split(QWEN2), 420, True, [])
    added = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", {"content": "<tool>", "special": False}]
    return file(bpe(words, merges), {"type": "NFC"}, step(split(QWEN2)), BYTE_LEVEL, BYTE_LEVEL, added)


def smollm2():
    before = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    words, merges = train(None, before, 400, True, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    return file(bpe(words, merges), None, step(before), BYTE_LEVEL, None, words[:3])


def falcon():
    """Steps behind the visible alphabet."""
    before = pre_tokenizers.Sequence([pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(add_prefix_space=False),
                                      pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.Split(tokenizers.Regex("[0-9][0-9][0-9]"), "isolated")])
    words, merges = train(None, before, 330, True, [])
    return file(bpe(words, merges), None, step(before), BYTE_LEVEL, None, ["<|endoftext|>"])


def llama2():
    normalizer = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, SPACE]}
    words, merges = train(normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), pre_tokenizers.Split("▁", "merged_with_next"), 420,
                          False, ["<unk>", "<s>", "</s>", *bytes_names()])
    decoder = {"type": "Sequence", "decoders": [BACK, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    return file(bpe(words, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True), normalizer, None, decoder, template("<s>", 1),
                ["<unk>", "<s>", "</s>", {"content": "family", "normalized": True, "special": False}])


def mistral():
    meta = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    words, merges = train(None, meta, 380, False, ["<unk>", "<s>", "</s>", *bytes_names()])
    decoder = {"type": "Sequence", "decoders": [BACK, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    return file(bpe(words, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True), None, step(meta), decoder, template("<s>", 1, ("</s>", 2)), words[:3])


def gemma():
    words, merges = train(normalizers.Replace(" ", "▁"), pre_tokenizers.Split("▁", "merged_with_next"), 420, False,
                          ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>", "\n", "\n\n", "▁▁", "▁▁▁▁", *bytes_names()])
    words = list(dict.fromkeys(words))
    before = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
    decoder = {"type": "Sequence", "decoders": [BACK, {"type": "ByteFallback"}, {"type": "Fuse"}]}
    added = [*words[:6], {"content": "\n\n", "special": False}, {"content": "▁▁", "special": False}, {"content": "▁▁▁▁", "special": False}]
    return file(bpe(words, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True), SPACE, before, decoder, template("<bos>", 2), added)


def no_bytes():
    """A character that is no token is unknown, each for itself; no decoder."""
    words, merges = train(normalizers.Lowercase(), pre_tokenizers.Whitespace(), 200, False, ["<unk>"])
    normalizer = {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": True, "strip_right": True},
                                                       {"type": "Replace", "pattern": {"Regex": "l+"}, "content": "l"}]}
    added = ["<unk>", {"content": "LEFT", "lstrip": True, "normalized": True, "special": False}, {"content": "RIGHT", "rstrip": True, "special": False},
             {"content": "Word", "single_word": True, "normalized": True, "special": False}]
    return file(bpe(words, merges, unk_token="<unk>"), normalizer, step(pre_tokenizers.Whitespace()), None, None, added)


def unigram_vocabulary(size, before, special):
    """The words of a BPE with the logarithms of how often they come (a UnigramTrainer's are others in each run)."""
    words, _ = train(normalizers.NFKC(), before, size, False, [])
    text = unicodedata.normalize("NFKC", CORPUS).replace(" ", "▁")
    counts = {word: text.count(word) for word in words}
    return [[word, 0.0] for word in special] + [[word, round(math.log(max(n, 0.5) / len(text)), 5)] for word, n in counts.items() if word not in special]


def unigram():
    meta = pre_tokenizers.Metaspace()
    vocabulary = unigram_vocabulary(300, meta, ["<pad>", "</s>", "<unk>"])
    before = {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, step(meta)]}
    return file({"type": "Unigram", "unk_id": 2, "vocab": vocabulary, "byte_fallback": False}, {"type": "NFKC"}, before, step(decoders.Metaspace()),
                template("<pad>", 0, ("</s>", 1)), ["<pad>", "</s>", "<unk>"])


def unigram_bytes():
    meta = pre_tokenizers.Metaspace(prepend_scheme="never", split=False)
    vocabulary = unigram_vocabulary(260, meta, ["<unk>", "<s>", "</s>", *bytes_names()])
    decoder = {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, step(decoders.Metaspace(prepend_scheme="never"))]}
    return file({"type": "Unigram", "unk_id": 0, "vocab": vocabulary, "byte_fallback": True}, {"type": "NFKD"}, step(meta), decoder, None,
                ["<unk>", "<s>", "</s>"])


FAMILIES = [gpt2, gpt2_prefix, llama3, qwen2, smollm2, falcon, llama2, mistral, gemma, no_bytes, unigram, unigram_bytes]


def sequences(size, count, draws):
    return [[draws.randrange(size) for _ in range(draws.randrange(1, 12))] for _ in range(count)]


def encoder(t, special):
    def encode(text):
        t.encode_special_tokens = not special
        return t.encode(text, add_special_tokens=special).ids
    return encode


def record(family, folder, texts):
    folder.mkdir(parents=True, exist_ok=True)
    written = json.dumps(family(), ensure_ascii=False, separators=(",", ":"))
    (folder / "tokenizer.json").write_text(written + "\n")
    t = Tokenizer.from_str(written)
    ids = [encoder(t, True)(text) for text in texts]
    plain = [encoder(t, False)(text) for text in texts]
    decoded = [t.decode(one) for one in ids]
    whole = [t.decode(one, skip_special_tokens=False) for one in ids]
    random_ids = sequences(t.get_vocab_size() + 2, 40, random.Random(1))
    expected = {
        "ids": ids, "plain": {k: b for k, (a, b) in enumerate(zip(ids, plain)) if a != b}, "decoded": [None if one == text else one for one, text in zip(decoded, texts)],
        "whole": {k: b for k, (a, b) in enumerate(zip(decoded, whole)) if a != b},
        "random": [[one, t.decode(one, skip_special_tokens=False)] for one in random_ids],
    }
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, separators=(",", ":")) + "\n")


def random_text(draws, pieces):
    """Pieces of the awkward texts, runs of one character, and characters of all planes that this Python's Unicode knows."""
    def character():
        while True:
            c = chr(draws.randrange((0x80, 0x250, 0x3000, 0x10000, 0x20000, 0x110000)[draws.randrange(6)]))
            if unicodedata.category(c) not in ("Cn", "Cs"):
                return c
    parts = []
    for _ in range(draws.randrange(1, 10)):
        kind = draws.randrange(4)
        if kind == 0:
            parts.append(draws.choice(pieces))
        elif kind == 1:
            parts.append(character() * draws.randrange(1, 6))
        elif kind == 2:
            parts.append("".join(character() for _ in range(draws.randrange(1, 8))))
        else:
            parts.append(draws.choice([" ", "  ", "\n", "\t", "'s", "12", "a", "▁", " the"]))
    return "".join(parts)


def compare(program, count, folder):
    """Prints what differs, and of each family how many did."""
    def answers(arguments, lines):
        made = subprocess.run([program, "--json", *arguments], input="".join(json.dumps(line) + "\n" for line in lines), capture_output=True, text=True, check=True)
        return [json.loads(line) for line in made.stdout.split("\n")[:-1]]

    pieces = [piece for text in TEXTS for piece in text.split(" ") if piece] + CORPUS.split()
    failed = 0
    for number, family in enumerate(FAMILIES):
        name, draws = family.__name__, random.Random(number)
        t = Tokenizer.from_file(str(folder / name / "tokenizer.json"))
        texts = [random_text(draws, pieces) for _ in range(count)]
        wrong = []
        for special in (True, False):
            encode = encoder(t, special)
            found = answers(["--model", str(folder / name), *([] if special else ["--plain"])], [{"text": text} for text in texts])
            wrong += [(text, encode(text), one["ids"]) for text, one in zip(texts, found, strict=True) if encode(text) != one["ids"]]
        tokens = [t.encode(text).ids for text in texts] + sequences(t.get_vocab_size(), count, draws)
        found = answers(["--model", str(folder / name), "--decode"], [{"ids": one} for one in tokens])
        wrong += [(one, t.decode(one, skip_special_tokens=False), text["text"]) for one, text in zip(tokens, found, strict=True)
                  if t.decode(one, skip_special_tokens=False) != text["text"]]
        for given, theirs, ours in wrong[:5]:
            print(f"{name}: of {given!a}\n    tokenizers {theirs!a}\n    tokenize   {ours!a}")
        print(f"{name}: {len(wrong)} of {2 * count} encodings and {2 * count} decodings differ")
        failed += len(wrong)
    sys.exit(failed != 0)


def main():
    if tokenizers.__version__ != NEEDED:
        sys.exit(f"these files are recorded with tokenizers {NEEDED}, and here is {tokenizers.__version__}")
    if sys.argv[1:2] == ["--compare"]:
        compare(sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 10_000, HERE / "tokenizer")
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "tokenizer"
    folder.mkdir(parents=True, exist_ok=True)
    raw = [text.encode() for text in TEXTS] + NOT_UTF8
    (folder / "texts.json").write_text(json.dumps({"texts": [text.hex() for text in raw]}) + "\n")
    for family in FAMILIES:
        record(family, folder / family.__name__, [text.decode(errors="replace") for text in raw])


main()
