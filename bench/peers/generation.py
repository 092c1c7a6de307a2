#!/usr/bin/env python3
"""Generates by Cohort, llama.cpp, OpenVINO GenAI and transformers in turn, with the same model in the same types, and prints tokens a second.

    bash bench/peers/setup.sh --generation                          once
    python3 bench/peers/generation.py MODEL FOLDER                  a GGUF file such as get_model.sh's, and a folder for what is made of it

Each program runs alone, round by round; README.md in this folder says what is compared.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from compare import HERE, REPOSITORY, build_of, compiler_of, machine, output_of, packages

# type -> who takes part: (name, peer or None for Cohort, what of the folder it reads, its type)
CONTESTANTS = {
    "f32": [("Cohort", None, "f32.gguf", "f32"), ("llama.cpp", "llama", "f32.gguf", "f32"), ("OpenVINO GenAI", "openvino", "openvino-fp32", "f32"),
            ("transformers", "transformers", "folder", "f32")],
    "f16": [("Cohort", None, "f16.gguf", "f16"), ("llama.cpp", "llama", "f16.gguf", "f16")],
    "bf16": [("Cohort", None, "bf16.gguf", "bf16"), ("Cohort, inputs rounded", None, "bf16.gguf", "bf16-rounded"), ("llama.cpp", "llama", "bf16.gguf", "bf16"),
             ("OpenVINO GenAI", "openvino", "openvino-fp32", "bf16"), ("transformers", "transformers", "folder", "bf16")],
    "q8_0": [("Cohort", None, "q8_0.gguf", "q8_0"),
             ("llama.cpp", "llama", "q8_0.gguf", "q8_0"), ("OpenVINO GenAI, int8", "openvino", "openvino-int8", "int8")],
}
TOKENS = {1: 128, 8: 64, 64: 64}


def fail(message):
    print(f"generation.py: {message}", file=sys.stderr)
    sys.exit(2)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--types", default=",".join(CONTESTANTS), help="default %(default)s")
    parser.add_argument("--batches", default=",".join(map(str, TOKENS)), help="default %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="default %(default)s")
    parser.add_argument("--repeats", type=int, default=2, help="measured calls in a run, default %(default)s")
    parser.add_argument("--only", default="", help="names of programs, with ; between them")
    parser.add_argument("--out", type=Path, help="adds each run to this file as a line of JSON")
    parser.add_argument("--table", action="store_true", help="runs nothing, and prints the table of --out")
    parser.add_argument("--cohort", type=Path, default=REPOSITORY / "build/release/bench/cohort_generation", help="our program")
    parser.add_argument("--convert", type=Path, default=REPOSITORY / "build/release/examples/cohort-convert", help="the program that makes the files")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    parser.add_argument("--peer-python", type=Path, default=Path(cache) / "cohort-peers-generation" / "bin" / "python")
    options = parser.parse_args()
    options.types = options.types.split(",")
    options.batches = [int(batch) for batch in options.batches.split(",")]
    if set(options.types) - set(CONTESTANTS) or set(options.batches) - set(TOKENS):
        fail(f"known types are {', '.join(CONTESTANTS)}, batches {', '.join(map(str, TOKENS))}")
    return options


def make_files(options):
    """Of the model in each type a file for Cohort and llama.cpp, a folder for transformers, and OpenVINO's."""
    options.folder.mkdir(parents=True, exist_ok=True)
    for kind in CONTESTANTS:
        if not (options.folder / f"{kind}.gguf").exists():
            to = options.folder / f"{kind}.gguf"
            subprocess.run([options.convert, "--model", options.model, "--out", to, "--type", kind], check=True)
    if not (options.folder / "folder").exists():
        subprocess.run([options.convert, "--model", options.model, "--out", options.folder / "folder", "--type", "f32"], check=True)
    for precision in ("fp32", "int8"):
        to = options.folder / f"openvino-{precision}"
        if not to.exists():
            subprocess.run([options.peer_python.parent / "optimum-cli", "export", "openvino", "--model", options.folder / "folder", "--weight-format", precision,
                            "--task", "text-generation-with-past", to], check=True)


def run(options, kind, batch, contestant):
    name, peer, file, its_type = contestant
    program = [options.peer_python, HERE / "generation_peer.py", peer] if peer else [options.cohort]
    command = [str(word) for word in (*program, options.folder / file, its_type, batch, TOKENS[batch], options.repeats)]
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "2"})
    lines = [line for line in result.stdout.splitlines() if line.startswith('{"tokens"')]
    if result.returncode or not lines:
        print(result.stderr[-2000:], end="", file=sys.stderr)
        fail(f"status {result.returncode} and no line of JSON from: {' '.join(command)}")
    record = json.loads(lines[-1])
    return {"type": kind, "batch": batch, "name": name, "rate": record["tokens"] / statistics.median(record["seconds"])}


def table(records):
    batches = sorted({record["batch"] for record in records})
    print("| type | | " + " | ".join(f"batch {batch}" for batch in batches) + " |")
    print("| --- | --- |" + " --- |" * len(batches))
    for kind, contestants in CONTESTANTS.items():
        found = {(name, batch): [r["rate"] for r in records if (r["type"], r["name"], r["batch"]) == (kind, name, batch)]
                 for name, *_ in contestants for batch in batches}
        for name, *_ in contestants:
            cells = []
            for batch in batches:
                rates = found[name, batch]
                peers = [found[other, batch] for other, *_ in contestants if not other.startswith("Cohort") and found[other, batch]]
                best = max(map(statistics.median, peers), default=0)
                ratio = f" ({statistics.median(rates) / best:.2f})" if rates and best else ""
                cells.append(f"{statistics.median(rates):,.0f}{ratio}" if rates else "")
            print(f"| {kind} | {name} | " + " | ".join(cells) + " |")
    print("\nMedians over the rounds; in brackets, times the best peer.\n")


def main():
    options = parse()
    if options.table:
        return table([json.loads(line) for line in options.out.read_text().splitlines()])
    make_files(options)
    records = []
    for number in range(options.rounds):
        for kind in options.types:
            for batch in options.batches:
                for contestant in CONTESTANTS[kind]:
                    if options.only and contestant[0] not in options.only.split(";"):
                        continue
                    records.append(run(options, kind, batch, contestant))
                    print(f"round {number + 1}, {kind}, batch {batch}, {contestant[0]}: {records[-1]['rate']:,.0f} tokens/s", file=sys.stderr)
                    if options.out:
                        with open(options.out, "a", encoding="utf-8") as lines:
                            print(json.dumps(records[-1]), file=lines)
    table(records)
    flags, eigen = build_of(options.cohort)
    print(f"machine: {machine()}")
    print(f"cohort: {output_of('git', 'describe', '--always', '--dirty', '--tags')}, {compiler_of(options.cohort)}, {flags}, Eigen {eigen}")
    print(f"peers: {packages(options.peer_python, ' --generation', 'xllamacpp', 'openvino', 'openvino-genai', 'optimum-intel', 'transformers', 'torch')}")


if __name__ == "__main__":
    main()
