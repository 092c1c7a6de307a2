"""Selections of the Python module: their weights against formulas written out in numpy, and what they do to a term."""

import numpy as np
import pytest

import cohort
from arrays import N, T, batch, masks, one_sentence_each, rng


def given_and_valid():
    given, (_, _, valid) = batch(), masks()
    valid[:, 0] = True
    return given, valid


def along(x, valid, how):
    """The sum or the mean over the valid steps of a series, at each of its steps."""
    own = valid.sum(1, keepdims=True)
    total = (x * valid).sum(1, keepdims=True)
    return np.broadcast_to(total if how == "sum" else total / own, x.shape)


@pytest.mark.parametrize("over", ["step", "series", "geometric_mean"])
def test_importance_weights(over):
    given, valid = given_and_valid()
    x = given["old_logp"] - given["sampler_logp"]
    rho = np.exp({"step": x, "series": along(x, valid, "sum"), "geometric_mean": along(x, valid, "mean")}[over])
    w = cohort.importance_weights(over=over, low=0.5, high=1.5).weights(valid, **given)
    np.testing.assert_allclose(w, np.clip(rho, 0.5, 1.5) * valid, rtol=1e-12)
    inside = (rho >= 0.7) & (rho <= 1.4)
    masked = cohort.importance_weights(over=over, beyond="mask", low=0.7, high=1.4).weights(valid, **given)
    np.testing.assert_allclose(masked, rho * inside * valid, rtol=1e-12)
    np.testing.assert_array_equal(cohort.ratio_bounds(over=over, low=0.7, high=1.4).weights(valid, **given), inside & valid)
    plain = cohort.importance_weights(over=over, high=np.inf, normalize=True).weights(valid, **given)
    mean = rho[valid].mean() if over == "step" else rho[:, 0].mean()
    np.testing.assert_allclose(plain, rho / mean * valid, rtol=1e-12)


def test_bounds_of_divergences():
    given, valid = given_and_valid()
    x = given["old_logp"] - given["sampler_logp"]
    k3, k2 = np.exp(x) - 1 - x, x**2 / 2
    for over, of_series in [("step", k3), ("series_sum", along(k3, valid, "sum")), ("series_mean", along(k3, valid, "mean")),
                            ("series_max", np.broadcast_to((k3 * valid).max(1, keepdims=True), x.shape))]:
        most = np.median(of_series) * 1.0001
        kept = cohort.divergence_bound(over=over, most=most).weights(valid, **given)
        np.testing.assert_array_equal(kept, (of_series <= most) & valid)
        assert 0 < kept.sum() < valid.sum()
    np.testing.assert_array_equal(cohort.divergence_bound("k2", most=0.05).weights(valid, **given), (k2 <= 0.05) & valid)
    y = given["logp"] - given["sampler_logp"]
    np.testing.assert_array_equal(cohort.kl_mask(threshold=0.03).weights(valid, **given), (y**2 / 2 <= 0.03) & valid)
    given["advantage"] = rng.normal(size=N)
    far = along(-y, valid, "mean")
    np.testing.assert_array_equal(
        cohort.off_policy_series(delta=0.05).weights(valid, **given), ~((given["advantage"][:, None] < 0) & (far > 0.05)) & valid
    )


def test_high_returns():
    given, valid = given_and_valid()
    above = (given["target"] > 0.1) & valid
    np.testing.assert_array_equal(cohort.high_return(threshold=0.1).weights(valid, target=given["target"]), above)
    share = cohort.high_return(threshold=0.1, normalize=True).weights(valid, target=given["target"])
    np.testing.assert_allclose(share, above * valid.sum() / above.sum(), rtol=1e-13)


def test_selections_by_rank():
    given, valid = given_and_valid()
    entropy = given["entropy"]
    least = np.quantile(entropy[valid], 0.8)
    np.testing.assert_array_equal(cohort.top_entropy().weights(valid, entropy=entropy), (entropy >= least) & valid)
    A, x = given["advantage"], given["logp"]
    c = (A - A[valid].mean()) * (x - x[valid].mean())
    count = int(0.3 * valid.sum())
    chosen = cohort.kl_cov(share=0.3).weights(valid, **given)
    np.testing.assert_array_equal(chosen, (c >= np.sort(c[valid])[-count]) & valid)
    ratio = np.exp(x - given["old_logp"])
    clipped = ((A > 0) & (ratio > 1.3)) | ((A < 0) & (ratio < 0.7))
    candidates = (c > -0.1) & (c < 0.5) & ~clipped & valid
    cut = cohort.clip_cov(share=0.2, low=-0.1, high=0.5, epsilon=0.3)
    weights = [cut.weights(valid, seed=seed, **given) for seed in range(4)]
    for w in weights:
        left_out = (w == 0) & valid
        assert left_out.sum() == int(0.2 * valid.sum()) and (left_out <= candidates).all()
    assert any(not np.array_equal(weights[0], w) for w in weights[1:])
    np.testing.assert_array_equal(weights[1], cut.weights(valid, seed=1, **given))


