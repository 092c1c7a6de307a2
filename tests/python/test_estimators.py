"""Advantages of the Python module along series: loops in numpy, a gamma for each step, invalid steps, whitening."""

import numpy as np
import pytest

import cohort
from arrays import N, T, masks, one_sentence_each, rng, steps


def returns_by_loops(reward, ended, valid, gamma, after=None):
    """What is still to come; `after` is what a series goes on with where it is cut off."""
    gamma = np.broadcast_to(gamma, reward.shape)
    found = np.zeros(reward.shape)
    for n in range(reward.shape[0]):
        to_come, last = 0.0, True
        for t in reversed(range(reward.shape[1])):
            if not valid[n, t]:
                continue
            terminated, truncated = (x[n, t] for x in ended)
            cut = (truncated or last) and not terminated
            to_come = 0.0 if terminated or truncated else to_come
            to_come = reward[n, t] + gamma[n, t] * (after[n, t] if cut and after is not None else to_come)
            found[n, t], last = to_come, False
    return found


def test_monte_carlo_writes_0_at_invalid_steps():
    for reward in ([0, 0, 0, 0, 2], np.array([0, 0, 0, 0, 2.0]), np.array([0, 0, 0, 0, 2], np.int64)):
        advantage, target = cohort.monte_carlo(reward, valid=[1, 1, 0, 0, 1], gamma=0.5)
        assert advantage.tolist() == [0.5, 1, 0, 0, 2] and target is None


