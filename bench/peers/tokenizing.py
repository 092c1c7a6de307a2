#!/usr/bin/env python3
"""Megabytes of text a second that the program tokenize and Hugging Face's tokenizers turn into tokens on one core, by the same tokenizer.json.

    pip install tokenizers==0.23.3                                     in a virtual environment outside the repository
    taskset -c 1 python bench/peers/tokenizing.py PROGRAM FOLDER TEXT  build/release/bench/bench_tokenizing, a model's folder, a file

Each takes the text in documents of about 4 kB, three times, and the best counts; tokenizers as encode and as encode_batch_fast.
"""

import os
import subprocess
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from tokenizers import Tokenizer


def documents(text):
    """As tokenizing.cpp takes them."""
    found, size = [""], 0
    lines = text.split("\n")
    for line in [line + "\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]:
        if size > 4000:
            found.append("")
            size = 0
        found[-1] += line
        size += len(line.encode())
    return found


def best(call, size):
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begin)
    return size / min(seconds) / 1e6


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    program, folder, path = sys.argv[1:]
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    size, parts = len(text.encode()), documents(text)
    tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    count = sum(len(tokenizer.encode(part).ids) for part in parts)
    one = best(lambda: [tokenizer.encode(part) for part in parts], size)
    batch = best(lambda: tokenizer.encode_batch_fast(parts), size)
    print(f"tokenizers  {count} tokens, encode {one:.1f} MB/s, encode_batch_fast {batch:.1f} MB/s")
    print("Cohort      " + subprocess.run([program, folder, path], check=True, capture_output=True, text=True).stdout, end="")


main()
