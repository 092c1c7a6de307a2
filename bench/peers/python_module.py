#!/usr/bin/env python3
"""Times Cohort's Python module, and beside it TorchRL's advantages and, in torch, the tensor operations of TRL's GRPO loss, on arrays of 128 x 1,024 float32.

    taskset -c 1 PYTHON bench/peers/python_module.py cohort|torchrl|trl

each with the Python of an environment that has it (pip install ./backends/python; torchrl==0.14.1; torch). Prints the least of 30 calls, in microseconds.
"""

import sys
import time

import numpy as np

N, T = 128, 1024
rng = np.random.default_rng(0)


def numbers(scale=1.0):
    return (rng.normal(size=(N, T)) * scale).astype(np.float32)


reward, value, next_value = numbers(), numbers(), numbers()
terminated, truncated, valid = rng.random((N, T)) < 0.01, rng.random((N, T)) < 0.01, rng.random((N, T)) < 0.9
logp = numbers(0.3) - 1
old_logp, ref_logp = logp + numbers(0.1), logp + numbers(0.1)
advantage = rng.normal(size=N).astype(np.float32)


def show(name, call, repeats=30):
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    print(f"{name:60} {min(times) * 1e6:10.0f}")


def run_cohort():
    import cohort

    arrays = (reward, value, next_value, terminated, truncated)
    show("gae, 128 series of 1,024 steps, by series", lambda: cohort.gae(*arrays))
    by_step = [np.asfortranarray(x) for x in arrays]
    show("gae, 128 series of 1,024 steps, by step", lambda: cohort.gae(*by_step))
    short = [np.asfortranarray(x.reshape(T, N)) for x in arrays]
    show("gae, 1,024 series of 128 steps, by step", lambda: cohort.gae(*short))
    grpo = cohort.clipped_ratio() + cohort.kl_penalty("k3", weight=0.04)
    show("GRPO's loss and gradient", lambda: grpo(logp=logp, old_logp=old_logp, ref_logp=ref_logp, advantage=advantage, valid=valid))


def run_torchrl():
    import torch
    from torchrl.objectives.value import functional

    torch.set_num_threads(1)
    for shape in ((N, T), (T, N)):
        v, nv, r, done, ended = (torch.tensor(x.reshape(shape))[..., None] for x in (value, next_value, reward, terminated | truncated, terminated))
        for name in ("generalized_advantage_estimate", "vec_generalized_advantage_estimate"):
            with torch.no_grad():
                show(f"{name}, {shape[0]} series", lambda: getattr(functional, name)(0.99, 0.95, v, nv, r, done, ended), 5)


def run_trl():
    import torch

    torch.set_num_threads(1)
    now = torch.tensor(logp, requires_grad=True)
    old, ref, A, mask = torch.tensor(old_logp), torch.tensor(ref_logp), torch.tensor(advantage)[:, None], torch.tensor(valid).float()

    def loss():
        now.grad = None
        ratio = torch.exp(now - old)
        term = -torch.min(ratio * A, torch.clamp(ratio, 0.8, 1.2) * A) + 0.04 * (torch.exp(ref - now) - (ref - now) - 1)
        total = (term * mask).sum() / mask.sum().clamp(min=1)
        total.backward()
        return total.item()

    show("GRPO's loss and gradient, in torch", loss)


if __name__ == "__main__":
    {"cohort": run_cohort, "torchrl": run_torchrl, "trl": run_trl}[sys.argv[1]]()
