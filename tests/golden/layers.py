#!/usr/bin/env python3
"""What torch.nn's convolutions and LayerNorm give, and their gradients: tests/golden/network/layers.txt.

    python3 -m venv VENV && VENV/bin/pip install torch==2.15.0 numpy && VENV/bin/python tests/golden/layers.py

Numbers are in Cohort's order: images row by row of pixels with their channels, weights inputs x outputs, of a convolution
rows x columns x channels x filters."""

import pathlib

import torch
from torch.nn import functional

import common

common.check_versions({"torch": "2.15.0"})
torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
rows = {}


def record(name, parameters, x, f):
    """f takes the parameters and x in our order and gives y in it; all are leaves, so that gradients come in it too."""
    for leaf in (*parameters, x):
        leaf.requires_grad_()
    y = f(*parameters, x)
    dy = torch.randn_like(y)
    (y * dy).sum().backward()
    rows[f"{name}_parameters"] = torch.cat([p.flatten() for p in parameters])
    rows[f"{name}_gradient"] = torch.cat([p.grad.flatten() for p in parameters])
    rows.update({f"{name}_x": x, f"{name}_dx": x.grad, f"{name}_y": y, f"{name}_dy": dy})


def convolved(x, weight, bias, **options):
    """x: N x rows x columns x channels, weight: rows x columns x channels x filters."""
    y = functional.conv2d(x.permute(0, 3, 1, 2), weight.permute(3, 2, 0, 1), bias, **options)
    return y.permute(0, 2, 3, 1)


def nature(w1, b1, w2, b2, w3, b3, x):
    h = torch.relu(convolved(x, w1, b1, stride=4))
    h = torch.relu(convolved(h, w2, b2))
    return torch.relu(h.flatten(1) @ w3 + b3)


random = torch.randn
record("layer_norm", [random(7), random(7)], random(3, 7), lambda w, b, x: functional.layer_norm(x, (7,), w, b))
record("nature", [random(8, 8, 2, 3) / 8, random(3), random(2, 2, 3, 4) / 3, random(4), random(4, 5) / 2, random(5)],
       random(2, 12, 12, 2), nature)
record("padded", [random(3, 3, 3, 4) / 5, random(4)], random(2, 5, 4, 3),
       lambda w, b, x: torch.tanh(convolved(x, w, b, stride=2, padding=1)))
common.write(pathlib.Path(__file__).parent / "network" / "layers.txt", "torch 2.15.0: see layers.py", rows)