@pytest.mark.parametrize("by_step", [False, True])
def test_monte_carlo_with_and_without_a_value_and_what_follows_a_cut(by_step):
    reward, value, next_value = steps(), steps(), steps()
    terminated, truncated, valid = masks()
    given = {"reward": reward, "terminated": terminated, "truncated": truncated, "valid": valid}
    arrange = np.asfortranarray if by_step else np.ascontiguousarray
    run = lambda **more: cohort.monte_carlo(**{k: arrange(x) for k, x in {**given, **more}.items()}, gamma=0.9)
    ended = terminated, truncated
    plain, to_cuts = returns_by_loops(reward, ended, valid, 0.9), returns_by_loops(reward, ended, valid, 0.9, next_value)
    assert not np.allclose(plain, to_cuts)
    advantage, target = run()
    np.testing.assert_allclose(advantage, plain, rtol=1e-12, atol=1e-14)
    assert target is None
    advantage, target = run(next_value=next_value)
    np.testing.assert_allclose(advantage, to_cuts, rtol=1e-12, atol=1e-14)
    assert target is None
    advantage, target = run(value=value)
    np.testing.assert_allclose(advantage, np.where(valid, plain - value, 0), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(target, plain, rtol=1e-12, atol=1e-14)
    # With both it is gae with lambda = 1.
    advantage, target = run(value=value, next_value=next_value)
    same, _ = cohort.gae(**{k: arrange(x) for k, x in {**given, "value": value, "next_value": next_value}.items()}, gamma=0.9, lam=1)
    assert np.array_equal(advantage, same)


def test_what_is_written_for_an_invalid_step_is_0():
    reward, value, next_value = steps(), steps(), steps()
    _, _, valid = masks()
    spoiled = [np.where(valid, x, np.nan) for x in (reward, value, next_value)]
    zero = lambda x: (x[~valid] == 0).all() and not np.signbit(x[~valid]).any() and (x[valid] != 0).all()
    assert not valid.all()
    for name in ("gae", "length_adaptive_gae", "monte_carlo"):
        advantage, target = getattr(cohort, name)(*spoiled, valid=valid)
        assert zero(advantage) and zero(target)
    assert zero(cohort.gae(*spoiled, valid=valid, invalid="decay")[0])
    assert zero(cohort.remax(spoiled[0], np.arange(N) + 0.5, valid=valid)[0])
    assert zero(cohort.standardize(spoiled[0], valid)) and zero(cohort.whitened(spoiled[0], valid, over="series"))


@pytest.mark.parametrize("by_step", [False, True])
def test_a_gamma_for_each_step(by_step):
    reward, value, next_value = steps(), steps(), steps()
    terminated, truncated, valid = masks()
    gamma = rng.random((N, T))
    arrange = np.asfortranarray if by_step else np.ascontiguousarray
    a, v, nv, gone, cut, ok, gammas = map(arrange, (reward, value, next_value, terminated, truncated, valid, gamma))
    expected = np.zeros((N, T))
    for n in range(N):
        after = 0.0
        for t in reversed(range(T)):
            if valid[n, t]:
                delta = reward[n, t] + (0 if terminated[n, t] else gamma[n, t] * next_value[n, t]) - value[n, t]
                after = delta + (0 if terminated[n, t] or truncated[n, t] else gamma[n, t] * 0.8 * after)
                expected[n, t] = after
    advantage, target = cohort.gae(a, v, nv, gone, cut, ok, gamma=gammas, lam=0.8)
    np.testing.assert_allclose(advantage, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(target, np.where(valid, expected + value, 0), rtol=1e-12, atol=1e-14)
    plain = returns_by_loops(reward, (terminated, truncated), valid, gamma)
    given = dict(terminated=gone, truncated=cut, valid=ok, gamma=gammas)
    np.testing.assert_allclose(cohort.monte_carlo(a, **given)[0], plain, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(cohort.monte_carlo(a, v, **given)[0], np.where(valid, plain - value, 0), rtol=1e-12, atol=1e-14)
    to_cuts = returns_by_loops(reward, (terminated, truncated), valid, gamma, next_value)
    np.testing.assert_allclose(cohort.monte_carlo(a, next_value=nv, **given)[0], to_cuts, rtol=1e-12, atol=1e-14)
    greedy = rng.normal(size=N)
    np.testing.assert_allclose(cohort.remax(a, greedy, **given)[0], np.where(valid, plain - greedy[:, None], 0), rtol=1e-12, atol=1e-14)
    same = arrange(np.full((N, T), 0.75))
    assert np.array_equal(cohort.gae(a, v, nv, gone, cut, ok, gamma=same)[0], cohort.gae(a, v, nv, gone, cut, ok, gamma=0.75)[0])


def test_remax():
    reward, greedy = steps(), rng.normal(size=N)
    _, _, valid = masks()
    to_come = returns_by_loops(reward, (np.zeros((N, T)),) * 2, valid, 1)
    advantage, target = cohort.remax(reward, greedy, valid=valid)
    np.testing.assert_allclose(advantage, np.where(valid, to_come - greedy[:, None], 0), rtol=1e-12, atol=1e-14)
    assert target is None


def test_whitened():
    x, (_, _, valid) = steps(), masks()
    valid[2] = False
    y = cohort.whitened(x, valid, epsilon=1e-4, ddof=0)
    np.testing.assert_allclose(y[valid], (x[valid] - x[valid].mean()) / (x[valid].std() + 1e-4), rtol=1e-12)
    assert (y[~valid] == 0).all()
    # Over series each that has a valid step counts as one, shared among these.
    own = valid.sum(1, keepdims=True)
    share, count = np.where(valid, 1 / np.maximum(own, 1), 0), (own > 0).sum()
    mean = (share * x).sum() / count
    deviation = np.sqrt((share * (x - mean) ** 2).sum() / (count - 1))
    y = cohort.whitened(x, valid, over="series")
    np.testing.assert_allclose(y, np.where(valid, (x - mean) / (deviation + 1e-8), 0), rtol=1e-12)
    moved = cohort.whitened(x, valid, divide=False)
    np.testing.assert_allclose(moved, np.where(valid, x - x[valid].mean(), 0), rtol=1e-12, atol=1e-15)


def test_v_trace_and_n_step():
    reward, value, next_value, old = steps(), steps(), steps(), steps(scale=0.3) - 1
    sampler = old + steps(scale=0.5)
    terminated, truncated, _ = masks()
    ratio = np.minimum(1, np.exp(old - sampler))
    expected, targets, looked = np.zeros((N, T)), np.zeros((N, T)), np.zeros((N, T))
    for n in range(N):
        after = 0.0
        for t in reversed(range(T)):
            goes_on = 0 if terminated[n, t] or truncated[n, t] else after
            delta = reward[n, t] + (0 if terminated[n, t] else 0.9 * next_value[n, t]) - value[n, t]
            expected[n, t] = ratio[n, t] * (delta + 0.9 * goes_on)
            after = ratio[n, t] * delta + 0.9 * ratio[n, t] * goes_on
            targets[n, t] = value[n, t] + after
        for t in range(T):
            to_come, weight = 0.0, 1.0
            for s in range(t, min(t + 3, T)):
                to_come += weight * reward[n, s]
                weight *= 0.9
                if terminated[n, s]:
                    break
                if truncated[n, s] or s == t + 2 or s == T - 1:
                    to_come += weight * next_value[n, s]
                    break
            looked[n, t] = to_come - value[n, t]
    advantage, target = cohort.v_trace(reward, value, next_value, old, sampler, terminated, truncated, gamma=0.9)
    np.testing.assert_allclose(advantage, expected, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(target, targets, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(cohort.n_step(reward, value, next_value, terminated, truncated, n=3, gamma=0.9)[0], looked, rtol=1e-12, atol=1e-13)


r = steps()
MISTAKES = [
    (lambda: cohort.gae(r, r, r, lam=2), ValueError, r"^gae: lam is 2, expected a number in \[0, 1\]$"),
    (lambda: cohort.gae(r, r, r, lam="a"), ValueError, "^gae: lam is 'a', expected a number$"),
    (lambda: cohort.v_trace(r, r, r, r, r, lam=-1), ValueError, "^v_trace: lam is -1, expected a number"),
    (lambda: cohort.gae(r, r, r, **{"lambda": 0.9}), ValueError, "^gae: lambda is no parameter of it, expected one of gamma, lam, invalid$"),
    (lambda: cohort.gae(r, r, r, gamma=r + 9), ValueError, r"^gae: a gamma is \d.*, expected numbers in \[0, 1\]$"),
    (lambda: cohort.gae(r, r, r, gamma=np.ones(3)), ValueError, r"^gae: gamma has the shape \(3,\), expected \(5, 7\), that of reward$"),
    (lambda: cohort.n_step(r, r, r, gamma=np.ones((N, T))), ValueError, "^n_step: gamma is of type ndarray, expected a number$"),
    (lambda: cohort.n_step(r, r, r, n=2.5), ValueError, "^n_step: n is 2.5, expected a whole number$"),
    (lambda: cohort.monte_carlo(None), ValueError, "^monte_carlo: reward is None, expected an array$"),
    (lambda: cohort.remax(r, np.ones(3)), ValueError, "^remax: greedy_score has 3 elements, expected one for each of the 5 series$"),
    (lambda: cohort.whitened(r, over="tokens"), ValueError, "^whitened: over is 'tokens', expected one of 'steps', 'series'$"),
    (lambda: cohort.whitened(r, r > 0, over="series", weight=1), ValueError, "^whitened: weight is no parameter of it, expected one of ddof, epsilon, divide, over$"),
]

test_mistakes_are_one_sentence = one_sentence_each(MISTAKES)
