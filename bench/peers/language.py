#!/usr/bin/env python3
"""Runs language models by Cohort and by PyTorch, transformers, TRL and Liger in turn, and prints the ratios as tables.

Round by round, each program runs once before the next round begins, so that what the machine does in the meantime meets all of them.
README.md in this folder says what is compared and what the numbers do not say.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

from compare import HERE, REPOSITORY, build_of, compiler_of, machine, output_of

PACKAGES = ("torch", "transformers", "trl", "liger-kernel", "numpy")
OURS = "Cohort"
# task -> (what it is, what the peer is called); those of the head run on one core
TASKS = {
    "generate": ("64 prompts of 16 tokens, 64 new tokens each", {"generate": "transformers"}),
    "train": ("forward and backward of 64 series of 80 tokens", {"train": "transformers, PyTorch"}),
    "grpo": ("GRPO steps, 8 prompts, 8 completions of 64 tokens each, with a reference", {"grpo": "TRL"}),
    "head": ("the loss from hidden states on, 2,048 tokens, vocabulary 49,152", {"head": "TRL", "head_liger": "Liger"}),
}


def fail(message):
    print(f"language.py: {message}", file=sys.stderr)
    sys.exit(2)


def default_peer():
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "cohort-peers-language" / "bin" / "python"


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tasks", default=",".join(TASKS), help="default %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="how often each program runs, default %(default)s")
    parser.add_argument("--repeats", type=int, default=3, help="measured calls in each of its runs, default %(default)s")
    parser.add_argument("--threads", type=int, default=2, help="default %(default)s; the head's loss always has one")
    parser.add_argument("--core", type=int, default=1, help="the core for what runs on one thread, default %(default)s")
    parser.add_argument("--cohort", type=Path, default=REPOSITORY / "build/release/bench/cohort_llama", help="our program")
    parser.add_argument("--peer-python", type=Path, default=default_peer(), help="interpreter of `setup.sh --language`'s environment")
    parser.add_argument("--out", type=Path, help="write each run as a line of JSON to this new file")
    options = parser.parse_args()

    options.tasks = options.tasks.split(",")
    for task in options.tasks:
        if task not in TASKS:
            fail(f"unknown task {task}; known: {', '.join(TASKS)}")
    if min(options.rounds, options.repeats, options.threads) < 1 or options.core < 0:
        fail("--rounds, --repeats and --threads must be positive, --core not negative")
    if not os.access(options.cohort, os.X_OK):
        fail(f"no program {options.cohort}; build the target cohort_llama, or name it with --cohort")
    if not os.access(options.peer_python, os.X_OK):
        fail(f"no interpreter {options.peer_python}; run bench/peers/setup.sh --language, or name it with --peer-python")
    return options


def run(options, task, name):
    """One run; `name` is a peer's argument, or OURS. The last line of JSON that it prints."""
    threads = 1 if task == "head" else options.threads
    program = [options.cohort, options.repeats, task] if name == OURS else [options.peer_python, HERE / "language_peer.py", options.repeats, name]
    command = [*(["taskset", "-c", options.core] if threads == 1 else []), *program]
    environment = {**os.environ, **{f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "MKL", "OPENBLAS")}}
    command = [str(word) for word in command]
    try:
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
    except OSError as error:
        fail(f"{command[0]}: {error.strerror}")
    records = [line for line in result.stdout.splitlines() if line.startswith('{"what"')]
    if result.returncode or not records:
        print(result.stderr, end="", file=sys.stderr)
        fail(f"status {result.returncode} and no line of JSON from: {' '.join(command)}")
    return {**json.loads(records[-1]), "task": task, "contestant": name, "threads": threads}


def agree(records):
    """The head's losses and gradients are those of the same numbers, so they must be the same."""
    for key in ("loss", "hidden_gradient", "weight_gradient"):
        found = [record[key] for record in records]
        if max(found) - min(found) > 1e-5 * abs(statistics.median(found)):
            fail(f"the head's {key} is not the same in all: {found}")


def table(task, names, records):
    print(f"\n{task}: {TASKS[task][0]}\n")
    extra = task == "head"
    columns = ["", "tokens/s (least to most)", "times the peer's", "ms", "peak memory, MiB", "of the peer's"]
    columns += ["beyond inputs, outputs and weights, MiB"] if extra else []
    print("| " + " | ".join(columns) + " |")
    print("|---" * len(columns) + "|")
    rows = {name: [record for record in records if record["contestant"] == name] for name in names}

    def median(name, key):
        return statistics.median(record[key] for record in rows[name])

    first = next(iter(names))
    for name, called in names.items():
        rates = sorted(record["tokens_per_second"] for record in rows[name])
        cells = [called, f"{median(name, 'tokens_per_second'):,.0f} ({rates[0]:,.0f} to {rates[-1]:,.0f})",
                 f"{median(name, 'tokens_per_second') / median(first, 'tokens_per_second'):.2f}", f"{1e3 * median(name, 'seconds'):,.0f}",
                 f"{median(name, 'peak_mib'):,.0f}", f"{median(name, 'peak_mib') / median(first, 'peak_mib'):.2f}"]
        cells += [f"{median(name, 'extra_mib'):,.0f}"] if extra else []
        print("| " + " | ".join(cells) + " |")


def versions(options):
    found = {"date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "machine": machine()}
    flags, eigen = build_of(options.cohort)
    found["cohort"] = output_of("git", "describe", "--always", "--dirty", "--tags") or "unknown"
    found |= {"compiler": compiler_of(options.cohort), "build": flags, "eigen": eigen}
    script = ("import json, platform; from importlib.metadata import version; print(json.dumps({'python': platform.python_version(), "
              f"**{{n: version(n) for n in {PACKAGES}}}}}))")
    try:
        return found | json.loads(output_of(options.peer_python, "-c", script))
    except ValueError:
        fail(f"{options.peer_python} lacks a package; run bench/peers/setup.sh --language")


def main():
    options = parse()
    record_of_versions = versions(options)
    try:
        lines = options.out and open(options.out, "x", encoding="utf-8")
    except OSError as error:
        fail(f"{options.out}: {error.strerror}")

    def keep(record):
        if lines:
            print(json.dumps(record), file=lines, flush=True)

    keep({"versions": record_of_versions})
    contestants = {task: {**TASKS[task][1], OURS: OURS} for task in options.tasks}
    records = []
    for number in range(options.rounds):
        for task, names in contestants.items():
            for name, called in names.items():
                records.append(run(options, task, name))
                keep(records[-1])
                print(f"round {number + 1}, {task}, {called}: {records[-1]['tokens_per_second']:,.0f} tokens/s on {records[-1]['cores']:.2f} cores, "
                      f"{records[-1]['peak_mib']:,.0f} MiB", file=sys.stderr)
            if task == "head":
                agree([record for record in records if record["task"] == "head"])

    for task, names in contestants.items():
        table(task, names, [record for record in records if record["task"] == task])
    print()
    for name, value in record_of_versions.items():
        print(f"{name}: {value}")
    print(f"runs: medians over {options.rounds} rounds, of medians over {options.repeats} calls; {options.threads} threads, the head's loss on core {options.core}")
    for names in (True, False):
        least = min((record for record in records if (record["contestant"] == OURS) == names), key=lambda record: record["cores"] / record["threads"])
        print(f"least share of its cores that a run of {OURS if names else 'a peer'} had: {least['cores'] / least['threads']:.2f} ({least['task']})")


if __name__ == "__main__":
    main()
