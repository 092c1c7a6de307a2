"""Records generalized advantage estimates: of a plain double implementation in numpy, and of Stable-Baselines3's RolloutBuffer.

    python3 -m venv build/sb3
    build/sb3/bin/pip install stable-baselines3==2.9.2 numpy==2.4.6
    build/sb3/bin/python tests/golden/gae.py

It writes advantage/gae_numpy.txt and advantage/gae_sb3.txt beside itself, or into the folder given as its argument: lines of
`name number number ...`, arrays of T x N in row order, each number the shortest decimal that reads back as the same float64.

Stable-Baselines3 computes in float32 and knows a step's end only as `episode_start` of the next; its PPO adds gamma V(last observation) to the
reward of a truncated step. The rows named sb3 are what it was given after that.
"""

import pathlib
import sys

import numpy
import stable_baselines3
import torch
from gymnasium import spaces
from stable_baselines3.common.buffers import RolloutBuffer

NEEDED = {"stable-baselines3": "2.9.2", "numpy": "2.4.6"}


def check_versions():
    found = {"stable-baselines3": stable_baselines3.__version__, "numpy": numpy.__version__}
    if found != NEEDED:
        sys.exit(f"these files are recorded with {NEEDED}, and here are {found}")


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        file.write(f"# recorded by gae.py with {NEEDED}\n")
        for name, values in rows.items():
            file.write(" ".join([name] + [repr(float(x)) for x in numpy.ravel(values)]) + "\n")


def batch(seed, T, N):
    """next_value is the value of the true observation after a step: that of the following row, or where an episode ended one of its own."""
    draws = numpy.random.default_rng(seed)
    f32 = lambda x: x.astype(numpy.float32).astype(numpy.float64)
    value = f32(draws.normal(0, 2, (T + 1, N)))
    terminated = draws.uniform(size=(T, N)) < 0.1
    truncated = draws.uniform(size=(T, N)) < 0.1
    terminated[-1, 0], truncated[-1, 0] = True, False  # both kinds of end exactly at the rollout's end
    terminated[-1, 1], truncated[-1, 1] = False, True
    done = terminated | truncated
    next_value = numpy.where(done, f32(draws.normal(0, 2, (T, N))), value[1:])
    return {"reward": f32(draws.normal(0, 1, (T, N))), "value": value[:-1], "next_value": next_value, "last_value": value[-1],
            "terminated": terminated, "truncated": truncated}


def plain(b, gamma, lam):
    T, N = b["reward"].shape
    advantage = numpy.zeros((T, N))
    for n in range(N):
        following = 0.0
        for t in reversed(range(T)):
            bootstrap = 0.0 if b["terminated"][t, n] else gamma * b["next_value"][t, n]
            delta = b["reward"][t, n] + bootstrap - b["value"][t, n]
            ends = b["terminated"][t, n] or b["truncated"][t, n]
            following = delta + (0.0 if ends else gamma * lam * following)
            advantage[t, n] = following
    return advantage


def stable_baselines(b, gamma, lam):
    T, N = b["reward"].shape
    box = spaces.Box(-1, 1, (1,))
    buffer = RolloutBuffer(T, box, box, device="cpu", gae_lambda=lam, gamma=gamma, n_envs=N)
    done = b["terminated"] | b["truncated"]
    only_truncated = b["truncated"] & ~b["terminated"]
    reward = (b["reward"] + numpy.where(only_truncated, gamma * b["next_value"], 0)).astype(numpy.float32)
    starts = numpy.vstack([numpy.ones((1, N)), done[:-1]])
    for t in range(T):
        buffer.add(numpy.zeros((N, 1)), numpy.zeros((N, 1)), reward[t], starts[t], torch.tensor(b["value"][t]), torch.zeros(N))
    buffer.compute_returns_and_advantage(torch.tensor(b["last_value"], dtype=torch.float32), done[-1])
    return {"sb3_reward": reward, "sb3_advantage": buffer.advantages, "sb3_return": buffer.returns}


if __name__ == "__main__":
    check_versions()
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    b = batch(1, 24, 5)
    for file, extra in [("numpy", {"advantage": plain(b, 0.99, 0.95)}), ("sb3", stable_baselines(b, 0.99, 0.95))]:
        write(folder / f"advantage/gae_{file}.txt", {"extents": b["reward"].shape, "gamma_lambda": [0.99, 0.95], **b, **extra})
