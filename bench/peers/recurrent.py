#!/usr/bin/env python3
"""One update of a recurrent PPO on CartPole-v1, by Cohort and by sb3-contrib, on one core each: milliseconds, the least of some.

    bash bench/peers/setup.sh FOLDER
    cmake --preset release && cmake --build --preset release --target cohort_recurrent
    taskset -c 1 FOLDER/bin/python bench/peers/recurrent.py

Actor and critic have an LSTM each and 64 tanh units behind it; Adam, gradient norm at most 0.5. sb3-contrib pads the episodes in a minibatch; Cohort takes whole
lanes, or runs of 16 steps of them, of the same number of steps a minibatch.
"""

import pathlib
import subprocess
import time

import torch
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.env_util import make_vec_env

PROGRAM = pathlib.Path(__file__).parents[2] / "build/release/bench/cohort_recurrent"
# hidden units of the LSTM, lanes, steps of a rollout, steps of a minibatch, epochs; the first is sb3-contrib's own
SETTINGS = [(256, 8, 128, 128, 10), (64, 8, 128, 128, 10), (64, 8, 128, 1024, 10), (64, 32, 128, 1024, 4)]


def peer(hidden, lanes, steps, minibatch, epochs):
    model = RecurrentPPO("MlpLstmPolicy", make_vec_env("CartPole-v1", lanes), n_steps=steps, batch_size=minibatch, n_epochs=epochs, seed=0, device="cpu",
                         policy_kwargs={"lstm_hidden_size": hidden, "net_arch": {"pi": [64], "vf": [64]}})
    taken, train = [], model.train

    def timed():
        start = time.perf_counter()
        train()
        taken.append(time.perf_counter() - start)

    model.train = timed
    model.learn(lanes * steps * 3)
    return min(taken) * 1e3


def ours(*numbers):
    return float(subprocess.run([PROGRAM, *map(str, numbers)], check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print("| LSTM | lanes x steps | minibatch, epochs | sb3-contrib | Cohort, whole lanes | runs of 16 steps |\n| --- | --- | --- | --- | --- | --- |")
    for s in SETTINGS:
        theirs, whole, runs = peer(*s), ours(*s, 0), ours(*s, 16)
        print(f"| {s[0]} | {s[1]} x {s[2]} | {s[3]}, {s[4]} | {theirs:.0f} ms | {whole:.1f} ms, {theirs / whole:.0f} times | {runs:.1f} ms, {theirs / runs:.0f} times |", flush=True)
