"""What the tests of the Python module share: arrays, and how mistakes are tested."""

import numpy as np
import pytest

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


def one_sentence_each(mistakes):
    """A test that each call of (call, kind, text) raises this kind of error, in one line that matches the text."""

    @pytest.mark.parametrize("k", range(len(mistakes)))
    def test(k):
        call, kind, text = mistakes[k]
        with pytest.raises(kind, match=text) as seen:
            call()
        assert "\n" not in str(seen.value)

    return test
