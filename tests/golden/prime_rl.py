"""Records what prime-rl makes of the batch of as_in.py by its defaults, from scores to the gradient.

    python3 -m venv build/prime_rl
    build/prime_rl/bin/pip install torch==2.15.0 numpy==2.4.6 beartype==0.23.1 jaxtyping==0.3.11
    git clone https://github.com/PrimeIntellect-ai/prime-rl build/prime_rl/checkout && git -C build/prime_rl/checkout checkout 559b44772
    build/prime_rl/bin/python tests/golden/prime_rl.py build/prime_rl/checkout

It writes preset/as_in_prime_rl.txt beside itself, or into the folder given as its second argument, in the form that as_in.py describes. The package is not on PyPI. The
loss and its division are the functions of the checkout's trainer/rl/loss.py, the removal of steps without advantage that of its orchestrator/train_sink.py, alone, since
what these files import would bring a server; the defaults are read from its configuration.
"""

import ast
import pathlib
import subprocess
import sys
import types

import numpy
import torch
from common import check_versions, float64, function, leave_out, write

NEEDED = {"torch": "2.15.0", "numpy": "2.4.6"}
COMMIT = "559b44772"


def default(path, owner, name):
    for x in ast.walk(ast.parse(path.read_text())):
        if isinstance(x, ast.AnnAssign) and getattr(x.target, "id", "") == name and (owner is None or owner in enclosing(path, x.lineno)):
            value = x.value.args[0] if isinstance(x.value, ast.Call) else x.value
            return ast.literal_eval(value)
    sys.exit(f"{path} has no {name}")


def enclosing(path, line):
    return [x.name for x in ast.parse(path.read_text()).body if isinstance(x, ast.ClassDef) and x.lineno <= line <= x.end_lineno]


def main():
    check_versions(NEEDED)
    checkout, here = pathlib.Path(sys.argv[1]), pathlib.Path(__file__).parent
    head = subprocess.check_output(["git", "-C", str(checkout), "rev-parse", "HEAD"], text=True)
    if not head.startswith(COMMIT):
        sys.exit(f"{checkout} is at {head.strip()}, expected {COMMIT}")
    rows = {line.split()[0]: numpy.array([float(x) for x in line.split()[1:]]) for line in (here / "preset/as_in.txt").read_text().splitlines() if not line.startswith("#")}
    configs = checkout / "packages/prime-rl-configs/src/prime_rl/configs"
    settings = {name: default(configs / "trainer.py", "DefaultLossConfig", name) for name in ["dppo_mask_low", "dppo_mask_high", "adv_tau", "kl_tau"]}
    if not default(configs / "orchestrator.py", None, "filter_zero_advantages"):
        sys.exit("filter_zero_advantages is False, expected True")

    leave_out("prime_rl", "prime_rl.configs", "prime_rl.configs.trainer", "prime_rl.utils", "prime_rl.utils.utils")
    loss = types.ModuleType("loss")
    sys.modules["loss"] = loss
    path = checkout / "src/prime_rl/trainer/rl/loss.py"
    exec(compile(path.read_text(), str(path), "exec"), vars(loss))
    prune = function(checkout / "src/prime_rl/orchestrator/train_sink.py", "_prune_zero_advantages")

    offsets, groups = rows["offsets"].astype(int), rows["group_offsets"].astype(int)
    split = lambda x: [x[a:b] for a, b in zip(offsets[:-1], offsets[1:])]
    advantage = numpy.zeros(offsets[-1])
    for first, last in zip(groups[:-1], groups[1:]):  # rewards less their mean, prime-rl's GRPOAlgorithm
        for n in range(first, last):
            advantage[offsets[n]:offsets[n + 1]] = rows["score"][n] - rows["score"][first:last].mean()
    with float64():
        logp = torch.tensor(rows["logp"], requires_grad=True)
        samples = [types.SimpleNamespace(advantages=list(a), rl_weights=None, mask=list(m != 0), ce_weights=None, ref_kl_weights=None)
                   for a, m in zip(split(advantage), split(rows["valid"]))]
        sent = [prune(s) for s in samples]
        weights = [torch.tensor(s.rl_weights, dtype=torch.float64) if s.rl_weights else None for s in samples]
        masks = [torch.tensor(s.mask) for s in samples]
        scale = sum(int((m & (w != 0)).sum()) if w is not None else int(m.sum()) for m, w, s in zip(masks, weights, sent) if s)
        settings = types.SimpleNamespace(**settings)
        of = lambda x: [t for t, s in zip(split(x), sent) if s]
        kept = lambda x: [t for t, s in zip(x, sent) if s]
        total, _ = loss.compute_loss(of(logp), of(torch.tensor(rows["old_logp"])), None, of(torch.tensor(advantage)), kept(masks), kept(weights), None, None,
                                     lambda inputs: loss.default_loss_fn(inputs, settings), scale, 1, 1)
        total.backward()
    found = {"advantage": advantage, "loss": [total.item()], "slope": logp.grad, "norm": [logp.grad.norm().item()]}
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else here
    write(folder / "preset/as_in_prime_rl.txt", f"recorded by prime_rl.py with prime-rl at {COMMIT} and {NEEDED}", {f"prime_rl/{k}": v for k, v in found.items()})


if __name__ == "__main__":
    main()
