"""Records what PyTorch computes where Cohort has a component of its own, for the tests of objectives and optimizers.

    python3 -m venv build/torch
    build/torch/bin/pip install torch==2.15.0 numpy==2.4.6
    build/torch/bin/python tests/golden/torch_components.py

It writes torch/objective.txt, torch/adam.txt and torch/gradient_norm.txt beside itself, or into the folder given as its argument: lines of
`name number number ...`, each number the shortest decimal that reads back as the same float64.
"""

import pathlib
import sys

import numpy
import torch

NEEDED = {"torch": "2.15.0", "numpy": "2.4.6"}


def check_versions():
    found = {"torch": torch.__version__.split("+")[0], "numpy": numpy.__version__}
    if found != NEEDED:
        sys.exit(f"these files are recorded with {NEEDED}, and here are {found}")


def write(path, about, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        file.write(f"# {about}\n")
        for name, values in rows.items():
            values = values.detach().numpy() if isinstance(values, torch.Tensor) else values
            file.write(" ".join([name] + [repr(float(x)) for x in numpy.ravel(values)]) + "\n")


def objective():
    """Loss and gradient of each term, one by one, at 40 points off the kinks."""
    draws = numpy.random.default_rng(1)
    n = 40
    constants = {
        "old_logp": draws.uniform(-3, 0, n),
        "ref_logp": draws.uniform(-3, 0, n),
        "advantage": draws.normal(0, 2, n),
        "target": draws.normal(0, 3, n),
    }
    variables = {
        "logp": constants["old_logp"] + draws.uniform(-0.8, 0.8, n),
        "entropy": draws.uniform(-1, 2, n),
        "value": draws.normal(0, 3, n),
    }
    c = {k: torch.tensor(v) for k, v in constants.items()}
    v = {k: torch.tensor(x, requires_grad=True) for k, x in variables.items()}
    rows = {**constants, **variables}

    def record(name, loss, variable):
        (gradient,) = torch.autograd.grad(loss.sum(), v[variable])
        rows[name], rows[f"{name}/{variable}"] = loss, gradient

    for name, low, high in [("clipped_ratio", 0.2, 0.2), ("clipped_ratio_high", 0.2, 0.28)]:
        ratio = torch.exp(torch.clamp(v["logp"] - c["old_logp"], -20, 20))
        loss = -torch.min(ratio * c["advantage"], torch.clamp(ratio, 1 - low, 1 + high) * c["advantage"])
        record(name, loss, "logp")
    x = v["logp"] - c["ref_logp"]
    record("kl_penalty", 0.04 * (torch.expm1(-x) + x), "logp")
    record("value_loss", 0.5 * (v["value"] - c["target"]) ** 2, "value")
    record("entropy_bonus", -0.01 * v["entropy"], "entropy")
    return rows


def adam():
    """Five updates of 13 parameters with a rate that falls, epsilon 1e-5."""
    draws = numpy.random.default_rng(2)
    parameters = torch.tensor(draws.normal(0, 1, 13), requires_grad=True)
    optimizer = torch.optim.Adam([parameters], lr=1e-3, betas=(0.9, 0.999), eps=1e-5)
    rows = {"start": parameters.detach().clone()}
    for k in range(5):
        optimizer.param_groups[0]["lr"] = 1e-3 * (1 - k / 5)
        gradient = draws.normal(0, 1, 13) * 10.0 ** draws.integers(-6, 2, 13)
        parameters.grad = torch.tensor(gradient)
        optimizer.step()
        rows[f"gradient{k}"], rows[f"after{k}"] = gradient, parameters.detach().clone()
    return rows


def gradient_norm():
    """clip_grad_norm_ above and below the limit."""
    draws = numpy.random.default_rng(3)
    rows = {"limit": [0.5]}
    for name, scale in [("small", 0.01), ("large", 3.0)]:
        gradient = draws.normal(0, scale, 37)
        parameters = torch.zeros(37, dtype=torch.float64, requires_grad=True)
        parameters.grad = torch.tensor(gradient)
        norm = torch.nn.utils.clip_grad_norm_([parameters], 0.5)
        rows[name], rows[f"{name}/norm"], rows[f"{name}/clipped"] = gradient, [norm], parameters.grad
    return rows


if __name__ == "__main__":
    check_versions()
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    made = f"recorded by torch_components.py with {NEEDED}"
    write(folder / "torch/objective.txt", made, objective())
    write(folder / "torch/adam.txt", made, adam())
    write(folder / "torch/gradient_norm.txt", made, gradient_norm())
