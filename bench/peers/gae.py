#!/usr/bin/env python3
"""Times generalized advantage estimation by Cohort, Stable-Baselines3 (numpy), torch as in CleanRL, and TorchRL in turn on one core, and prints a table.

    bash bench/peers/setup.sh --gae
    cmake --preset release && cmake --build --preset release --target bench_advantage
    python3 bench/peers/gae.py [--rounds 3] [--repeats 5] [--core 1] [--cohort PROGRAM] [--peer-python PYTHON]

Float32, T steps of N lanes, advantages and returns. Nanoseconds a step; in brackets how many times Cohort's.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from compare import ONE_THREAD, REPOSITORY, compiler_of, default_peer, machine

HERE = Path(__file__).resolve().parent
SHAPES = ["128,8", "128,1024", "512,1024", "2048,1024"]
PEERS = {"numpy": "Stable-Baselines3 2.9.2, numpy", "torch": "torch 2.15, as in CleanRL", "torchrl": "TorchRL 0.14.1",
         "torchrl_vectorized": "TorchRL 0.14.1, vectorized"}


def run(core, *command):
    command = ["taskset", "-c", str(core), *map(str, command)]
    result = subprocess.run(command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"gae.py: status {result.returncode} from {' '.join(command)}\n{result.stderr}")
    return result.stdout


def ours(options):
    shapes = "|".join(shape.replace(",", "/") for shape in SHAPES)
    text = run(options.core, options.cohort, f"--benchmark_filter=of_lanes/gae/({shapes})$", f"--benchmark_repetitions={options.repeats}",
               "--benchmark_format=json", "--benchmark_report_aggregates_only=true")
    found = {}
    for b in json.loads(text)["benchmarks"]:
        if b["aggregate_name"] == "median":
            found[",".join(b["run_name"].split("/")[-2:])] = b["per_step"] * 1e9
    return found


def peer(options, name):
    lines = run(options.core, options.peer_python, HERE / "gae_peer.py", name, options.repeats, *SHAPES).splitlines()
    return {record["shape"]: record["ns_a_step"] for record in map(json.loads, lines)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="default %(default)s")
    parser.add_argument("--repeats", type=int, default=5, help="default %(default)s")
    parser.add_argument("--core", type=int, default=1, help="default %(default)s")
    parser.add_argument("--cohort", type=Path, default=REPOSITORY / "build/release/bench/bench_advantage", help="our program")
    parser.add_argument("--peer-python", type=Path, default=default_peer().parents[2] / "cohort-peers-gae/bin/python",
                        help="interpreter of `setup.sh --gae`'s environment")
    options = parser.parse_args()
    if not options.cohort.is_file():
        sys.exit(f"gae.py: no program {options.cohort}; build the target bench_advantage, or name it with --cohort")
    if not os.access(options.peer_python, os.X_OK):
        sys.exit(f"gae.py: no interpreter {options.peer_python}; run bench/peers/setup.sh --gae, or name it with --peer-python")
    rounds = [{"ours": ours(options), **{name: peer(options, name) for name in PEERS}} for _ in range(options.rounds)]
    median = lambda name, shape: statistics.median(r[name][shape] for r in rounds)
    print("| | " + " | ".join(shape.replace(",", " x ") for shape in SHAPES) + " |")
    print("|---" * (1 + len(SHAPES)) + "|")
    for name, called in {**PEERS, "ours": "Cohort"}.items():
        cells = [f"{median(name, s):,.2f}" + ("" if name == "ours" else f" ({median(name, s) / median('ours', s):,.1f})") for s in SHAPES]
        print(f"| {called} | " + " | ".join(cells) + " |")
    best = [min(median(name, s) for name in PEERS) / median("ours", s) for s in SHAPES]
    print("| times faster than the best of them | " + " | ".join(f"{x:,.1f}" for x in best) + " |")
    print(f"\nmachine: {machine()}, core {options.core}; {compiler_of(options.cohort)}; medians over {options.rounds} rounds")


if __name__ == "__main__":
    main()
