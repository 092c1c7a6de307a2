"""Records what bitsandbytes' 8-bit Adam does, for the tests of Cohort's.

    python3 -m venv build/bitsandbytes
    build/bitsandbytes/bin/pip install bitsandbytes==0.50.2 torch==2.15.0 numpy==2.4.6
    TORCHDYNAMO_DISABLE=1 build/bitsandbytes/bin/python -P tests/golden/adam_8bit.py

It writes optimizer/adam_8bit.txt beside itself, or into the folder given as its argument: the maps signed and unsigned, of create_dynamic_map; and of
some parameters, those whose number is a multiple of 41, what bitsandbytes.backends.triton.kernels_optim.optimizer_update_8bit_blockwise_pytorch, its 8-bit
step in plain torch, makes of them in 50 steps of optimizers.py's numbers. It is given states of zeros, as bitsandbytes.optim has them at the start.
The step is computed in float64, with the maps as they are in float32.
"""

import os
import pathlib
import sys

os.environ["TORCHDYNAMO_DISABLE"] = "1"
sys.path.append(str(pathlib.Path(__file__).parent))
import bitsandbytes.functional
import torch
from bitsandbytes.backends.triton.kernels_optim import optimizer_update_8bit_blockwise_pytorch as step_of_bitsandbytes

import common

NEEDED = {"bitsandbytes": "0.50.2", "torch": "2.15.0", "numpy": "2.4.6"}
STEPS = 50
RECORDED = (1, 2, 10, STEPS)
COUNT = 4500  # 17 blocks, and a part of one


def numbers(k):
    """As optimizers.py has them."""
    return torch.tensor([((7919 * i + 104729 * k) % 2003 - 1001) / 1024 * 2.0 ** ((i + 3 * k) % 7 - 4) for i in range(COUNT)], dtype=torch.float64)


def run(maps, decay):
    p = numbers(99)
    states = [torch.zeros(COUNT, dtype=torch.uint8) for _ in range(2)]
    largest = [torch.zeros((COUNT + 255) // 256, dtype=torch.float64) for _ in range(2)]
    after = {}
    for k in range(STEPS):
        rate = 1e-2 + (1e-3 - 1e-2) * k / STEPS
        with common.float64():
            step_of_bitsandbytes(p, numbers(k), *states, 0.9, 0.999, 0.0, 0.0, 1e-8, k + 1, rate, *maps, *largest, decay, 1.0, False,
                                 optimizer_name="adam")
        if k + 1 in RECORDED:
            after[k + 1] = p[::41].clone()
    return after


def main():
    common.check_versions(NEEDED)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    maps = [bitsandbytes.functional.create_dynamic_map(signed=signed) for signed in (True, False)]
    rows = {"signed": maps[0], "unsigned": maps[1]}
    for name, decay in (("adam_8bit", 0.0), ("adamw_8bit", 0.1)):
        rows |= {f"{name}/{k}": p for k, p in run(maps, decay).items()}
    common.write(folder / "optimizer/adam_8bit.txt", f"recorded by adam_8bit.py with {NEEDED}", rows)


main()
