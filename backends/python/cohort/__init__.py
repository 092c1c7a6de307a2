"""Advantages, KL estimators and objectives of policy optimization on numpy arrays, by the formulas of Cohort in C++.

    advantage = cohort.group_relative(score, group=8)
    grpo = cohort.clipped_ratio(epsilon=0.2) + cohort.kl_penalty("k3", weight=0.04)
    loss, gradient = grpo(logp=logp, old_logp=old_logp, ref_logp=ref_logp, advantage=advantage, valid=mask,
                          aggregation="series_mean")
    as_trl = cohort.as_in("trl_1_16")(logp=logp, old_logp=old_logp, score=score, group=8, valid=mask)
    as_trl.advantage, as_trl.loss, as_trl.gradient["logp"]

Arrays are [series, step], float32 or float64, and are read where they are; masks are bool. help(cohort.NAME) has
formulas and sources. With Gymnasium installed, gymnasium.make("cohort/CartPole-v1") makes an environment: see
cohort.gymnasium.
"""

import functools as _functools

from . import _cohort
from ._cohort import Aggregation, Convention, Objective, PairObjective, Selection, __version__  # noqa: F401


def _in_one_sentence(function, name):
    """Arguments that fit no signature: what was given and what was expected, in a line."""

    @_functools.wraps(function)
    def call(*arguments, **keywords):
        try:
            return function(*arguments, **keywords)
        except TypeError as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            if "incompatible function arguments" not in lines[0]:
                raise
            given = lines[-1].removeprefix("Invoked with types:").replace("cohort._cohort.", "").strip()
            expected = lines[1].removeprefix("1. ").replace("cohort._cohort.", "")
            message = f"{name}: the arguments are ({given}), expected {expected}"
        raise TypeError(message)

    return call


for _name, _thing in vars(_cohort).items():
    if _name.startswith("_"):
        continue
    if not isinstance(_thing, type):
        globals()[_name] = _in_one_sentence(_thing, _name)
        continue
    for _method in ("__call__", "weights", "explained"):
        if _method in vars(_thing):
            _said = _name if _method == "__call__" else f"{_name}.{_method}"
            setattr(_thing, _method, _in_one_sentence(vars(_thing)[_method], _said))

try:
    from . import gymnasium  # noqa: F401  which registers the environments
except ImportError:
    pass  # without Gymnasium: cohort.gymnasium says so
