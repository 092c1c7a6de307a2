"""Objectives of pairs of the Python module: their formulas written out in numpy, and five-point differences."""

import pathlib

import numpy as np
import pytest

import cohort
from arrays import one_sentence_each

rng = np.random.default_rng(5)
P = 37
NAMES = ("chosen_logp", "rejected_logp", "chosen_ref_logp", "rejected_ref_logp")


def pairs():
    given = {name: rng.uniform(-30, -1, P) for name in NAMES}
    lengths = {name: rng.integers(1, 40, P).astype(float) for name in ("chosen_length", "rejected_length")}
    scores = {name: rng.normal(size=P) for name in ("chosen_score", "rejected_score")}
    return given, lengths, scores


def softplus(x):
    return np.logaddexp(0, x)


given, lengths, scores = pairs()
d = (given["chosen_logp"] - given["chosen_ref_logp"]) - (given["rejected_logp"] - given["rejected_ref_logp"])
d_of_means = (given["chosen_logp"] - given["chosen_ref_logp"]) / lengths["chosen_length"] - (given["rejected_logp"] - given["rejected_ref_logp"]) / lengths["rejected_length"]
own = {name: given[name] for name in ("chosen_logp", "rejected_logp")}
means = [own[f"{side}_logp"] / lengths[f"{side}_length"] for side in ("chosen", "rejected")]
odds = [m - np.log1p(-np.exp(m)) for m in means]
margin = scores["chosen_score"] - scores["rejected_score"]
OBJECTIVES = [
    (cohort.dpo(beta=0.2), given, softplus(-0.2 * d)),
    (cohort.dpo(beta=0.1, label_smoothing=0.1), given, 0.9 * softplus(-0.1 * d) + 0.1 * softplus(0.1 * d)),
    (cohort.ipo(beta=0.5), {**given, **lengths}, (d_of_means - 1) ** 2),
    (cohort.preference_hinge(beta=0.1), given, np.maximum(0, 1 - 0.1 * d)),
    (cohort.simpo(beta=2.0, gamma=0.5), {**own, **lengths}, softplus(0.5 - 2 * (means[0] - means[1]))),
    (cohort.orpo(weight=0.2), {**own, **lengths}, 0.2 * softplus(odds[1] - odds[0]) - means[0]),
    (cohort.bradley_terry(), scores, softplus(-margin)),
    (cohort.bradley_terry(margin=0.5, center=0.01), scores, softplus(0.5 - margin) + 0.01 * (scores["chosen_score"] + scores["rejected_score"]) ** 2),
]


@pytest.mark.parametrize("k", range(len(OBJECTIVES)))
def test_losses_are_their_formulas_and_gradients_five_point_differences(k):
    objective, arrays, losses = OBJECTIVES[k]
    loss, gradient = objective(**arrays)
    assert loss == pytest.approx(losses.mean(), rel=1e-12)
    side = "score" if "chosen_score" in arrays else "logp"
    assert set(gradient) == {"chosen_" + side, "rejected_" + side}
    h = 1e-4
    for name, slope in gradient.items():
        for p in (0, 7, P - 1):

            def moved(by):
                x = arrays[name].copy()
                x[p] += by
                return objective(**{**arrays, name: x})[0]

            differences = (moved(-2 * h) - 8 * moved(-h) + 8 * moved(h) - moved(2 * h)) / (12 * h)
            assert slope[p] == pytest.approx(differences, rel=1e-7, abs=1e-10)


def test_they_are_those_of_trl():
    """As TRL computed them itself (tests/golden/trl_objectives.py), with beta 0.1."""
    golden = pathlib.Path(__file__).parents[1] / "golden/objective/trl_preference.txt"
    rows = {words[0]: np.array(words[1:], float) for words in map(str.split, golden.read_text().splitlines()) if words[0] != "#"}
    arrays = dict(zip(NAMES, (rows["chosen"], rows["rejected"], rows["chosen_ref"], rows["rejected_ref"])))
    both = {name: rows[name] for name in ("chosen_length", "rejected_length")}
    for objective, name, more in ((cohort.dpo(), "sigmoid", {}), (cohort.preference_hinge(), "hinge", {}), (cohort.ipo(), "ipo", both)):
        loss, gradient = objective(**arrays, **more)
        assert loss == pytest.approx(rows[name][0], rel=1e-10)
        np.testing.assert_allclose(gradient["chosen_logp"], rows[f"{name}/chosen"], rtol=1e-10)
        np.testing.assert_allclose(gradient["rejected_logp"], rows[f"{name}/rejected"], rtol=1e-10)


def test_in_float32():
    single = {k: x.astype(np.float32) for k, x in given.items()}
    loss, gradient = cohort.dpo()(**single)
    assert gradient["chosen_logp"].dtype == np.float32
    assert loss == pytest.approx(cohort.dpo()(**given)[0], rel=1e-5)


def test_texts():
    assert repr(cohort.dpo(beta=0.2)) == "dpo{beta = 0.2, label_smoothing = 0}"
    assert "arXiv:2305.18290" in cohort.dpo().explained() and "beta = 0.1" in cohort.dpo.__doc__


MISTAKES = [
    (lambda: cohort.dpo(beta=0), ValueError, "dpo: beta is 0, expected a positive number"),
    (lambda: cohort.dpo(bet=1), ValueError, "dpo: bet is no parameter of it, expected one of beta, label_smoothing"),
    (lambda: cohort.dpo()(**{**given, "rejected_logp": given["rejected_logp"][:5]}), ValueError, "dpo: rejected_logp has 5 elements, expected 37, as many as chosen_logp"),
    (lambda: cohort.dpo()(**{**given, "rejected_ref_logp": None}), ValueError, "dpo: rejected_ref_logp is None, expected an array"),
    (lambda: cohort.dpo()(**{**given, "chosen_ref_logp": given["chosen_logp"].astype("f4")}), ValueError, "dpo: chosen_ref_logp has elements of type float32, expected float64"),
    (lambda: cohort.ipo()(**given), ValueError, "ipo: chosen_length is None, expected an array"),
    (lambda: cohort.ipo()(**given, **{**lengths, "chosen_length": np.zeros(P)}), ValueError, "ipo: a length is 0, expected the number of a series' valid steps"),
    (lambda: cohort.bradley_terry()(**given), ValueError, "bradley_terry: chosen_logp is no array of it, expected one of chosen_score, rejected_score"),
]

test_mistakes_are_one_sentence = one_sentence_each(MISTAKES)
