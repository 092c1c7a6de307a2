"""Records what the originals of two rewards make of some texts, in tests/golden/reward/texts.json: the normalization of
SQuAD 1.1's evaluation, and the count of XML tags of the GRPO example for GSM8K. Both functions are restated here, and
need nothing but Python 3.

    python3 tests/golden/rewards.py
"""

import json
import pathlib
import random
import re
import string


def normalize_answer(text):
    text = "".join(c for c in text.lower() if c not in set(string.punctuation))
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def count_xml(text):
    count = 0.0
    if text.count("<reasoning>\n") == 1:
        count += 0.125
    if text.count("\n</reasoning>\n") == 1:
        count += 0.125
    if text.count("\n<answer>\n") == 1:
        count += 0.125
        count -= len(text.split("\n</answer>\n")[-1]) * 0.001
    if text.count("\n</answer>") == 1:
        count += 0.125
        count -= (len(text.split("\n</answer>")[-1]) - 1) * 0.001
    return count


answers = ["The Eiffel Tower.", "the-end", "A_b a_ b", "An  apple\ta\u00a0day!", "Théâtre the\u0301 \u00c9COLE", "\u201cThe\u201d a\u2014the\u2014b",
           "THE", "", "a an the", "$1,000.50", "\u4e2d\u6587\u3000the \u6587", "\u0391\u03b8\u03ae\u03bd\u03b1 1st", "x\u00b2 \u00bd a\u0903b", "the\x1cthe\x85 \u2028 e"]
tags = ["<reasoning>", "</reasoning>", "<answer>", "</answer>", "\n", "\n", "\n", "x", "7 \u00e9", "<answer>\n"]
draws = random.Random(1)
whole = "<reasoning>\n1+6\n</reasoning>\n<answer>\n7\n</answer>"
structured = [whole, whole + "\n", whole + "\nmore", whole + " \u00e9", whole + "\n" + whole, whole + "\n</answer>\n"]
structured += ["".join(draws.choices(tags, k=draws.randrange(3, 16))) for _ in range(60)]
structured += [whole.replace("\n", "", k) + "\n" * (k % 3) for k in range(6)]
record = {"normalized": [[text, normalize_answer(text)] for text in answers], "tags": [[text, count_xml(text)] for text in structured]}
path = pathlib.Path(__file__).parent / "reward" / "texts.json"
path.parent.mkdir(exist_ok=True)
path.write_text(json.dumps(record, indent=0) + "\n")
