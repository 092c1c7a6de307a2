"""What is taken for an array: integers, bools and lists where they are exact; and objectives by name, number and word."""

import numpy as np
import pytest

import cohort
from arrays import N, T, batch, masks, one_sentence_each, rng, steps


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.uint16, bool])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("by_step", [False, True])
def test_integers_and_bools_are_the_numbers_that_they_are(kind, dtype, by_step):
    arrange = np.asfortranarray if by_step else np.ascontiguousarray
    whole = rng.integers(0, 2, (N, T))
    value, next_value = arrange(steps(dtype)), arrange(steps(dtype))
    valid = rng.integers(0, 2, (N, T))
    expected, _ = cohort.gae(arrange(whole.astype(dtype)), value, next_value, valid=arrange(valid.astype(bool)))
    found, _ = cohort.gae(arrange(whole.astype(kind)), value, next_value, valid=valid.astype(np.int64))  # whose memory may go otherwise
    assert found.dtype == dtype and np.array_equal(found, expected)


def test_lists():
    reward, value = steps().round(2), steps()
    assert np.array_equal(cohort.gae(reward.tolist(), value, value.tolist())[0], cohort.gae(reward, value, value)[0])
    assert np.array_equal(cohort.group_relative([1, 0, 0, 1], 4), cohort.group_relative(np.array([1.0, 0, 0, 1]), 4))
    assert np.array_equal(cohort.standardize((1, 2, 4), [True, True, False]), cohort.standardize(np.array([1.0, 2, 4]), np.array([True, True, False])))
    one = dict(logp=[-1.0, -2.0], old_logp=[-1.5, -2.0], advantage=[1, -1])
    loss, gradient = cohort.clipped_ratio()(valid=[1, 1], **one)
    assert loss == cohort.clipped_ratio()(**{k: np.array(x, float) for k, x in one.items()})[0]
    assert gradient["logp"].shape == (2,)
    assert cohort.dpo()(chosen_logp=[-1, -2], rejected_logp=[-3, -3], chosen_ref_logp=[-1.5, -2], rejected_ref_logp=[-3, -2])[0] == pytest.approx(
        np.logaddexp(0, -0.1 * np.array([0.5, 1])).mean(), rel=1e-12)


def test_advantages_and_scores_may_be_integers():
    given, (_, _, valid) = batch(), masks()
    given["advantage"] = rng.integers(-2, 3, (N, T))
    a, b = cohort.clipped_ratio()(valid, **given), cohort.clipped_ratio()(valid.astype(np.int64), **{**given, "advantage": given["advantage"].astype(float)})
    assert a[0] == b[0] and np.array_equal(a[1]["logp"], b[1]["logp"])
    given["advantage"] = rng.integers(-2, 3, N)
    a, b = cohort.clipped_ratio()(valid, **given), cohort.clipped_ratio()(valid, **{**given, "advantage": given["advantage"].astype(float)})
    assert a[0] == b[0] and np.array_equal(a[1]["logp"], b[1]["logp"])


def test_parameters_in_their_order():
    assert repr(cohort.clipped_ratio(0.1, 0.3)) == repr(cohort.clipped_ratio(epsilon=0.1, epsilon_high=0.3))
    assert repr(cohort.series_sum_mean(5)) == repr(cohort.series_sum_mean(length=5)) != repr(cohort.series_sum_mean())


def test_aggregations_by_name():
    """Each is the object without parameters; series_sum_mean then has length 1, as documented."""
    given, (_, _, valid) = batch(), masks()
    for name in ("step_mean", "step_sum", "series_mean", "series_sum_mean", "piecewise_step_mean"):
        by_name = cohort.clipped_ratio()(valid, aggregation=name, **given)[0]
        assert by_name == cohort.clipped_ratio()(valid, aggregation=getattr(cohort, name)(), **given)[0]
    np.testing.assert_allclose(cohort.series_sum_mean().weights(valid, dtype="float64"), valid / valid.any(1).sum(), rtol=1e-14)


