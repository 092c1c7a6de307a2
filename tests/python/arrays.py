"""Arrays that the tests of the Python module are about."""

import numpy as np

rng = np.random.default_rng(3)
N, T = 5, 7


def steps(dtype=np.float64, scale=1.0):
    return (rng.normal(size=(N, T)) * scale).astype(dtype)


def masks():
    return rng.random((N, T)) < 0.2, rng.random((N, T)) < 0.1, rng.random((N, T)) < 0.7


def batch():
    logp = steps(scale=0.3) - 1
    return dict(
        logp=logp,
        old_logp=logp + steps(scale=0.3),
        ref_logp=logp + steps(scale=0.3),
        sampler_logp=logp + steps(scale=0.3),
        advantage=steps(),
        entropy=np.abs(steps()),
        value=steps(),
        old_value=steps(),
        target=steps(),
    )
