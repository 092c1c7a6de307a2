"""Records what PyTorch's GRU and LSTM do in double, for the tests of Cohort's layers.

    python3 -m venv build/recurrent
    build/recurrent/bin/pip install torch==2.15.0 numpy==2.4.6
    build/recurrent/bin/python tests/golden/recurrent.py

It writes network/recurrent.txt beside itself, or into the folder given as its argument: 5 steps of 3 series, their last states and the gradient
of sum(dy y), parameters in the order and form of Cohort's arrays (matrices with a row for each input, one bias where PyTorch has two that are added).
"""

import pathlib
import sys

import torch

from common import check_versions, write

NEEDED = {"torch": "2.15.0", "numpy": "2.4.6"}
L, N, D, H = 5, 3, 4, 3


def ours(kind, get):
    """W, b, U and for a GRU c, of PyTorch's arrays or of their gradients (of which the first bias's is the sum's)."""
    parts = [get("weight_ih_l0").T, get("bias_ih_l0"), get("weight_hh_l0").T]
    if kind == "gru":
        parts.append(get("bias_hh_l0")[2 * H :])
    return torch.cat([p.reshape(-1) for p in parts])


def record(kind, layer):
    rows = {}
    with torch.no_grad():
        for p in layer.parameters():
            p.uniform_(-1, 1)
    x = torch.rand(L, N, D).mul(2).sub(1).requires_grad_()
    dy = torch.rand(L, N, H) * 2 - 1
    states = [torch.rand(1, N, H) * 2 - 1 for _ in range(2 if kind == "lstm" else 1)]
    y, after = layer(x, tuple(states) if kind == "lstm" else states[0])
    (y * dy).sum().backward()
    named = dict(layer.named_parameters())
    parameters = ours(kind, lambda n: named[n].detach())
    both = named["bias_hh_l0"].detach()[: (2 if kind == "gru" else 4) * H]
    first = D * len(named["bias_ih_l0"])
    parameters[first : first + len(both)] += both
    beside = lambda s: torch.cat([a[0] for a in s], dim=1)
    after = list(after) if kind == "lstm" else [after]
    rows.update(x=x, dy=dy, before=beside(states), parameters=parameters, y=y, after=beside(after), dx=x.grad)
    rows["gradient"] = ours(kind, lambda n: named[n].grad)
    return {f"{kind}.{name}": values for name, values in rows.items()}


def main():
    check_versions(NEEDED)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(1)
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    rows = {**record("gru", torch.nn.GRU(D, H)), **record("lstm", torch.nn.LSTM(D, H))}
    write(out / "network" / "recurrent.txt", "tests/golden/recurrent.py wrote this: torch.nn.GRU and torch.nn.LSTM.", rows)


if __name__ == "__main__":
    main()