@pytest.mark.parametrize("aggregation", ["step_mean", "series_mean"])
def test_a_selection_multiplies_the_weights_of_its_term(aggregation):
    given, valid = given_and_valid()
    selection, term, other = cohort.importance_weights(low=0.9, high=1.2), cohort.clipped_ratio(), cohort.kl_penalty("k3", weight=0.3)
    w = selection.weights(valid, **given)
    losses, gradient = term(valid=valid, aggregation=aggregation, per_step=True, **given)
    of_other, slope = other(valid=valid, aggregation=aggregation, per_step=True, **given)
    found, slopes = (2.0 * cohort.weighted(selection, term) + other)(valid=valid, aggregation=aggregation, per_step=True, **given)
    np.testing.assert_allclose(found, 2 * w * losses + of_other, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(slopes["logp"], 2 * w * gradient["logp"] + slope["logp"], rtol=1e-12, atol=1e-15)
    inner = cohort.kl_mask(threshold=0.03)
    both, _ = cohort.aggregate("series_mean", cohort.weighted(inner, cohort.weighted(selection, term)))(valid=valid, per_step=True, **given)
    by_series, _ = term(valid=valid, aggregation="series_mean", per_step=True, **given)
    np.testing.assert_allclose(both, inner.weights(valid, **given) * w * by_series, rtol=1e-12, atol=1e-15)


def test_a_step_that_is_left_out_is_not_read():
    given, valid = given_and_valid()
    out = ~cohort.kl_mask(threshold=0.02).weights(valid, **given).astype(bool)
    assert (out & valid).any()
    spoiled = {**given, "advantage": np.where(out, np.nan, given["advantage"])}
    term = cohort.weighted(cohort.kl_mask(threshold=0.02), cohort.clipped_ratio())
    (loss, gradient), (same_loss, same) = term(valid=valid, **given), term(valid=valid, **spoiled)
    assert loss == same_loss and np.array_equal(gradient["logp"], same["logp"])


def test_only_a_term_has_derivatives_and_a_seed_only_draws():
    given, valid = given_and_valid()
    term = cohort.weighted(cohort.kl_mask(), cohort.value_loss())
    loss, gradient = term(valid=valid, **given)
    assert set(gradient) == {"value"}
    cut = cohort.weighted(cohort.clip_cov(share=0.3, low=-1, high=1), cohort.policy_gradient())
    assert len({cut(valid=valid, seed=seed, **given)[0] for seed in range(5)}) > 1
    assert cut(valid=valid, seed=3, **given)[0] == cut(valid=valid, seed=3, **given)[0]


def test_by_columns_it_is_the_same():
    given, valid = given_and_valid()
    given["advantage"] = rng.normal(size=N)
    by_columns = {k: np.asfortranarray(x) if x.ndim == 2 else x for k, x in given.items()}
    for selection in (cohort.importance_weights(over="series"), cohort.off_policy_series(delta=0), cohort.kl_cov(share=0.3)):
        a, b = selection.weights(valid, **given), selection.weights(np.asfortranarray(valid), **by_columns)
        assert b.flags.f_contiguous and not b.flags.c_contiguous
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_texts():
    assert repr(cohort.clip_cov(epsilon=0.1)) == "clip_cov{share = 0.0002, low = 1, high = 5, epsilon = 0.1, epsilon_high = 0.1}"
    assert repr(cohort.weighted(cohort.kl_mask(), cohort.dro())).startswith("weighted(kl_mask{threshold = 0.1}, dro{")
    assert "kl_mask: 0 where (logp - sampler_logp)^2 / 2 > threshold, else 1" in cohort.weighted(cohort.kl_mask(), cohort.dro()).explained()
    assert "Keywords and their defaults: share = 0.2" in cohort.top_entropy.__doc__


MISTAKES = [
    (lambda: cohort.importance_weights(over="token"), ValueError, "importance_weights: over is 'token', expected one of 'step', 'series', 'geometric_mean'"),
    (lambda: cohort.importance_weights(low=3), ValueError, r"importance_weights: low is 3, expected a number in \[0, high\]"),
    (lambda: cohort.importance_weights(lowest=3), ValueError, "importance_weights: lowest is no parameter of it, expected one of low, high"),
    (lambda: cohort.divergence_bound("k1"), ValueError, "divergence_bound: divergence is 'k1', expected one of 'k2', 'k3'"),
    (lambda: cohort.kl_mask(most=1), ValueError, "kl_mask: most is no parameter of it, expected one of threshold"),
    (lambda: cohort.top_entropy(share=2), ValueError, r"top_entropy: share is 2, expected a number in \[0, 1\]"),
    (lambda: cohort.weighted("kl_mask", cohort.gspo()), TypeError, "weighted: .*str.*, expected .*Selection"),
    (lambda: cohort.weighted(cohort.kl_mask(), cohort.aggregate("step_mean", cohort.gspo())), ValueError, r"weighted: the term has an aggregation of its own"),
    (lambda: cohort.aggregate("step_mean", cohort.aggregate("step_sum", cohort.gspo())), ValueError, "aggregate: the term has an aggregation already"),
    (lambda: cohort.kl_mask().weights(logp=np.ones((2, 2))), ValueError, r"kl_mask\{threshold = 0.1\} reads sampler_logp, which was not given"),
    (lambda: cohort.weighted(cohort.kl_mask(), cohort.log_likelihood())(logp=np.ones((2, 2))), ValueError, "reads sampler_logp, which was not given"),
    (lambda: cohort.clipped_ratio() + cohort.kl_mask(), TypeError, "unsupported operand"),
    (lambda: cohort.gae(1, 2, 3, gamma="a"), ValueError, "gae: gamma is 'a', expected a number"),
]

test_mistakes_are_one_sentence = one_sentence_each(MISTAKES)
