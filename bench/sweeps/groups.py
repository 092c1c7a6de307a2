#!/usr/bin/env python3
"""Group sizes, discounts, horizons and many environments: the last section of docs/results.md, by `cohort compare`.

    cmake --preset release && cmake --build --preset release --target cohort_program
    python3 bench/sweeps/groups.py --out runs/groups --page docs/results.md

Each cell of a table is a comparison of its own in a folder of --out, of ten seeds from 11 on; one that is there already
is not made again. What is not named in a cell is the tuned preset's. Without --page the tables are printed.
"""

import argparse
import json
import pathlib
import subprocess

PROGRAM = pathlib.Path(__file__).parents[2] / "build/release/examples/cohort"
SEEDS = 10
STEPS = {"CartPole-v1": 50_000, "Acrobot-v1": 200_000, "MountainCar-v0": 500_000,
         "MountainCarContinuous-v0": 100_000, "Pendulum-v1": 100_000}
DISCOUNTS = (.5, .9, .95, .99, 1)
GAMMA = {"Pendulum-v1": .95}  # GRPO's where none is named: the best of the discounts, where the preset has PPO's .9
SIZES = (2, 4, 8, 16, 32)
EPISODES = 32  # of an update of GRPO, where they are constant
# lanes and horizon x group of the tuned Hybrid GRPO, and its horizon
PROBES = {"CartPole-v1": (8, 64, 32), "Acrobot-v1": (8, 512, 128), "MountainCar-v0": (8, 128, 64),
          "MountainCarContinuous-v0": (16, 256, 64), "Pendulum-v1": (4, 1024, 512)}
MANY_STEPS = 1_024_000


class Cells:
    def __init__(self, program, out):
        self.program, self.out, self.made = program, out, None

    def __call__(self, environment, algorithm, steps=None, **fields):
        """(interquartile mean, low, high) of one comparison."""
        steps = steps or STEPS[environment]
        if algorithm == "grpo" and environment in GAMMA:
            fields = {"advantage__gamma": GAMMA[environment]} | fields
        fields = {name.replace("__", "."): value for name, value in fields.items()}
        name = "-".join([environment, algorithm, str(steps)] + [f"{f}={v}" for f, v in fields.items()])
        folder = self.out / name
        if not (folder / "summary.json").exists():
            print(name, flush=True)
            subprocess.run([self.program, "compare", "--algorithms", algorithm, "--seeds", str(SEEDS), "--seed=11",
                            f"--environment={environment}", f"--steps={steps}", "--out", folder, "--overwrite",
                            # nothing but the last evaluation counts here
                            "--every", str(steps), "--episodes", "1"]
                           + [f"--{f}={v}" for f, v in fields.items()], check=True, capture_output=True)
        self.made = json.loads((folder / "summary.json").read_text())
        found = self.made["algorithms"][algorithm]
        if found["seeds"] != SEEDS:
            raise SystemExit(f"{folder} has {found['seeds']} seeds, expected {SEEDS}: remove it")
        return (found["iqm"], *found["interval"])


def shown(cell, digits=0):
    middle, low, high = (f"{round(x, digits) + 0.:.{digits}f}" for x in cell)  # + 0: no -0
    return f"{middle} [{low}, {high}]"


def table(head, rows):
    lines = [head, ["---"] * len(head)] + rows
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def discounts(cells):
    return table(["GRPO, gamma", *DISCOUNTS],
                 [[e.rsplit("-", 1)[0], *(shown(cells(e, "grpo", advantage__gamma=g)) for g in DISCOUNTS)]
                  for e in STEPS])


def sizes(cells):
    rows = []
    for e in STEPS:
        lanes, steps, horizon = PROBES[e]
        for name, one in (
                (f"GRPO, {EPISODES} episodes an update",
                 lambda g: cells(e, "grpo", rollout__count=EPISODES // g, rollout__group=g)),
                ("GRPO, one group an update", lambda g: cells(e, "grpo", rollout__count=1, rollout__group=g)),
                (f"Hybrid GRPO, {lanes * steps:,} steps an update",
                 lambda g: cells(e, "hybrid_grpo", rollout__group=g, rollout__horizon=steps // g)),
                (f"Hybrid GRPO, {lanes * horizon:,} states an update",
                 lambda g: cells(e, "hybrid_grpo", rollout__group=g, rollout__horizon=horizon))):
            rows.append([e.rsplit("-", 1)[0], name, *(shown(one(g)) for g in SIZES)])
    return table(["", "group of", *SIZES], rows)


def horizons(cells):
    rows = []
    for e, limits, digits in (("Pendulum-v1", (25, 50, 100, 200), 2), ("CartPole-v1", (50, 200, 500), 3)):
        others = [("grpo", {"advantage__gamma": .9}), ("grpo", {"advantage__gamma": .95}), ("hybrid_grpo", {})]
        if e == "CartPole-v1":
            others = [None, ("grpo", {}), ("hybrid_grpo", {})]
        for limit in limits:
            def one(algorithm, fields={}):
                fields = fields | {"with__max_episode_steps": limit}
                if (e, algorithm) == ("Pendulum-v1", "grpo"):  # so that an update has as many steps
                    fields["rollout__count"] = 2 * 200 // limit
                return [x / limit for x in cells(e, algorithm, **fields)]
            ppo = one("ppo")
            rows.append([e.rsplit("-", 1)[0], limit, shown(ppo, digits)])
            for other in others:
                found = other and one(*other)
                rows[-1].append(f"{shown(found, digits)}, {found[0] / ppo[0]:.2f}" if found else "")
    return table(["return a step, and by PPO's", "limit", "PPO", "GRPO, gamma .9", "GRPO, gamma .95 (CartPole: .99)",
                  "Hybrid GRPO"], rows)


def many(cells):
    rows = []
    for e, horizon, n in (("Pendulum-v1", 200, 8), ("Pendulum-v1", 200, 64), ("Pendulum-v1", 200, 512),
                          ("CartPole-v1", 32, 512)):
        grpo = {"rollout__count": n // 8, "rollout__group": 8}
        as_ppo = {"advantage__scale": "none", "update__normalize": "minibatch"}
        rows.append([e.rsplit("-", 1)[0], n,
                     shown(cells(e, "ppo", MANY_STEPS, rollout__count=n, rollout__horizon=horizon)),
                     shown(cells(e, "grpo", MANY_STEPS, **grpo)), shown(cells(e, "grpo", MANY_STEPS, **grpo, **as_ppo))])
    return table([f"{MANY_STEPS:,} steps", "environments at once", "PPO", "GRPO, groups of 8",
                  "the same, normalized by the minibatch"], rows)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cohort", type=pathlib.Path, default=PROGRAM, help="the program")
    options.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/groups"))
    options.add_argument("--page", type=pathlib.Path, help="in Markdown; its lines <!-- table: NAME --> say where")
    how = options.parse_args()
    cells = Cells(how.cohort.resolve(), how.out)
    text = how.page.read_text() if how.page else ""
    for f in (discounts, sizes, horizons, many):
        made, begin = f(cells), f"<!-- table: {f.__name__} -->\n"
        if not how.page:
            print("\n" + begin + made)
        elif begin not in text:
            raise SystemExit(f"{how.page} has no line {begin}")
        else:
            before, after = text.split(begin)
            text = before + begin + "\n" + made + "\n" + after[after.index("<!-- end -->"):]
    if how.page:
        how.page.write_text(text)
    print("\nCohort " + ", ".join(cells.made[of] for of in ("version", "compiler", "processor", "date")) + ".")


if __name__ == "__main__":
    main()
