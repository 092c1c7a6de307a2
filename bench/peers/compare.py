#!/usr/bin/env python3
"""Runs Stable-Baselines3's PPO, Cohort's and, if asked, one under JAX's jit and RLtools' in turn on one core, and prints the
ratios as tables.

Seed by seed, each program runs once before the next seed begins, so that what the machine does in the meantime meets all of them.
README.md in this folder says what is compared and what the numbers do not say.
"""

import argparse
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

from ppo_task import TASKS

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
THRESHOLDS = {name: task["threshold"] for name, task in TASKS.items()}
RLTOOLS_STEPS = 307_200  # what its Pendulum program trains for: 75 collections of 4 x 1,024
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

# name -> (what the table calls it, preset of cohort_ppo)
CONTESTANTS = {
    "sb3": ("Stable-Baselines3, zoo", None),
    "jax": ("JAX under jit, zoo", None),
    "zoo": ("Cohort, zoo", "zoo"),
    "tuned": ("Cohort, tuned", "tuned"),
    "rltools": ("RLtools", None),
    "rltools_settings": ("Cohort, RLtools' settings", "rltools"),
}


def fail(message):
    print(f"compare.py: {message}", file=sys.stderr)
    sys.exit(2)


def interpreter(folder):
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / folder / "bin" / "python"


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--environments", default=",".join(THRESHOLDS), help="default %(default)s")
    parser.add_argument("--seeds", type=int, default=10, help="default %(default)s")
    parser.add_argument("--first-seed", type=int, default=0, help="default %(default)s")
    parser.add_argument("--steps", type=int, default=50_000, help="length of a run that measures steps/s, default %(default)s")
    parser.add_argument("--limit", type=int, default=100_000, help="steps allowed to reach the threshold, default %(default)s")
    parser.add_argument("--core", type=int, default=1, help="the core that all run on, default %(default)s")
    parser.add_argument("--cohort", type=Path, default=REPOSITORY / "build/release/bench/cohort_ppo", help="our program")
    parser.add_argument("--peer-python", type=Path, default=interpreter("cohort-peers"),
                        help="interpreter of setup.sh's environment")
    parser.add_argument("--rltools", type=Path, help="an RLtools program as rltools.md describes; Pendulum only")
    parser.add_argument("--jax", nargs="?", type=Path, const=interpreter("cohort-peers-jax"), metavar="PYTHON",
                        help="also PPO under jit, by the interpreter of `setup.sh --jax` or another")
    parser.add_argument("--no-sb3", action="store_true", help="only JAX, RLtools and Cohort")
    parser.add_argument("--out", type=Path, help="write each run as a line of JSON to this new file")
    options = parser.parse_args()

    options.environments = options.environments.split(",")
    for name in options.environments:
        if name not in THRESHOLDS:
            fail(f"unknown environment {name}; known: {', '.join(THRESHOLDS)}")
    if min(options.seeds, options.steps, options.limit) < 1 or options.first_seed < 0:
        fail("--seeds, --steps and --limit must be positive, --first-seed not negative")
    if options.no_sb3 and not options.rltools and not options.jax:
        fail("--no-sb3 leaves no peer without --jax or --rltools")
    if options.rltools and "Pendulum-v1" not in options.environments:
        fail("--rltools needs Pendulum-v1 among the environments")
    if not os.access(options.cohort, os.X_OK):
        fail(f"no program {options.cohort}; build the target cohort_ppo, or name it with --cohort")
    if not options.no_sb3 and not os.access(options.peer_python, os.X_OK):
        fail(f"no interpreter {options.peer_python}; run bench/peers/setup.sh, or name it with --peer-python")
    if options.jax and not os.access(options.jax, os.X_OK):
        fail(f"no interpreter {options.jax}; run bench/peers/setup.sh --jax, or name it with --jax")
    if options.rltools and not os.access(options.rltools, os.X_OK):
        fail(f"no program {options.rltools}")
    return options


