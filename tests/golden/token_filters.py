"""Records what transformers' logits processors keep of random logits, and the log-probabilities of what is kept, in double.

    python token_filters.py      (transformers 5.23.0, torch 2.15.0)

It writes sampler/transformers.txt beside itself, or into the folder given as its argument.
"""

import itertools
import pathlib
import sys

import torch
from transformers.generation import logits_process as lp

import common

common.check_versions({"transformers": "5.23.0", "torch": "2.15.0"})

# penalty, temperature, top_k, top_p, min_p, typical_p; what does nothing is left out, as transformers does
CASES = [
    (1, 1, 0, 1, 0, 1),
    (1, 0.7, 5, 1, 0, 1),
    (1, 1.3, 0, 0.8, 0, 1),
    (1, 1, 0, 1, 0.1, 1),
    (1, 1, 0, 1, 0, 0.5),
    (1, 0.8, 0, 1, 0, 0.9),
    (1, 1, 0, 1, 0, 0.2),
    (1.2, 1, 0, 1, 0, 1),
    (0.8, 1.1, 12, 1, 0, 1),
    (1.3, 0.9, 30, 0.95, 0.02, 0.9),
    (1.1, 1.5, 25, 0.9, 0.05, 0.6),
]
V = 61


def processors(penalty, temperature, top_k, top_p, min_p, typical_p):
    """In the order of GenerationMixin._get_logits_processor."""
    found = lp.LogitsProcessorList()
    if penalty != 1:
        found.append(lp.RepetitionPenaltyLogitsProcessor(penalty))
    if temperature != 1:
        found.append(lp.TemperatureLogitsWarper(float(temperature)))
    if top_k:
        found.append(lp.TopKLogitsWarper(top_k))
    if top_p < 1:
        found.append(lp.TopPLogitsWarper(top_p))
    if min_p:
        found.append(lp.MinPLogitsWarper(min_p))
    if typical_p < 1:
        found.append(lp.TypicalLogitsWarper(typical_p))
    return found


torch.manual_seed(7)
rows = {}
for number, (scale, case) in enumerate(itertools.product((0.5, 2, 6), CASES)):
    logits = scale * torch.randn(V, dtype=torch.float64)
    before = torch.randint(V, (9,))
    before[3] = before[0]  # a token that stood there twice is penalized once
    scores = processors(*case)(before[None], logits[None].clone())[0]
    logp = scores.log_softmax(-1)
    rows[f"options_{number}"] = torch.tensor(case, dtype=torch.float64)
    rows[f"logits_{number}"] = logits
    rows[f"before_{number}"] = before.double()
    rows[f"logp_{number}"] = logp
folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
common.write(folder / "sampler" / "transformers.txt", "transformers' logits processors: tests/golden/token_filters.py", rows)
