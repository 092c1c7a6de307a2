"""The Python module: against formulas written out in numpy, five-point differences, and mistakes that its users make.

ctest --preset dev -R python    builds and tests it in a virtual environment
"""

import numpy as np
import pytest

import cohort
from arrays import N, T, batch, masks, one_sentence_each, rng, steps


def gae_by_loops(reward, value, next_value, terminated, truncated, valid, gamma, lam):
    advantage = np.zeros((N, T))
    for n in range(N):
        after = 0.0
        for t in reversed(range(T)):
            if valid[n, t]:
                delta = reward[n, t] + (0 if terminated[n, t] else gamma * next_value[n, t]) - value[n, t]
                after = delta + (0 if terminated[n, t] or truncated[n, t] else gamma * lam * after)
            advantage[n, t] = after
    return advantage


@pytest.mark.parametrize("dtype,tolerance", [(np.float64, 1e-13), (np.float32, 2e-6)])
@pytest.mark.parametrize("by_step", [False, True])
def test_gae_is_its_recurrence_in_either_order_of_memory(dtype, tolerance, by_step):
    reward, value, next_value = (steps(dtype) for _ in range(3))
    terminated, truncated, valid = masks()
    expected = gae_by_loops(reward, value, next_value, terminated, truncated, valid, 0.9, 0.8)
    given = [reward, value, next_value, terminated, truncated, valid]
    if by_step:
        given = [np.asfortranarray(x) for x in given]
    before = [x.copy() for x in given]
    advantage, target = cohort.gae(*given, gamma=0.9, lam=0.8)
    assert advantage.dtype == dtype and advantage.shape == (N, T)
    assert advantage.flags.f_contiguous == by_step
    np.testing.assert_allclose(advantage[valid], expected[valid], rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(target[valid], (expected + value)[valid], rtol=tolerance, atol=tolerance)
    for x, y in zip(given, before):
        assert np.array_equal(x, y)


def test_one_series_is_an_array_of_one_dimension():
    reward, value, next_value = rng.normal(size=(3, T))
    a, _ = cohort.gae(reward, value, next_value)
    b, _ = cohort.gae(reward[None], value[None], next_value[None])
    assert a.shape == (T,) and np.array_equal(a, b[0])


def test_returns_without_a_critic():
    reward = steps()
    advantage, target = cohort.monte_carlo(reward, gamma=0.5)
    expected = np.array([sum(0.5**k * r for k, r in enumerate(reward[n, t:])) for n in range(N) for t in range(T)]).reshape(N, T)
    np.testing.assert_allclose(advantage, expected, rtol=1e-13, atol=1e-13)
    assert target is None


def test_advantages_within_groups():
    score = np.array([1.0, 0.0, 0.25, 0.75, 0.3, 0.3, 2.0])
    group = np.array([4, 4, 4, 4, 9, 9, 1])
    first = score[:4]
    a = cohort.group_relative(score, group, epsilon=1e-4)
    np.testing.assert_allclose(a[:4], (first - first.mean()) / (first.std(ddof=1) + 1e-4), rtol=1e-13)
    assert np.array_equal(a[4:], [0, 0, 0])
    rloo = cohort.group_relative(score[:4], 4, baseline="leave_one_out", scale="none")
    np.testing.assert_allclose(rloo, [x - np.delete(first, i).mean() for i, x in enumerate(first)], rtol=1e-13)
    assert cohort.group_relative(score, group, single="raw", scale="none")[-1] == 2
    length = np.array([3, 5, 2, 4])
    np.testing.assert_allclose(cohort.opo(first, 4, length), first - (first * length).sum() / length.sum(), rtol=1e-13)
    np.testing.assert_allclose(cohort.max_rl(first, 4), (first - first.mean()) / first.mean(), rtol=1e-13)


def test_standardize_over_the_valid_elements():
    x, (_, _, valid) = steps(), masks()
    y = cohort.standardize(x, valid)
    np.testing.assert_allclose(y[valid], (x[valid] - x[valid].mean()) / (x[valid].std(ddof=1) + 1e-8), rtol=1e-12)
    assert (y[~valid] == 0).all()


def test_grpo_is_its_formula():
    given, (_, _, valid) = batch(), masks()
    valid[:, 0] = True
    grpo = cohort.clipped_ratio(epsilon=0.2, epsilon_high=0.28) + cohort.kl_penalty("k3", weight=0.04)
    per_series = rng.normal(size=N)
    given["advantage"] = per_series
    loss, gradient = grpo(valid=valid, aggregation="series_mean", **given)
    A = per_series[:, None] * np.ones((N, T))
    ratio = np.exp(given["logp"] - given["old_logp"])
    x = given["logp"] - given["ref_logp"]
    term = -np.minimum(ratio * A, np.clip(ratio, 0.8, 1.28) * A) + 0.04 * (np.exp(-x) - 1 + x)
    weight = valid / valid.sum(1, keepdims=True) / N
    assert loss == pytest.approx((weight * term).sum(), rel=1e-12)
    clipped = ((A >= 0) & (ratio > 1.28)) | ((A < 0) & (ratio < 0.8))
    slope = np.where(clipped, 0, -ratio * A) + 0.04 * (1 - np.exp(-x))
    np.testing.assert_allclose(gradient["logp"], weight * slope, rtol=1e-12, atol=1e-15)
    losses, _ = grpo(valid=valid, aggregation="series_mean", per_step=True, **given)
    np.testing.assert_allclose(losses, weight * term, rtol=1e-12, atol=1e-15)


OBJECTIVES = """policy_gradient importance_ratio log_likelihood clipped_ratio dual_clip two_sided_clip sapo dro log_ratio_distance kl_penalty
value_loss clipped_value_loss entropy_bonus gspo gmpo tic_grpo""".split()


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("aggregation", ["step_mean", "series_mean"])
def test_gradients_are_five_point_differences(name, aggregation):
    o = getattr(cohort, name)()
    given, (_, _, valid) = batch(), masks()
    valid[:, 0] = True
    _, gradient = o(valid=valid, aggregation=aggregation, **given)
    assert gradient
    h = 1e-4
    for variable, slope in gradient.items():
        for n, t in [(0, 0), (1, 3), (4, 6), (2, 2)]:

            def loss(d):
                moved = dict(given)
                moved[variable] = given[variable].copy()
                moved[variable][n, t] += d
                return o(valid=valid, aggregation=aggregation, **moved)[0]

            by_differences = (loss(-2 * h) - 8 * loss(-h) + 8 * loss(h) - loss(2 * h)) / (12 * h)
            assert slope[n, t] == pytest.approx(by_differences, rel=1e-7, abs=1e-10)


def test_expressions():
    given = batch()
    a, b = cohort.clipped_ratio(), cohort.kl_penalty("k2", weight=0.1)
    la, ga = a(**given)
    lb, gb = b(**given)
    loss, gradient = (a + 0.5 * b)(**given)
    assert loss == pytest.approx(la + 0.5 * lb, rel=1e-13)
    np.testing.assert_allclose(gradient["logp"], ga["logp"] + 0.5 * gb["logp"], rtol=1e-12, atol=1e-16)
    own, _ = cohort.aggregate("step_sum", b)(**given)
    assert own == pytest.approx(lb * N * T, rel=1e-12)
    both, slopes = (a + cohort.value_loss() + cohort.entropy_bonus(weight=0.01))(**given)
    assert set(slopes) == {"logp", "value", "entropy"}
    np.testing.assert_allclose(slopes["entropy"], -0.01 / (N * T), rtol=1e-12)
    assert repr(a + 0.5 * b) == "clipped_ratio{epsilon = 0.2, epsilon_high = 0.2} + 0.5 (kl_penalty{k2, weight = 0.1})"


def test_a_default_that_follows_another_follows_it():
    assert repr(cohort.clipped_ratio(epsilon=0.1)) == "clipped_ratio{epsilon = 0.1, epsilon_high = 0.1}"


def test_a_result_stays_what_it_is_while_somebody_has_it():
    """The memory of results that are gone is used again."""
    draws = np.random.default_rng(11)
    kept = []
    for k in range(200):
        x = draws.normal(size=(4, int(draws.integers(100, 9000))))
        y = cohort.standardize(x)
        assert all(not np.shares_memory(y, other) for other, _ in kept)
        kept.append((y, y.copy()))
        if len(kept) > 5:
            kept.pop(int(draws.integers(len(kept))))
        assert all(np.array_equal(a, b) for a, b in kept)


def test_invalid_steps_are_selected_away():
    given, (_, _, valid) = batch(), masks()
    spoiled = {k: np.where(valid, x, np.nan) for k, x in given.items()}
    for o in (cohort.clipped_ratio(), cohort.gspo(), cohort.value_loss()):
        a, b = o(valid=valid, **given), o(valid=valid, **spoiled)
        assert a[0] == b[0]
        for k in a[1]:
            assert np.array_equal(a[1][k], b[1][k]) and (b[1][k][~valid] == 0).all()


def test_weights():
    _, _, valid = masks()
    valid[2] = False
    w = cohort.series_mean().weights(valid, dtype="float64")
    present = valid.any(1).sum()
    np.testing.assert_allclose(w, valid / np.maximum(valid.sum(1, keepdims=True), 1) / present, rtol=1e-13)
    np.testing.assert_allclose(cohort.series_sum_mean(length=10, count_empty=True).weights(valid), valid / (N * 10), rtol=1e-6)


r, v = steps(), steps()
MISTAKES = [
    (lambda: cohort.gae(r, v.astype(np.float32), v), ValueError, "gae: value has elements of type float32, expected float64, that of reward"),
    (lambda: cohort.gae(r.astype(np.float16), v, v), ValueError, "gae: reward has elements of type float16, expected float64, that of value"),
    (lambda: cohort.gae(r * 1j, r * 1j, r * 1j), ValueError, "gae: reward has elements of type complex128, expected float64 or integers"),
    (lambda: cohort.gae(r[:, ::2], v, v), ValueError, r"gae: reward has the strides \(7, 2\) in elements, expected one block of memory"),
    (lambda: cohort.gae(r, np.asfortranarray(v), v), ValueError, r"gae: value has the strides \(1, 5\).*those of reward, whose rows are contiguous"),
    (lambda: cohort.gae({}, v, v), TypeError, "gae: reward is of type dict, expected an array"),
    (lambda: cohort.gae([[1, 2], [3]], v, v), ValueError, "gae: reward is a list of lists of different lengths"),
    (lambda: cohort.gae(["a"], v, v), ValueError, "gae: reward has elements of type str, expected float32, float64 or integers"),
    (lambda: cohort.gae(r, v[:3], v), ValueError, r"gae: value has the shape \(3, 7\), expected \(5, 7\), that of reward"),
    (lambda: cohort.gae(r, None, v), ValueError, "gae: value is None"),
    (lambda: cohort.gae(r, v, v, r > 0, gamma=2), ValueError, r"gae: gamma is 2, expected a number in \[0, 1\]"),
    (lambda: cohort.gae(r, v, v, r), ValueError, "gae: terminated has elements of type float64, expected bool, or integers 0 and 1"),
    (lambda: cohort.gae(r, v, v, invalid="keep"), ValueError, "gae: invalid is 'keep', expected one of 'skip', 'decay'"),
    (lambda: cohort.gae(r[:0], v, v), ValueError, r"gae: reward has the shape \(0, 7\)"),
    (lambda: cohort.clipped_ratio(epsilon=-1), ValueError, "clipped_ratio: epsilon is -1, expected a positive number"),
    (lambda: cohort.clipped_ratio(eps=0.1), ValueError, "clipped_ratio: eps is no parameter of it, expected one of epsilon, epsilon_high"),
    (lambda: cohort.clipped_ratio(epsilon="a"), ValueError, "clipped_ratio: epsilon is 'a', expected a number"),
    (lambda: cohort.clipped_ratio()(logp=r, old_logp=v), ValueError, "reads advantage, which was not given"),
    (lambda: cohort.clipped_ratio()(logp=r, old_logp=v, advantage=r, foo=r), ValueError, "foo is no array that objectives read"),
    (lambda: cohort.clipped_ratio()(logp=r, old_logp=v, advantage=np.ones(3)), ValueError, "or a number for each of the 5 series"),
    (lambda: cohort.clipped_ratio()(logp=r, old_logp=v, advantage=r, aggregation="mean"), ValueError, "aggregation is 'mean', expected 'step_mean'"),
    (lambda: cohort.kl_penalty("k4"), ValueError, "kl_penalty: estimator is 'k4', expected 'k1', 'k2'"),
    (lambda: cohort.group_relative(np.ones(4), 3), ValueError, "group is 3, expected a size that divides the 4 series"),
    (lambda: cohort.group_relative(np.ones(4), 2, scale="std"), ValueError, "scale is 'std', expected one of 'group_std', 'batch_std', 'none'"),
    (lambda: cohort.series_sum_mean(length=0), ValueError, "series_sum_mean: length is 0, expected a positive number"),
]

test_mistakes_are_one_sentence = one_sentence_each(MISTAKES)


def test_an_expression_explains_each_term_once():
    lines = (cohort.clipped_ratio() + 0.5 * cohort.value_loss()).explained().splitlines()
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["clipped_ratio", "value_loss"]
