"""Conventions of libraries on numpy arrays: the numbers that TRL, verl, OpenRLHF, Liger and prime-rl computed themselves (tests/golden/as_in.py, prime_rl.py)."""

import pathlib

import numpy as np
import pytest

import cohort
from arrays import one_sentence_each

GOLDEN = pathlib.Path(__file__).parents[1] / "golden/preset"
rows = {}
for name in ("as_in_prime_rl.txt", "as_in.txt"):
    rows.update({words[0]: np.array(words[1:], float) for words in map(str.split, (GOLDEN / name).read_text().splitlines()) if words[0] != "#"})
offsets = rows["offsets"].astype(int)


def padded(name, series):
    """Series of their own lengths as rows, with numbers behind their ends that nobody may read."""
    length = np.diff(offsets)[:series]
    x = np.full((series, length.max()), 0.0 if name == "valid" else 77.0)
    for n in range(series):
        x[n, : length[n]] = rows[name][offsets[n] : offsets[n + 1]]
    return x


def recorded(series=12, columns=False):
    given = {name: padded(name, series) for name in ("logp", "old_logp", "ref_logp")}
    given["valid"] = padded("valid", series) > 0
    if columns:
        given = {name: np.asfortranarray(x) for name, x in given.items()}
    return dict(given, score=rows["score"][:series].copy(), group=np.repeat(np.arange(4), 4)[:series])


def packed(x, series=12):
    return np.concatenate([x[n, : offsets[n + 1] - offsets[n]] for n in range(series)])


LIBRARIES = [("trl_1_16", "trl", {}), ("trl_1_16", "trl_kl", {"kl_weight": 0.04}), ("verl_0_9", "verl", {}), ("verl_0_9", "verl_kl", {"kl_weight": 0.001}),
             ("openrlhf_0_11", "openrlhf", {}), ("liger_0_8", "liger", {}), ("prime_rl", "prime_rl", {})]


