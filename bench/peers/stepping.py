"""Steps of classic control a second on one core, 1,024 lanes, random actions drawn inside the measured loop: Cohort's bench_environment,
EnvPool, gymnax under jit and Gymnasium's own vector CartPole, in turn.

    python3 -m venv build/stepping
    build/stepping/bin/pip install envpool==1.2.5 gymnax==1.0.1 jax==0.10.2 six        # EnvPool brings Gymnasium 1.3.0
    cmake --preset release && cmake --build --preset release --target bench_environment
    build/stepping/bin/python bench/peers/stepping.py

Rates are of processor time, of all threads together, and the best of the repeats, so that another program on the core spoils them least. An
episode that is over begins anew in all of them. gymnax draws keys of its own (threefry) for each lane, step and restart, as its users do.
"""

import argparse
import json
import os
import pathlib
import subprocess
import time
import warnings

options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
options.add_argument("--core", type=int, default=1)
options.add_argument("--repeats", type=int, default=5)
options.add_argument("--cohort", default=pathlib.Path(__file__).parents[2] / "build/release/bench/bench_environment")
asked = options.parse_args()
os.sched_setaffinity(0, {asked.core})
os.environ |= {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "JAX_PLATFORMS": "cpu"}
warnings.simplefilter("ignore")

import envpool  # noqa: E402
import gymnasium  # noqa: E402
import gymnax  # noqa: E402
import jax  # noqa: E402
import jax.numpy  # noqa: E402
import numpy  # noqa: E402

LANES = 1024
# The number of choices, or None and the bound of a box.
ACTIONS = {"CartPole-v1": (2, 0), "MountainCar-v0": (3, 0), "MountainCarContinuous-v0": (None, 1), "Acrobot-v1": (3, 0), "Pendulum-v1": (None, 2)}


def measured(run, steps):
    """Steps a second of processor time; `run` does so many in each lane."""
    run()
    began = time.process_time()
    run()
    return LANES * steps / (time.process_time() - began)


def stepped(environment, name, steps, action_type=numpy.int32):
    draws = numpy.random.default_rng(1)
    choices, bound = ACTIONS[name]
    environment.reset()

    def run():
        for _ in range(steps):
            if choices:
                environment.step(draws.integers(choices, size=LANES, dtype=action_type))
            else:
                environment.step(draws.uniform(-bound, bound, (LANES, 1)).astype(numpy.float32))

    return lambda: measured(run, steps)


def of_gymnax(name, steps=500):
    environment, parameters = gymnax.make(name)
    choices, bound = ACTIONS[name]
    step = jax.vmap(environment.step, in_axes=(0, 0, 0, None))

    def one(carried, _):
        state, key, total = carried
        key, of_actions, of_steps = jax.random.split(key, 3)
        if choices:
            action = jax.random.randint(of_actions, (LANES,), 0, choices)
        else:
            action = jax.random.uniform(of_actions, (LANES,), minval=-float(bound), maxval=float(bound))
        _, state, reward, *_ = step(jax.random.split(of_steps, LANES), state, action, parameters)
        return (state, key, total + reward.reshape(-1)), None

    key = jax.random.key(1)
    _, state = jax.vmap(environment.reset, in_axes=(0, None))(jax.random.split(key, LANES), parameters)
    many = jax.jit(lambda carried: jax.lax.scan(one, carried, None, steps)[0])
    carried = [(state, key, jax.numpy.zeros(LANES))]

    def run():
        carried[0] = jax.block_until_ready(many(carried[0]))

    return lambda: measured(run, steps)


def of_cohort(name):
    command = [asked.cohort, f"--benchmark_filter=^{name}/{LANES}$", "--benchmark_format=json", "--benchmark_min_time=0.3"]
    return lambda: json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["benchmarks"][0]["items_per_second"]


if __name__ == "__main__":
    print("| | Cohort | EnvPool | times | gymnax | times | Gymnasium's vector CartPole | times |\n|---|---|---|---|---|---|---|---|")
    for name in ACTIONS:
        rivals = [of_cohort(name), stepped(envpool.make(name, env_type="gymnasium", num_envs=LANES, num_threads=1), name, 100)]
        rivals.append(of_gymnax(name) if name in gymnax.registered_envs else None)
        vector = gymnasium.make_vec(name, LANES, vectorization_mode="vector_entry_point") if name == "CartPole-v1" else None
        rivals.append(stepped(vector, name, 100, numpy.int64) if vector else None)
        taken = [[] for _ in rivals]
        for _ in range(asked.repeats):
            for rival, rates in zip(rivals, taken):
                if rival:
                    rates.append(rival())
        own, *others = [max(rates) if rates else None for rates in taken]
        cells = [f"{rate / 1e6:.2f} M | {own / rate:.1f}" if rate else " | " for rate in others]
        print(f"| {name} | {own / 1e6:.1f} M | {' | '.join(cells)} |", flush=True)
