"""What compares the members of a group: any labels, members anywhere, members that are wholly masked."""

import numpy as np
import pytest

import cohort
from arrays import one_sentence_each

rng = np.random.default_rng(13)
LABELS = np.array([7, -3, 7, 12, -3, 7, 12, -3, 40])
SCORE = rng.normal(size=len(LABELS))
LENGTH = rng.integers(1, 9, len(LABELS))


def by_group(f, valid=np.ones(len(LABELS), bool), **arrays):
    """f of the numbers of each group's members that are there, put where they belong."""
    found = np.zeros(len(LABELS))
    for g in np.unique(LABELS):
        at = np.flatnonzero((LABELS == g) & valid)
        found[at] = f(SCORE[at], **{k: x[at] for k, x in arrays.items()})
    return found


def relative(x):
    return (x - x.mean()) / (x.std(ddof=1) + 1e-6) if len(x) > 1 else 0 * x


def leave_one_out(x):
    return (x - x.mean()) * len(x) / (len(x) - 1) if len(x) > 1 else 0 * x


def best(x):
    ahead = np.array([max(0, a - np.delete(x, i).max()) for i, a in enumerate(x)]) if len(x) > 1 else 0 * x
    return ahead / (x.std(ddof=1) + 1e-6) if len(x) > 1 else ahead


def opo(x, length, single=0.0):
    return x - (x * length).sum() / length.sum() if len(x) > 1 else single * x


def centered(x, single=0.0):
    return x - x.mean() if len(x) > 1 else single * x


def pass_at_2(x):
    right = x > 0.1
    others = len(x) - 1
    return 2 * np.where(right, 1, right.sum() / others if others else 0)


def max_rl(x):
    return (x - x.mean()) / x.mean() if len(x) > 1 and x.mean() > 0 else 0 * x


CASES = [
    ("group_relative", {}, relative),
    ("group_relative", dict(baseline="leave_one_out", scale="none"), leave_one_out),
    ("best_of_group", {}, best),
    ("max_rl", {}, max_rl),
    ("pass_at_k", dict(k=2, threshold=0.1), pass_at_2),
    ("gpg", {}, centered),
    ("gpg", dict(divisor=4, single="raw"), lambda x: centered(x, 1) / 4),
    ("opo", dict(length=LENGTH), opo),
    ("opo", dict(length=LENGTH, single="raw"), lambda x, length: opo(x, length, 1)),
]


@pytest.mark.parametrize("name,options,formula", CASES)
@pytest.mark.parametrize("labels", [LABELS, LABELS.astype(np.int8), LABELS.tolist(), LABELS * 10**15, (LABELS + 3).astype(np.uint64)])
def test_groups_by_any_labels_with_members_anywhere(name, options, formula, labels):
    more = {"length": LENGTH} if "length" in options else {}
    found = getattr(cohort, name)(SCORE, labels, **options)
    np.testing.assert_allclose(found, by_group(formula, **more), rtol=1e-12, atol=1e-13)


def test_where_members_stand_is_no_matter():
    order = np.argsort(LABELS, kind="stable")
    for name in ("group_relative", "max_rl", "best_of_group", "pass_at_k"):
        f = getattr(cohort, name)
        assert np.array_equal(f(SCORE, LABELS)[order], f(SCORE[order], LABELS[order]))


@pytest.mark.parametrize("name,options,formula", CASES)
@pytest.mark.parametrize("kind", [bool, np.int64, np.uint8, list])
def test_a_member_that_is_wholly_masked_leaves_its_group_or_counts_with_its_score(name, options, formula, kind):
    valid = np.ones(len(LABELS), bool)
    valid[[0, 4]] = False
    given = valid.astype(int).tolist() if kind is list else valid.astype(kind)
    more = {"length": LENGTH} if "length" in options else {}
    found = getattr(cohort, name)(SCORE, LABELS, valid=given, **options)
    np.testing.assert_allclose(found, by_group(formula, valid, **more), rtol=1e-12, atol=1e-13)
    counted = getattr(cohort, name)(SCORE, LABELS, valid=given, masked="count", **options)
    np.testing.assert_allclose(counted, np.where(valid, by_group(formula, **more), 0), rtol=1e-12, atol=1e-13)


def test_rewards_1_1_0_0_of_which_the_second_is_masked():
    by_step = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 0], [1, 1, 1]])
    for valid in ([True, False, True, True], by_step, by_step.astype(bool)):
        given = dict(score=[1, 1, 0, 0], group=4, valid=valid)
        close = lambda found, *expected: np.testing.assert_allclose(found, expected, atol=1e-4)
        close(cohort.group_relative(**given, scale="none"), 2 / 3, 0, -1 / 3, -1 / 3)
        close(cohort.group_relative(**given), 1.1547, 0, -0.5774, -0.5774)
        close(cohort.group_relative(**given, baseline="leave_one_out", scale="none"), 1, 0, -0.5, -0.5)
        close(cohort.group_relative(**given, scale="none", masked="count"), 0.5, 0, -0.5, -0.5)