def run(options, name, arguments):
    """Runs one program pinned to the core; its line of JSON, with the share of wall time in which it had the core."""
    if name == "sb3":
        program = [options.peer_python, HERE / "sb3_ppo.py"]
    elif name == "jax":
        program = [options.jax, HERE / "jax_ppo.py"]
    elif name == "rltools":
        program = [options.rltools]
    else:
        program = [options.cohort, "--preset", CONTESTANTS[name][1]]
    command = ["taskset", "-c", str(options.core), *map(str, program), *map(str, arguments)]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    try:
        result = subprocess.run(command, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True)
    except OSError as error:
        fail(f"{command[0]}: {error.strerror}")
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    lines = result.stdout.strip().splitlines()
    try:
        record = json.loads(lines[-1])
    except (IndexError, ValueError):
        record = None
    if result.returncode or not isinstance(record, dict):
        print(result.stderr, end="", file=sys.stderr)
        fail(f"status {result.returncode} and no line of JSON from: {' '.join(command)}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"contestant": name, **record, "cpu_share": round(cpu / wall, 3)}


def measure(options, name, environment, seed):
    """A run for steps/s, which also serves for the threshold where it reaches it; if not, a longer one that stops there."""
    base = ["--env", environment, "--seed", seed]
    to_threshold = [*base, "--until-threshold", "--steps", options.limit]
    if name == "tuned":
        return [run(options, name, to_threshold) | {"measures": ["threshold"]}]
    if name in ("rltools", "rltools_settings"):
        return [run(options, name, [*base, "--steps", RLTOOLS_STEPS]) | {"measures": ["throughput", "threshold"]}]
    first = run(options, name, [*base, "--steps", options.steps])
    reached = first["seconds_to_threshold"] is not None
    if reached or options.limit <= options.steps:
        return [first | {"measures": ["throughput", "threshold"]}]
    return [first | {"measures": ["throughput"]}, run(options, name, to_threshold) | {"measures": ["threshold"]}]


def median(records, key):
    """The median where a run without the threshold counts as infinitely long; None where that is the median."""
    values = sorted(float("inf") if record[key] is None else record[key] for record in records)
    middle = statistics.median(values) if values else float("inf")
    return None if middle in (float("inf"), float("-inf")) or middle != middle else middle


def summarize(records, name, environment):
    mine = [r for r in records if r["contestant"] == name and r["environment"] == environment]
    fast = [r for r in mine if "throughput" in r["measures"]]
    solving = [r for r in mine if "threshold" in r["measures"]]
    return {
        "rates": sorted(r["steps_per_second"] for r in fast),
        "rate": median(fast, "steps_per_second"),
        "seconds": median(solving, "seconds_to_threshold"),
        "steps": median(solving, "steps_to_threshold"),
        "compiling": statistics.median([r.get("compile_seconds", 0.0) for r in mine]) if mine else 0.0,
        "reached": sum(r["seconds_to_threshold"] is not None for r in solving),
        "runs": len(solving),
    }


def number(value, digits):
    return "-" if value is None else f"{value:,.{digits}f}"


def ratio(above, below):
    return "-" if above is None or not below else f"{above / below:.1f}"


def table(records, environment, peer, names):
    threshold = THRESHOLDS[environment]
    columns = ["", "steps/s (least to most)", "times the peer's", f"seconds to {threshold}", "times faster",
               f"steps to {threshold}", "seeds that reached it"]
    print(f"\n{environment} beside {CONTESTANTS[peer][0].split(',')[0]}, medians\n")
    print("| " + " | ".join(columns) + " |")
    print("|---" * len(columns) + "|")
    base = summarize(records, peer, environment)
    for name in (peer, *names):
        row = summarize(records, name, environment)
        if not row["runs"]:
            continue
        spread = f" ({row['rates'][0]:,.0f} to {row['rates'][-1]:,.0f})" if row["rates"] else ""
        cells = [CONTESTANTS[name][0], number(row["rate"], 0) + spread, ratio(row["rate"], base["rate"]),
                 number(row["seconds"], 3), ratio(base["seconds"], row["seconds"]), number(row["steps"], 0),
                 f"{row['reached']} of {row['runs']}"]
        print("| " + " | ".join(cells) + " |")
    if base["compiling"]:
        zoo = summarize(records, "zoo", environment)
        print(f"\nBefore it the peer compiles for {base['compiling']:.1f} s (median); counted with it, Cohort with the zoo's values "
              f"reaches {threshold} {ratio(base['seconds'] and base['seconds'] + base['compiling'], zoo['seconds'])} times as fast.")


def output_of(*command):
    try:
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=REPOSITORY).stdout.strip()
    except OSError:
        return ""


def compiler_of(program):
    """What the compiler wrote into the program: clang where it names itself (GCC's start files name GCC beside it)."""
    content = program.read_bytes()
    found = re.search(rb"[A-Za-z]* ?clang version [^\0\n]+", content) or re.search(rb"GCC: \([^)\0]*\) [0-9.]+", content)
    return found.group().decode(errors="replace").strip() if found else "unknown"


