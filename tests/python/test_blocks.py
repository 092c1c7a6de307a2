"""An objective goes over a batch in blocks of 4,096 steps, and terms of series over whole series: no cut may show."""

import os
import subprocess
import sys

import numpy as np
import pytest

import cohort

rng = np.random.default_rng(7)
SHAPES = [(1, 1), (1, 5000), (3, 2500), (3, 4500), (2, 4096), (700, 7), (9, 1), (2049, 3), (5, 1000)]


def batch(shape):
    logp = rng.normal(size=shape) * 0.3 - 1
    given = {name: logp + rng.normal(size=shape) * 0.3 for name in ("old_logp", "ref_logp", "sampler_logp")}
    return dict(logp=logp, advantage=rng.normal(size=shape[0]), **given), rng.random(shape) < 0.7


def by_columns(given):
    return {name: np.asfortranarray(x) if x.ndim == 2 else x for name, x in given.items()}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("aggregation", ["step_mean", "series_mean", "step_sum", "series_sum_mean"])
def test_grpo_is_its_formula_whatever_the_shape_and_the_order_of_memory(shape, aggregation):
    given, valid = batch(shape)
    valid[rng.integers(shape[0])] = False
    if not valid.any():
        valid[0, 0] = True
    how = cohort.series_sum_mean(length=3, count_empty=True) if aggregation == "series_sum_mean" else aggregation
    grpo = cohort.clipped_ratio(epsilon=0.2) + 0.5 * cohort.kl_penalty("k3", weight=0.08)
    A = given["advantage"][:, None]
    ratio, x = np.exp(given["logp"] - given["old_logp"]), given["logp"] - given["ref_logp"]
    term = -np.minimum(ratio * A, np.clip(ratio, 0.8, 1.2) * A) + 0.04 * (np.exp(-x) - 1 + x)
    slope = np.where(((A >= 0) & (ratio > 1.2)) | ((A < 0) & (ratio < 0.8)), 0, -ratio * A) + 0.04 * (1 - np.exp(-x))
    own = valid.sum(1, keepdims=True)
    weight = {
        "step_mean": valid / valid.sum(),
        "series_mean": valid / np.maximum(own, 1) / (own > 0).sum(),
        "step_sum": valid * 1.0,
        "series_sum_mean": valid / (3 * shape[0]),
    }[aggregation]
    for arrays, mask in ((given, valid), (by_columns(given), np.asfortranarray(valid))):
        loss, gradient = grpo(valid=mask, aggregation=how, **arrays)
        assert loss == pytest.approx((weight * term).sum(), rel=1e-12)
        np.testing.assert_allclose(gradient["logp"], weight * slope, rtol=1e-12, atol=1e-15)
        losses, again = grpo(valid=mask, aggregation=how, per_step=True, **arrays)
        np.testing.assert_allclose(losses, weight * term, rtol=1e-12, atol=1e-15)
        assert np.array_equal(gradient["logp"], again["logp"])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["gspo", "gmpo", "tic_grpo"])
def test_terms_of_series_are_those_of_each_series_alone(shape, name):
    given, valid = batch(shape)
    term = getattr(cohort, name)() + cohort.kl_penalty("k2")
    for arrays, mask in ((given, valid), (by_columns(given), np.asfortranarray(valid))):
        loss, gradient = term(valid=mask, aggregation="step_sum", **arrays)
        sum_of_losses = 0
        for n in rng.permutation(shape[0])[:50] if shape[0] > 50 else range(shape[0]):
            alone = {k: np.ascontiguousarray(x[n : n + 1]) for k, x in arrays.items()}
            one, slope = term(valid=np.ascontiguousarray(mask[n : n + 1]), aggregation="step_sum", **alone)
            sum_of_losses += one
            np.testing.assert_allclose(gradient["logp"][n], slope["logp"][0], rtol=1e-11, atol=1e-14)
        if shape[0] <= 50:
            assert loss == pytest.approx(sum_of_losses, rel=1e-11)


def test_a_gradient_is_of_each_array_that_a_term_reads_and_0_where_no_step_is_valid():
    given, valid = batch((3, 3000))
    valid[1] = False
    value = rng.normal(size=(3, 3000))
    loss, gradient = (cohort.value_loss(weight=0.5) + cohort.clipped_ratio())(value=value, target=value + 1, valid=valid, **given)
    assert set(gradient) == {"logp", "value"}
    np.testing.assert_allclose(gradient["value"], -1.0 * valid * (2 * 0.5) / valid.sum(), rtol=1e-12)
    assert (gradient["logp"][1] == 0).all() and (gradient["logp"][0][valid[0]] != 0).any()
    nothing, zeros = cohort.clipped_ratio()(valid=np.zeros((3, 3000), bool), **given)
    assert nothing == 0 and (zeros["logp"] == 0).all()


def test_terms_whose_weights_differ_add_up_in_every_block_and_are_0_at_invalid_steps():
    given, valid = batch((5, 1000))
    spoiled = {k: np.where(valid, x, np.nan) if x.ndim == 2 else x for k, x in given.items()}
    ratio = cohort.clipped_ratio()
    terms = [
        ratio,
        cohort.weighted(cohort.kl_cov(share=0.1), ratio),
        cohort.kl_penalty("k2"),
        0.5 * ratio,
        cohort.aggregate("series_mean", cohort.kl_penalty("k3")),
        cohort.gspo(),
        cohort.kl_penalty("k1"),
    ]
    total, whole = sum(terms[1:], terms[0])(valid=valid, per_step=True, **spoiled)
    alone = [t(valid=valid, per_step=True, **spoiled) for t in terms]
    np.testing.assert_allclose(total, sum(loss for loss, _ in alone), rtol=1e-11, atol=1e-15)
    np.testing.assert_allclose(whole["logp"], sum(g["logp"] for _, g in alone), rtol=1e-11, atol=1e-15)
    assert (total[~valid] == 0).all() and (whole["logp"][~valid] == 0).all()
    np.testing.assert_allclose(alone[3][0], 0.5 * alone[0][0], rtol=1e-14)


PROGRAM = """
import hashlib, numpy as np, cohort
draws = np.random.default_rng(1)
given = {name: draws.normal(size=(40, 1500)).astype(np.float32) * 0.3 for name in ("logp", "old_logp", "ref_logp", "advantage")}
said = []
for term in (cohort.clipped_ratio() + cohort.kl_penalty(), cohort.gspo(), cohort.weighted(cohort.kl_cov(share=0.1), cohort.dro())):
    loss, gradient = term(valid=given["advantage"] > -0.2, **given)
    said.append((loss.hex(), hashlib.sha256(gradient["logp"].tobytes()).hexdigest()))
print(said)
"""


def test_the_number_of_threads_changes_no_bit():
    def with_threads(n):
        return subprocess.run([sys.executable, "-c", PROGRAM], env={**os.environ, "OMP_NUM_THREADS": str(n)}, capture_output=True, text=True, check=True).stdout

    one = with_threads(1)
    assert one.count("0x") >= 3 and one == with_threads(2) == with_threads(5)
