"""Records what TorchRL computes: the value estimates of its objectives/value/functional.py.

    python3 -m venv build/torchrl
    build/torchrl/bin/pip install torchrl==0.14.1 tensordict==0.14.3 torch==2.15.0 numpy==2.4.6
    build/torchrl/bin/python tests/golden/torchrl_values.py

It writes advantage/torchrl.txt beside itself, or into the folder given as its argument: lines of `name number number ...`, arrays of T x N in row
order, each number the shortest decimal that reads back as the same float64.

TorchRL knows done = terminated or truncated, and terminated. next_value is the value of the true observation after a step. What it does at ends:

    gae        the error bootstraps unless terminated; the sum stops at done
    td0        r + gamma next_value unless terminated, else r
    td1        at done the return starts anew from next_value, or from 0 if terminated; so it does after the last row
    td_lambda  like td1, with (1 - lambda) next_value + lambda (the following return) in place of the following return
    vtrace     the error, times min(rho, rho_threshold), bootstraps unless terminated; the trace, times min(rho, c_threshold), stops at done. Its
               advantage is min(rho, rho_threshold) (r + gamma V - value) with for V the following row's target, at done and in the last row
               next_value (so after a truncation the plain critic), and 0 if terminated. vtrace_done is the same without being told of
               terminated: then every truncation counts as a termination
    reward2go  the discounted rewards up to done or the last row; nothing bootstraps. TorchRL drops what gamma^k < 1e-7 discounts, which here is
               nothing

A row td1, td0 or td_lambda_* is a return, td*_advantage that minus value; gae_* and vtrace* are an advantage and a target each.
TorchRL multiplies a Python gamma with integer masks, which gives the default dtype: here that is float64, by default it is float32 even for
float64 arrays.
"""

import pathlib
import sys

import numpy
import torch
from common import check_versions, float64, write
from torchrl.objectives.value import functional

NEEDED = {"torchrl": "0.14.1", "tensordict": "0.14.3", "torch": "2.15.0", "numpy": "2.4.6"}


def batch(T, N):
    draws = numpy.random.default_rng(9)
    value = draws.normal(0, 2, (T + 1, N))
    terminated, truncated = draws.uniform(size=(T, N)) < 0.1, draws.uniform(size=(T, N)) < 0.1
    terminated[0, 0], truncated[0, 0] = True, False  # ends at the first step
    terminated[0, 1], truncated[0, 1] = False, True
    terminated[5, 2], truncated[5, 2] = True, True  # both at once
    terminated[-1, :3], truncated[-1, :3] = [True, False, False], [False, True, False]  # and at the last step; lane 2 goes on
    next_value = numpy.where(terminated | truncated, draws.normal(0, 2, (T, N)), value[1:])
    old_logp, log_ratio = draws.uniform(-3, 0, (T, N)), draws.normal(0, 0.7, (T, N))
    return {"reward": draws.normal(0, 1, (T, N)), "value": value[:-1], "next_value": next_value, "terminated": terminated,
            "truncated": truncated, "old_logp": old_logp, "logp": old_logp + log_ratio, "log_ratio": log_ratio}


def estimates(b, gamma, lam):
    reward, value, next_value, terminated, truncated, old_logp, logp, _ = (torch.tensor(b[k]) for k in b)
    done = terminated | truncated
    ends = {"reward": reward, "done": done, "terminated": terminated}
    values = {"state_value": value, "next_state_value": next_value}
    rows = {}
    for l in [0.0, 0.5, lam, 1.0]:
        rows[f"gae_{l}_advantage"], rows[f"gae_{l}_target"] = functional.generalized_advantage_estimate(gamma, l, **values, **ends)
        rows[f"td_lambda_{l}"] = functional.td_lambda_return_estimate(gamma, l, next_value, **ends)
        rows[f"td_lambda_{l}_advantage"] = functional.td_lambda_advantage_estimate(gamma, l, **values, **ends)
    rows["td0"] = functional.td0_return_estimate(gamma, next_value, reward, terminated)
    rows["td0_advantage"] = functional.td0_advantage_estimate(gamma, **values, **ends)
    rows["td1"] = functional.td1_return_estimate(gamma, next_value, **ends)
    rows["td1_advantage"] = functional.td1_advantage_estimate(gamma, **values, **ends)
    rows["reward2go"] = functional.reward2go(reward, done, gamma)
    off_policy = {"log_pi": logp, "log_mu": old_logp, **values, "reward": reward, "done": done}
    for name, rho, c, told in [("vtrace_1_1", 1.0, 1.0, True), ("vtrace_2_0.8", 2.0, 0.8, True), ("vtrace_done", 1.0, 1.0, False)]:
        ended = terminated if told else None
        both = functional.vtrace_advantage_estimate(gamma, **off_policy, terminated=ended, rho_thresh=rho, c_thresh=c)
        rows[f"{name}_advantage"], rows[f"{name}_target"] = both
    return rows


if __name__ == "__main__":
    check_versions(NEEDED)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    b = batch(24, 5)
    with float64():
        rows = estimates(b, 0.97, 0.9)
    about = f"recorded by torchrl_values.py with {NEEDED}"
    write(folder / "advantage/torchrl.txt", about, {"extents": b["reward"].shape, "gamma_lambda": [0.97, 0.9], **b, **rows})