def build_of(program):
    """Build type, flags and Eigen as CMake's cache above the program knows them."""
    cache = next((folder / "CMakeCache.txt" for folder in program.resolve().parents
                  if (folder / "CMakeCache.txt").is_file()), None)
    if cache is None:
        return "unknown", "unknown"
    entries = dict(re.findall(r"^([A-Za-z0-9_]+):[A-Z]+=(.*)$", cache.read_text(), re.MULTILINE))
    kind = entries.get("CMAKE_BUILD_TYPE", "")
    flags = " ".join(f"{kind} {entries.get('CMAKE_CXX_FLAGS', '')} {entries.get(f'CMAKE_CXX_FLAGS_{kind.upper()}', '')}".split())
    version_file = Path(entries.get("Eigen3_DIR", "")) / "Eigen3ConfigVersion.cmake"
    eigen = re.search(r'PACKAGE_VERSION "([^"]+)"', version_file.read_text()) if version_file.is_file() else None
    return flags or "unknown", eigen.group(1) if eigen else "unknown"


def machine():
    cpu = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text()) if Path("/proc/cpuinfo").is_file() else None
    return f"{cpu.group(1) if cpu else platform.processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def packages(python, setup, *names):
    """The versions of an interpreter's packages, and, as one of the names, its own."""
    script = ("import json, platform; from importlib.metadata import version; print(json.dumps({n: platform.python_version() "
              f"if n == 'python' else version(n) for n in {names}}}))")
    try:
        return json.loads(output_of(python, "-c", script))
    except ValueError:
        fail(f"{python} lacks a package; run bench/peers/setup.sh{setup}")


def versions(options):
    found = {"date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "machine": machine()}
    flags, eigen = build_of(options.cohort)
    found["cohort"] = output_of("git", "describe", "--always", "--dirty", "--tags") or "unknown"
    found["compiler"] = compiler_of(options.cohort)
    found["build"] = flags
    found["eigen"] = eigen
    if not options.no_sb3:
        found |= packages(options.peer_python, "", "python", "stable-baselines3", "gymnasium", "numpy", "torch")
    if options.jax:
        found |= packages(options.jax, " --jax", "jax", "gymnax", "optax")
    if options.rltools:
        found["rltools compiler"] = compiler_of(options.rltools)
    return found


def main():
    options = parse()
    record_of_versions = versions(options)
    try:
        lines = options.out and open(options.out, "x", encoding="utf-8")
    except OSError as error:
        fail(f"{options.out}: {error.strerror}")

    records = []

    def keep(record):
        if lines:
            print(json.dumps(record), file=lines, flush=True)

    keep({"versions": record_of_versions})
    tables = []
    for environment in options.environments:
        own = ["zoo"] if environment == "Acrobot-v1" else ["zoo", "tuned"]
        peers = [name for name, wanted in (("sb3", not options.no_sb3), ("jax", options.jax)) if wanted]
        tables += [(environment, peer, own) for peer in peers]
        ours = peers + own if peers else []
        if options.rltools and environment == "Pendulum-v1":
            ours += ["rltools", "rltools_settings"] + ([] if peers else ["tuned"])
            tables.append((environment, "rltools", ["rltools_settings", "tuned"]))
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for name in ours:
                for record in measure(options, name, environment, seed):
                    records.append(record)
                    keep(record)
                    print(f"{environment} seed {seed}, {CONTESTANTS[name][0]}: {number(record['steps_per_second'], 0)} steps/s, "
                          f"threshold after {number(record['seconds_to_threshold'], 3)} s and "
                          f"{number(record['steps_to_threshold'], 0)} steps", file=sys.stderr)

    for environment, peer, names in tables:
        table(records, environment, peer, names)
    print()
    for name, value in record_of_versions.items():
        print(f"{name}: {value}")
    print(f"runs: seeds {options.first_seed} to {options.first_seed + options.seeds - 1}, core {options.core}, one thread; "
          f"{options.steps:,} steps for steps/s, at most {options.limit:,} to the threshold")
    least = min(records, key=lambda record: record["cpu_share"])
    print(f"least share of the core that a run had: {least['cpu_share']:.2f} ({CONTESTANTS[least['contestant']][0]}, "
          f"{least['environment']}, seed {least['seed']}); well under 1 means that something else ran there")


if __name__ == "__main__":
    main()
