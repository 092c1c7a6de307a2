"""The batch of completions on which the scripts for objectives record losses and gradients; series n from offsets[n] up to offsets[n + 1].

One number a step: logp, old_logp, ref_logp, valid, is_weight (1 where a step is not valid), entropy, token_advantage; one a series: advantage,
is_weight_series. Both signs of the advantage; ratios exp(logp - old_logp) on both sides of every clip, and none within 0.004 of KINKS; some steps of a
series are not valid, one series has 40 steps, one a single one. All probabilities are below 1. With empty = True no step of the third series is valid.
"""

import numpy
from common import packing

KINKS = [0.8, 1.0, 1.2, 1.28, 1.5, 2.0, 3.0]
LENGTHS = [5, 8, 3, 40, 12, 1, 9, 4, 7, 6]


def off_kinks(values, kinks, by=1e-3):
    """No value is where a loss has a kink, so that gradients mean something and no rounding decides a branch."""
    values = numpy.ravel(values)
    assert len(values) and numpy.abs(values[:, None] - numpy.asarray(kinks, dtype=float)).min() > by, (values, kinks)


def batch(empty=False):
    draws = numpy.random.default_rng(20)
    p, (N, M) = packing(LENGTHS), (len(LENGTHS), sum(LENGTHS))
    log_ratio = numpy.repeat(draws.uniform(-0.15, 0.15, N), LENGTHS) + draws.normal(0, 0.3, M)
    log_ratio[[1, 6, 20, 45, 60, 74, 85]] += [1.3, 1.4, -1.2, 1.2, -1.4, 1.5, -1.0]
    while (near := numpy.abs(numpy.exp(log_ratio)[:, None] - KINKS).min(axis=1) < 4e-3).any():
        log_ratio[near] += 0.01
    likelier = numpy.log(draws.uniform(0.02, 0.98, M))
    logp = likelier + numpy.minimum(log_ratio, 0)
    old_logp = logp - log_ratio
    valid = (draws.uniform(size=M) > 0.15).astype(float)
    valid[p.offsets[:-1]] = draws.integers(0, 2, N)
    valid[p.offsets[1:] - 1] = 1
    is_weight = numpy.where(valid > 0, draws.uniform(0.2, 2, M), 1.0)
    advantage = numpy.array([1.2, -0.7, 0.4, -1.5, 2.1, -0.3, 0.8, -2.2, 1.7, -1.1])
    token_advantage = draws.normal(0, 1.5, M)
    off_kinks(token_advantage, [0])
    if empty:
        valid[p.offsets[2] : p.offsets[3]] = 0
    return p, {
        "offsets": p.offsets, "valid": valid, "logp": logp, "old_logp": old_logp, "ref_logp": logp + draws.normal(0, 0.3, M), "advantage": advantage,
        "token_advantage": token_advantage, "is_weight": is_weight, "is_weight_series": draws.uniform(0.2, 2, N), "entropy": draws.uniform(0, 3, M),
    }


def some(p, b, chosen=(0, 2, 5, 6, 8, 1)):
    """Of the batch with empty = True six series, 33 steps, the second without a valid one."""
    own = numpy.concatenate([numpy.arange(p.offsets[n], p.offsets[n + 1]) for n in chosen])
    part = packing(p.lengths[list(chosen)])
    return part, {k: part.offsets if k == "offsets" else v[own] if len(v) == p.offsets[-1] else v[list(chosen)] for k, v in b.items()}


def series_mean(p, x, valid):
    x, valid = p.pad(x).numpy(), p.pad(valid).numpy()
    return (x * valid).sum(axis=1) / numpy.maximum(valid.sum(axis=1), 1)
