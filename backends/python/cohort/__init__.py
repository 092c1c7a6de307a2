"""Advantages, KL estimators and objectives of policy optimization on numpy arrays, by the formulas of the C++ library Cohort.

    advantage = cohort.group_relative(score, group=8)
    grpo = cohort.clipped_ratio(epsilon=0.2) + cohort.kl_penalty("k3", weight=0.04)
    loss, gradient = grpo(logp=logp, old_logp=old_logp, ref_logp=ref_logp, advantage=advantage, valid=mask, aggregation="series_mean")

Arrays are [series, step], float32 or float64, and are read where they are; masks are bool. help(cohort.NAME) has formulas and sources.
"""

from ._cohort import *  # noqa: F403
from ._cohort import Aggregation, Objective, Selection, __version__  # noqa: F401
