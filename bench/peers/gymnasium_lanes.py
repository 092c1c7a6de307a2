"""Steps of CartPole-v1 a second through Gymnasium's interface, on one core: Cohort's lanes (backends/python), Gymnasium's own
`vector_entry_point` and its `sync`, in turn, with random actions drawn alike for all inside the measured loop and before it.

    python3 -m venv build/lanes
    build/lanes/bin/pip install gymnasium==1.4.0 ./backends/python
    build/lanes/bin/python bench/peers/gymnasium_lanes.py

Rates are of processor time and the best of the repeats, so that another program on the core spoils them least. An episode that is over
begins anew in all of them, at the next step unless the mode says otherwise.
"""

import argparse
import os
import time

options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
options.add_argument("--core", type=int, default=1)
options.add_argument("--lanes", type=int, default=1024)
options.add_argument("--repeats", type=int, default=7)
asked = options.parse_args()
os.sched_setaffinity(0, {asked.core})
os.environ["OMP_NUM_THREADS"] = "1"

import cohort  # noqa: E402, F401
import gymnasium  # noqa: E402
import numpy  # noqa: E402

NAME = "CartPole-v1"


def rate(lanes, steps, drawn_inside):
    draws = numpy.random.default_rng(1)
    actions = draws.integers(2, size=(steps, asked.lanes))
    began = time.process_time()
    for t in range(steps):
        lanes.step(draws.integers(2, size=asked.lanes) if drawn_inside else actions[t])
    return asked.lanes * steps / (time.process_time() - began)


def made(name, mode, **parameters):
    lanes = gymnasium.make_vec(name, asked.lanes, vectorization_mode=mode, **parameters)
    lanes.reset(seed=1)
    return lanes


if __name__ == "__main__":
    ours = "cohort/" + NAME
    all = {
        "Cohort": (made(ours, "vector_entry_point"), 1000),
        "Cohort, SameStep": (made(ours, "vector_entry_point", autoreset_mode="SameStep"), 1000),
        "Cohort, in double": (made(ours, "vector_entry_point", precision="float64"), 500),
        "Cohort's in `sync`": (made(ours, "sync"), 10),
        "Gymnasium's `vector_entry_point`": (made(NAME, "vector_entry_point"), 100),
        "Gymnasium's `sync`": (made(NAME, "sync"), 3),
    }
    best = {(name, inside): 0 for name in all for inside in (True, False)}
    for _ in range(asked.repeats):
        for name, inside in best:
            best[name, inside] = max(best[name, inside], rate(*all[name], inside))
    print(f"| {NAME}, {asked.lanes} lanes | drawn inside | Cohort's times | drawn before | Cohort's times |\n|---|---|---|---|---|")
    for name in all:
        cells = [f"{best[name, inside] / 1e6:.2f} M | {best['Cohort', inside] / best[name, inside]:.1f}" for inside in (True, False)]
        print(f"| {name} | {' | '.join(cells)} |")