def test_lengths_are_the_valid_steps_where_a_mask_has_them():
    steps = (rng.random((len(LABELS), 12)) < 0.6).astype(np.int32)
    np.testing.assert_allclose(cohort.opo(SCORE, LABELS, valid=steps), by_group(opo, length=steps.sum(1)), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("by_step", [False, True])
def test_group_mean(dtype, by_step):
    valid = rng.random((len(LABELS), 6)) < 0.6
    valid[LABELS == 12] = False
    arrange = np.asfortranarray if by_step else np.ascontiguousarray
    steps_of_group = np.array([valid[LABELS == g].sum() for g in LABELS])[:, None]
    present = sum(valid[LABELS == g].any() for g in np.unique(LABELS))
    for empty, groups in ((False, present), (True, len(np.unique(LABELS)))):
        expected = np.where(valid, 1 / (groups * np.maximum(steps_of_group, 1)), 0)
        how = cohort.group_mean(count_empty=empty)
        weights = how.weights(arrange(valid), dtype=dtype, group=LABELS)
        np.testing.assert_allclose(weights, expected, rtol=1e-12 if dtype == "float64" else 1e-6)
    logp = rng.normal(size=valid.shape)
    loss, gradient = cohort.log_likelihood()(arrange(valid), logp=arrange(logp), aggregation="group_mean", group=LABELS)
    expected = np.where(valid, 1 / (present * np.maximum(steps_of_group, 1)), 0)
    assert loss == pytest.approx(-(expected * logp).sum(), rel=1e-12)
    np.testing.assert_allclose(gradient["logp"], -expected, rtol=1e-12)


def test_a_convention_takes_groups_whose_members_stand_anywhere():
    logp = rng.normal(size=(len(LABELS), 4)) * 0.3 - 1
    batch = dict(logp=logp, old_logp=logp + rng.normal(size=logp.shape) * 0.1, ref_logp=logp - 0.1, score=SCORE, group=LABELS)
    order = np.argsort(LABELS, kind="stable")
    sorted_batch = {k: np.ascontiguousarray(x[order]) for k, x in batch.items()}
    found, expected = cohort.as_in("trl_1_16")(**batch), cohort.as_in("trl_1_16")(**sorted_batch)
    assert found.loss == pytest.approx(expected.loss, rel=1e-12)
    np.testing.assert_allclose(found.advantage[order], expected.advantage, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found.gradient["logp"][order], expected.gradient["logp"], rtol=1e-12, atol=1e-15)
    for rule, same in zip(cohort.diff_conventions("trl_1_16", "verl_0_9", **batch), cohort.diff_conventions("trl_1_16", "verl_0_9", **sorted_batch)):
        assert rule["steps_that_differ"] == same["steps_that_differ"]
        if rule["most"]:
            (series, step), a, b = rule["most"]
            (series_of_sorted, step_of_sorted), _, _ = same["most"]
            assert (series, step) == (order[series_of_sorted], step_of_sorted)


MISTAKES = [
    (lambda: cohort.group_relative(np.ones(2), np.array(["a", "b"])), ValueError, "^group_relative: group has elements of type str, expected integers$"),
    (lambda: cohort.group_relative(np.ones(2), ["a", "b"]), ValueError, "^group_relative: group has elements of type str, expected integers$"),
    (lambda: cohort.group_relative(np.ones(2), np.array([object(), None])), ValueError, "^group_relative: group has elements of type object, expected integers$"),
    (lambda: cohort.group_relative(np.ones(2), np.ones(2)), ValueError, "^group_relative: group has elements of type float64, expected integers$"),
    (lambda: cohort.group_relative(np.ones(2), "ab"), TypeError, "^group_relative: group is of type str, expected an array"),
    (lambda: cohort.group_relative(np.ones(3), [1, 2]), ValueError, r"^group_relative: group has the shape \(2,\), expected an integer for each of the 3 series$"),
    (lambda: cohort.group_relative(np.ones(2), 2, valid=[1, 2]), ValueError, "^group_relative: valid has the element 2, expected 0 or 1, or bools$"),
    (lambda: cohort.group_relative(np.ones(2), 2, valid=[1, 1, 0]), ValueError, r"^group_relative: valid has the shape \(3,\), expected a flag for each of the 2 series"),
    (lambda: cohort.group_relative(np.ones(2), 2, valid=[1, 1], masked="zero"), ValueError, "^group_relative: masked is 'zero', expected one of 'leave', 'count'$"),
    (lambda: cohort.opo(np.ones(2), 2), ValueError, "^opo: length is None, expected the number of each series' steps"),
    (lambda: cohort.opo(np.ones(2), 2, valid=[1, 1]), ValueError, "^opo: length is None, expected the number of each series' steps, or valid with a flag for each step$"),
    (lambda: cohort.opo(np.ones(2), 2, [1, 0]), ValueError, r"^opo: length\[1\] is 0, expected a number of steps from 1"),
    (lambda: cohort.gpg(np.ones(2), 2, divisor=0), ValueError, "^gpg: divisor is 0, expected a positive number$"),
    (lambda: cohort.group_mean().weights(np.ones((2, 2), bool)), ValueError, "^weights: group is None, expected the size of all groups.*which group_mean reads$"),
]

test_mistakes_are_one_sentence = one_sentence_each(MISTAKES)
