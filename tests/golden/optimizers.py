"""Records what the optimizers and schedulers of PyTorch and Stable-Baselines3 do in double, for the tests of Cohort's.

    python3 -m venv build/optimizers
    build/optimizers/bin/pip install torch==2.15.0 numpy==2.4.6 stable_baselines3==2.9.2
    build/optimizers/bin/python tests/golden/optimizers.py

It writes optimizer/optimizers.txt and optimizer/schedules.txt beside itself, or into the folder given as its argument: lines of
`name number number ...`, each number the shortest decimal that reads back as the same float64.

Parameters and gradients are not recorded: `number` makes them, exactly, also in float32. torch has no Lion, so `Lion` here is the paper's algorithm 2
written down. torch.optim.Muon orthogonalizes in bfloat16; here it is told that bfloat16 is float64.
"""

import pathlib
import sys
from unittest import mock

import numpy
import torch
from stable_baselines3.common.sb2_compat.rmsprop_tf_like import RMSpropTFLike
from torch.optim import lr_scheduler

from common import check_versions, write

NEEDED = {"torch": "2.15.0", "numpy": "2.4.6", "stable_baselines3": "2.9.2"}
STEPS = 50
RECORDED = (1, 2, 10, STEPS)


def number(i, k):
    """Element i of gradient k (the parameters at the start are gradient 99): 11 bits times a power of two."""
    return ((7919 * i + 104729 * k) % 2003 - 1001) / 1024 * 2.0 ** ((i + 3 * k) % 7 - 4)


def numbers(n, k):
    return torch.tensor([number(i, k) for i in range(n)], dtype=torch.float64)


class Lion(torch.optim.Optimizer):
    """Chen et al. 2023, arXiv:2302.06675, algorithm 2, in numpy."""

    def __init__(self, params, lr, beta1, beta2, decay):
        super().__init__(params, {"lr": lr, "beta1": beta1, "beta2": beta2, "decay": decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                m = self.state[p].setdefault("m", numpy.zeros(p.shape))
                g, theta = p.grad.numpy(), p.numpy()
                c = group["beta1"] * m + (1 - group["beta1"]) * g
                theta -= group["lr"] * (numpy.sign(c) + group["decay"] * theta)
                self.state[p]["m"] = group["beta2"] * m + (1 - group["beta2"]) * g


def run(make, shape=(11,), clip=None):
    """Parameters after some of the steps, under a rate that falls in a straight line to a tenth after STEPS."""
    n = int(numpy.prod(shape))
    p = numbers(n, 99).reshape(shape).requires_grad_()
    optimizer = make([p])
    schedule = lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=0.1, total_iters=STEPS)
    after = {}
    for k in range(STEPS):
        p.grad = numbers(n, k).reshape(shape)
        if clip:
            clip([p])
        optimizer.step()
        schedule.step()
        if k + 1 in RECORDED:
            after[k + 1] = p.detach().clone()
    return after


def value_then_norm(parameters):
    torch.nn.utils.clip_grad_value_(parameters, 0.5)
    torch.nn.utils.clip_grad_norm_(parameters, 0.75)


def optimizers():
    o = torch.optim
    cases = {
        "sgd": lambda p: o.SGD(p, lr=1e-2),
        "sgd_momentum": lambda p: o.SGD(p, lr=1e-2, momentum=0.9),
        "sgd_dampening": lambda p: o.SGD(p, lr=1e-2, momentum=0.9, dampening=0.3, weight_decay=0.1),
        "sgd_nesterov": lambda p: o.SGD(p, lr=1e-2, momentum=0.9, nesterov=True, weight_decay=0.1),
        "rmsprop": lambda p: o.RMSprop(p, lr=1e-2, alpha=0.9, eps=1e-5),
        "rmsprop_momentum": lambda p: o.RMSprop(p, lr=1e-2, alpha=0.9, eps=1e-5, momentum=0.8),
        "rmsprop_centered": lambda p: o.RMSprop(p, lr=1e-2, alpha=0.9, eps=1e-5, centered=True),
        "rmsprop_centered_momentum": lambda p: o.RMSprop(p, lr=1e-2, alpha=0.9, eps=1e-5, momentum=0.8, centered=True),
        "rmsprop_tf": lambda p: RMSpropTFLike(p, lr=1e-2, alpha=0.9, eps=1e-5),
        "rmsprop_tf_centered_momentum": lambda p: RMSpropTFLike(p, lr=1e-2, alpha=0.9, eps=1e-5, momentum=0.8, centered=True),
        "adam": lambda p: o.Adam(p, lr=1e-2, betas=(0.9, 0.999), eps=1e-8),
        "adamw": lambda p: o.AdamW(p, lr=1e-2, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1),
        "lion": lambda p: Lion(p, lr=1e-2, beta1=0.9, beta2=0.99, decay=0.1),
    }
    recorded = {name: run(make) for name, make in cases.items()}
    recorded["adam_clipped"] = run(cases["adam"], clip=value_then_norm)
    muon = {
        "muon": {},
        "muon_plain": {"nesterov": False, "weight_decay": 0.0, "ns_steps": 3},
        "muon_match_rms": {"adjust_lr_fn": "match_rms_adamw"},
        "muon_spectral": {"adjust_lr_fn": "spectral_unclamped"},
    }
    with mock.patch.object(torch, "bfloat16", torch.float64):
        for name, options in muon.items():
            for shape in [(6, 4), (3, 7)]:
                recorded[f"{name}_{shape[0]}x{shape[1]}"] = run(lambda p: o.Muon(p, lr=1e-2, **options), shape)
    return {f"{name}/{k}": after[k] for name, after in recorded.items() for k in after}


def schedules():
    """The rates of 51 steps, those of progress 0, .02, ... 1."""
    rates = {}

    def record(name, make):
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=3e-3)
        scheduler = make(optimizer)
        rates[name] = []
        for _ in range(STEPS + 1):
            rates[name].append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()

    s = lr_scheduler
    record("linear", lambda o: s.LinearLR(o, start_factor=1.0, end_factor=0.1, total_iters=STEPS))
    record("cosine", lambda o: s.CosineAnnealingLR(o, T_max=STEPS, eta_min=3e-4))
    record("exponential", lambda o: s.ExponentialLR(o, gamma=0.01 ** (1 / STEPS)))
    record("multi_step", lambda o: s.MultiStepLR(o, milestones=[10, 40], gamma=0.1))
    record("warm_up_cosine", lambda o: s.SequentialLR(
        o, [s.LinearLR(o, start_factor=0.25, total_iters=10), s.CosineAnnealingLR(o, T_max=STEPS - 10, eta_min=3e-4)], milestones=[10]))
    return rates


if __name__ == "__main__":
    check_versions(NEEDED)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    made = f"recorded by optimizers.py with {NEEDED}"
    write(folder / "optimizer/optimizers.txt", made, optimizers())
    write(folder / "optimizer/schedules.txt", made, schedules())
