"""Records what sentencepiece makes of the texts of tokenizer/texts.json, by small models that it trains here.

    python3 -m venv build/sentencepiece
    build/sentencepiece/bin/pip install sentencepiece==0.2.3
    build/sentencepiece/bin/python tests/golden/sentence_pieces.py

It writes into sentencepiece/ beside itself, or into the folder given as its argument: NAME/tokenizer.model of MODELS, and NAME/expected.json with the
tokens of each text, null for those that are no UTF-8, and what these are decoded to.
"""

import io
import json
import pathlib
import sys

import sentencepiece

NEEDED = "0.2.3"
HERE = pathlib.Path(__file__).parent
CORPUS = """The policy is improved by the advantage of what it did over what it does on average, and the ratio is clipped.
A group of completions answers the same question; the mean of their rewards is the baseline, and no critic is learned.
It's what we've seen: they'll say I'm wrong, you're right. In 1984 there were 1234567 of them, 3.14159 on average.
for (int i = 0; i < 10; ++i) { sum += values[i] * weights[i]; }  // the sum of all
    return [r + gamma * v for r, v in zip(rewards, values)]
Der Fluß fließt über die Brücke. Привет, мир! Как дела? 你好，世界！ こんにちは 한국어
""".splitlines() * 3

COMMON = dict(normalization_rule_name="identity", character_coverage=0.98, num_threads=1, minloglevel=2)
# As Llama 2 has it, as Gemma has it, and sentencepiece's own default but for its characters.
MODELS = {
    "llama2": dict(model_type="bpe", vocab_size=420, byte_fallback=True, split_digits=True, allow_whitespace_only_pieces=True, remove_extra_whitespaces=False),
    "gemma": dict(model_type="bpe", vocab_size=400, byte_fallback=True, add_dummy_prefix=False, remove_extra_whitespaces=False, allow_whitespace_only_pieces=True,
                  user_defined_symbols=["<start_of_turn>", "▁▁"], control_symbols=["<mask>"]),
    "unigram": dict(model_type="unigram", vocab_size=120),
    "unigram_bytes": dict(model_type="unigram", vocab_size=380, byte_fallback=True, remove_extra_whitespaces=False),
}


def main():
    if sentencepiece.__version__ != NEEDED:
        sys.exit(f"these files are recorded with sentencepiece {NEEDED}, and here is {sentencepiece.__version__}")
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "sentencepiece"
    raw = [bytes.fromhex(text) for text in json.loads((HERE / "tokenizer" / "texts.json").read_text())["texts"]]
    for name, options in MODELS.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=model, **COMMON, **options)
        (folder / name / "tokenizer.model").write_bytes(model.getvalue())
        pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
        ids, decoded = [], []
        for text in raw:
            try:
                ids.append(pieces.encode(text.decode()))
                decoded.append(pieces.decode(ids[-1]))
            except UnicodeDecodeError:
                ids.append(None)
                decoded.append(None)
        (folder / name / "expected.json").write_text(json.dumps({"ids": ids, "decoded": decoded}, ensure_ascii=False, separators=(",", ":")) + "\n")


main()