@pytest.mark.parametrize("name,recorded_as,more", LIBRARIES)
@pytest.mark.parametrize("columns", [False, True])
def test_the_numbers_are_the_librarys_own(name, recorded_as, more, columns):
    series = 13 if name == "prime_rl" else 12
    given = recorded(series, columns)
    before = {k: x.copy() for k, x in given.items()}
    found = cohort.as_in(name)(**given, **more)
    of_step = rows["valid"][: offsets[series]] > 0
    expected = lambda what: rows[f"{recorded_as}/{what}"]
    np.testing.assert_allclose(packed(found.advantage, series)[of_step], expected("advantage")[of_step], rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(packed(found.gradient["logp"], series)[of_step], expected("slope")[of_step], rtol=1e-10, atol=1e-14)
    assert found.loss == pytest.approx(expected("loss")[0], rel=1e-10)
    assert found.gradient_norm == pytest.approx(expected("norm")[0], rel=1e-10)
    if f"{recorded_as}/kl" in rows:
        np.testing.assert_allclose(packed(found.kl, series)[of_step], expected("kl")[of_step], rtol=1e-10, atol=1e-14)
    for x in (found.advantage, found.gradient["logp"], found.ratio, found.weight):
        assert x.shape == given["logp"].shape and x.flags.f_contiguous == columns
        assert (x[~given["valid"]] == 0).all()
    for k, x in given.items():
        assert np.array_equal(x, before[k])


def test_a_group_of_one_is_its_score_in_verl_and_0_in_trl():
    given = recorded(13)
    for name, expected in (("verl_0_9", rows["score"][12]), ("trl_1_16", 0)):
        assert (cohort.as_in(name)(**given).advantage[12][given["valid"][12]] == expected).all()


def test_float32_is_computed_in_double():
    given = {k: x.astype(np.float32) if x.dtype == float else x for k, x in recorded().items()}
    found = cohort.as_in("trl_1_16")(**given)
    assert found.advantage.dtype == np.float32
    assert found.loss == pytest.approx(rows["trl/loss"][0], rel=1e-5)


def test_with_a_critic():
    shape = (3, 4)
    rng = np.random.default_rng(2)
    reward, value, logp = (rng.normal(size=shape) for _ in range(3))
    truncated, after = np.array([False, True, False]), np.array([9.0, 0.5, 9.0])
    given = dict(logp=logp, old_logp=logp + 0.1, reward=reward, value=value, truncated=truncated, value_after=after)
    next_value = np.hstack([value[:, 1:], np.where(truncated, after, 0)[:, None]])
    ends = np.zeros(shape, bool)
    ends[:, -1] = True
    expected, _ = cohort.gae(reward, value, next_value, ends & ~truncated[:, None], ends & truncated[:, None])
    np.testing.assert_allclose(cohort.as_in("torchrl_0_14")(**given).advantage, expected, rtol=1e-12)
    standard = (expected - expected.mean()) / (expected.std(ddof=1) + 1e-8)
    np.testing.assert_allclose(cohort.as_in("stable_baselines3_2_9")(**given).advantage, standard, rtol=1e-12)
    without = cohort.as_in("torchrl_0_14")(**{**given, "truncated": None}).advantage
    assert not np.allclose(without[1], expected[1]) and np.allclose(without[[0, 2]], expected[[0, 2]])


def test_where_two_part():
    given = recorded()
    trl, verl = cohort.as_in("trl_1_16"), cohort.as_in("verl_0_9")
    by_rule = {d["rule"]: d for d in cohort.diff_conventions("trl_1_16", "verl_0_9", **given)}
    assert list(by_rule) == ["advantage", "ratio", "KL", "mean", "gradient"]
    d, a, b = by_rule["advantage"], trl(**given).advantage, verl(**given).advantage
    assert d["in_a"] == trl.rules["advantage"] and d["steps_that_differ"] == (np.abs(a - b) > 1e-11).sum()
    place, x, y = d["most"]
    assert (x, y) == (a[place], b[place]) and abs(x - y) == np.abs(a - b).max()
    assert d["first"][0] == tuple(np.argwhere(np.abs(a - b) > 1e-11)[0])
    assert by_rule["mean"]["steps_that_differ"] == 0 and by_rule["mean"]["first"] is None
    assert {d["rule"]: d["steps_that_differ"] for d in cohort.diff_conventions("trl_1_16", "cleanrl", value=given["logp"], **given)}["KL"] is None


def test_names_and_words():
    for name in cohort.convention_names():
        c = cohort.as_in(name)
        assert c.name == name and repr(c) == f"{name}: {c.library}" and c.objective
        assert set(c.rules) == {"advantage", "normalization", "ratio", "kl", "mean", "compared_with"}


trl, given = cohort.as_in("trl_1_16"), recorded()
MISTAKES = [
    (lambda: cohort.as_in("trl_1_15"), ValueError, "as_in: there is no convention named 'trl_1_15'; the nearest are trl_1_16"),
    (lambda: cohort.diff_conventions("trl_1_16", "verl", **given), ValueError, "there is no convention named 'verl'; the nearest are verl_0_9"),
    (lambda: trl(**{**given, "score": None}), ValueError, "trl_1_16: score is None, expected a number for each series, or reward"),
    (lambda: trl(reward=given["logp"], **given), ValueError, "trl_1_16: score and reward are given, expected one of them"),
    (lambda: trl(**{**given, "group": None}), ValueError, "trl_1_16: group is None, expected the size of all groups"),
    (lambda: trl(**{**given, "group": 5}), ValueError, "trl_1_16: group is 5, expected a size that divides the 12 series"),
    (lambda: trl(**{**given, "score": given["score"][:3]}), ValueError, "trl_1_16: score has 3 elements, expected one for each of the 12 series"),
    (lambda: trl(**{**given, "score": given["score"].astype(np.float32)}), ValueError, "trl_1_16: score has elements of type float32, expected float64"),
    (lambda: trl(**{**given, "old_logp": None}), ValueError, "trl_1_16: old_logp is None, expected an array like logp"),
    (lambda: trl(truncated=np.zeros(3, bool), **given), ValueError, r"trl_1_16: truncated has the shape \(3,\), expected a flag for each of the 12 series"),
    (lambda: cohort.as_in("openrlhf_0_11")(**{**given, "ref_logp": None}), ValueError, "openrlhf_0_11: .*ref_logp"),
    (lambda: cohort.as_in("cleanrl")(**given), ValueError, "cleanrl: .*value"),
    (lambda: cohort.as_in("cleanrl")(value=given["logp"], kl_weight=1, **given), ValueError, "cleanrl: a weight of the KL was given, and this convention has none"),
]

test_mistakes_are_one_sentence = one_sentence_each(MISTAKES)