def test_series_kl_penalty():
    given, (_, _, valid) = batch(), masks()
    valid[:, 0] = True
    x = given["logp"] - given["ref_logp"]
    own = valid.sum(1, keepdims=True)
    s = np.exp(((given["logp"] - given["old_logp"]) * valid).sum(1, keepdims=True) / own)
    weight = valid / valid.sum()
    for name, kl, slope in (("k3", np.exp(-x) - 1 + x, 1 - np.exp(-x)), ("k2", x**2 / 2, x), ("k1", x, np.ones_like(x))):
        loss, gradient = cohort.series_kl_penalty(name, weight=0.3)(valid, **{k: given[k] for k in ("logp", "old_logp", "ref_logp")})
        assert loss == pytest.approx((weight * 0.3 * s * kl).sum(), rel=1e-12)
        through_s = (weight * 0.3 * s * kl).sum(1, keepdims=True) / own  # d s / d logp_t = s / |o|
        np.testing.assert_allclose(gradient["logp"], np.where(valid, weight * 0.3 * s * slope + through_s, 0), rtol=1e-11, atol=1e-15)
    clamped, _ = cohort.series_kl_penalty("k3", weight=1, clamp_value=0.01)(valid, **{k: given[k] for k in ("logp", "old_logp", "ref_logp")})
    assert clamped == pytest.approx((weight * s * np.minimum(np.exp(-x) - 1 + x, 0.01)).sum(), rel=1e-12)


def test_the_clamp_of_importance_weights_is_said_and_done():
    sampler, old = np.array([[-50.0, 0.0]]), np.array([[0.0, -50.0]])
    w = cohort.importance_weights(high=np.inf).weights(sampler_logp=sampler, old_logp=old)
    np.testing.assert_allclose(w, [[np.exp(20), np.exp(-20)]], rtol=1e-12)
    assert "+-20" in cohort.importance_weights.__doc__ and "+-20" in cohort.weighted(cohort.importance_weights(), cohort.dro()).explained()


def test_every_objective_of_the_library_is_there():
    """They are made from its catalogue, whose table in the docs is made from it too."""
    import pathlib
    import re

    page = (pathlib.Path(__file__).parents[2] / "docs/components.md").read_text()
    tables = {name: re.search(rf"<!-- table: {name} -->(.*?)\n\n(?!\|)", page, re.DOTALL).group(1) for name in ("step_objectives", "series_objectives", "pair_objectives", "aggregations", "selections")}
    names = {table: re.findall(r"^\| `(\w+)", text, re.MULTILINE) for table, text in tables.items()}
    assert len(names["step_objectives"]) > 15 and len(names["aggregations"]) > 5
    of_distributions = {"exact_kl_penalty", "old_kl_penalty"}
    for table in names.values():
        for name in set(table) - of_distributions:
            assert getattr(cohort, name).__doc__.count("Source: ") == 1


flat = np.ones((2, 2))
MISTAKES = [
    (lambda: cohort.gae(np.full((2, 2), 2**24 + 1), flat.astype(np.float32), flat.astype(np.float32)), ValueError, "^gae: reward has the element 16777217, expected integers that float32 holds$"),
    (lambda: cohort.standardize([2**53 + 1, 1]), ValueError, "^standardize: x has the element 9007199254740993, expected integers that float64 holds$"),
    (lambda: cohort.standardize(flat, np.array([[1, 1], [0, -1]])), ValueError, "^standardize: valid has the element -1, expected 0 or 1, or bools$"),
    (lambda: cohort.standardize(flat, flat), ValueError, "^standardize: valid has elements of type float64, expected bool, or integers 0 and 1$"),
    (lambda: cohort.clipped_ratio(0.1, 0.2, 0.3), ValueError, "^clipped_ratio: 3 parameters are given, expected no more than 2$"),
    (lambda: cohort.clipped_ratio(0.1, epsilon=0.2), ValueError, "^clipped_ratio: epsilon is given twice$"),
    (lambda: cohort.series_kl_penalty("k3_ratio_corrected"), ValueError, "^series_kl_penalty: estimator is 'k3_ratio_corrected', expected 'k1'"),
    (lambda: cohort.clipped_ratio()(5, 6), TypeError, r"^Objective: the arguments are \(Objective, int, int\), expected __call__\("),
    (lambda: cohort.kl_mask().weights(None, 3), TypeError, r"^Selection.weights: the arguments are \(Selection, NoneType, int\), expected weights\("),
    (lambda: cohort.step_mean().weights(), TypeError, r"^Aggregation.weights: the arguments are \(Aggregation\), expected weights\("),
    (lambda: cohort.dpo()(1), TypeError, r"^PairObjective: the arguments are \(PairObjective, int\), expected __call__\("),
    (lambda: cohort.as_in("trl_1_16")(logp=1, kl="a"), ValueError, "^trl_1_16: kl is no array of a batch, expected one of logp, old_logp"),
    (lambda: cohort.clipped_ratio().explained(1), TypeError, r"^Objective.explained: the arguments are .*, expected explained\(self\)"),
]

test_mistakes_are_one_sentence = one_sentence_each(MISTAKES)
