"""A child of fork, as DataLoader and multiprocessing make it, computes what its parent computes."""
import multiprocessing
import os
import sys

import numpy as np
import pytest

import cohort


def numbers(seed=0):
    rng = np.random.default_rng(seed)
    logp, old = -rng.random((256, 512)), -rng.random((256, 512))
    loss, gradient = cohort.clipped_ratio()(logp=logp, old_logp=old, advantage=rng.standard_normal(256))
    white = cohort.standardize(rng.standard_normal((256, 512)))
    return loss, float(np.sum(gradient["logp"])), float(np.sum(white**2))


def send(pipe):
    pipe.send(numbers())
    pipe.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_child_computes_the_parents_numbers():
    expected = numbers()  # and starts the threads
    context = multiprocessing.get_context("fork")
    for _ in range(3):
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=send, args=(sender,))
        child.start()
        if not receiver.poll(60):
            child.kill()
            pytest.fail("the child does not return")
        assert receiver.recv() == expected
        child.join(60)
        assert child.exitcode == 0
    assert numbers() == expected


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
