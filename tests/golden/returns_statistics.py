"""Records what rliable, scipy and statsmodels say about scores of runs.

    python3 -m venv build/statistics
    build/statistics/bin/pip install arch==7.2.0 numpy==2.4.6 pandas==2.3.3 scipy==1.17.1 statsmodels==0.15.0
    build/statistics/bin/pip install --no-deps rliable==1.2.0
    build/statistics/bin/python tests/golden/returns_statistics.py

It writes statistics/rliable.txt and statistics/tests.txt beside itself, or into the folder given as its argument: lines of `name number number ...`, each
number the shortest decimal that reads back as the same float64.

rliable.txt. x has 5 runs and y 4 on the same 3 tasks, task by task, with equal scores among them; alone is the first task of x. What is random comes with
what was drawn: NAME/drawn has for each of 60 replicates the indices in the order in which bootstrap draws them (with task_bootstrap the task before its
runs; of two samples x first), and NAME/interval the ends that rliable's own resamples of these indices give.

tests.txt. Of Welch's test the samples a_I and b_I and welch_I: t, the degrees of freedom and p. tail: rows of t, degrees of freedom, noncentrality and
P(|T| > t), one after the other; power: effect size, runs, alpha and the power; seeds: effect size, alpha, power and the runs.
"""

import importlib.metadata
import math
import pathlib
import sys
import types

import numpy
from scipy import stats

sys.modules["absl"] = types.SimpleNamespace(logging=types.SimpleNamespace(info=lambda *_: None))  # which it would announce its steps with
from rliable import library, metrics  # noqa: E402
from statsmodels.stats.power import TTestIndPower  # noqa: E402

NEEDED = {"rliable": "1.2.0", "arch": "7.2.0", "numpy": "2.4.6", "pandas": "2.3.3", "scipy": "1.17.1", "statsmodels": "0.15.0"}
REPLICATES = 60


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        file.write(f"# recorded by returns_statistics.py with {NEEDED}\n")
        for name, values in rows.items():
            file.write(" ".join([name] + [repr(float(x)) for x in numpy.ravel(values)]) + "\n")


def intervals(rows, name, func, *samples, **how):
    """rliable's interval, and what was drawn for it."""
    drawn = []

    class noting(library.StratifiedBootstrap if len(samples) == 1 else library.StratifiedIndependentBootstrap):
        def update_indices(self):
            indices = super().update_indices()
            for runs, tasks in [indices] if len(samples) == 1 else indices[0]:
                with_task = numpy.concatenate([tasks, runs]) if how else runs
                drawn.append(with_task.T.ravel())
            return indices

    rows[name + "/interval"] = noting(*samples, **how).conf_int(func, reps=REPLICATES, size=0.95, method="percentile").T
    rows[name + "/drawn"] = numpy.concatenate(drawn)


def rliable_rows():
    draws = numpy.random.default_rng(7)
    x = numpy.round(draws.normal([0.6, 0.9, 0.3], 0.4, (5, 3)), 2)
    y = numpy.round(draws.normal([0.5, 0.7, 0.5], 0.3, (4, 3)), 2)
    y[:2, 1] = x[:2, 1]
    y[0, 2] = x[3, 2]
    taus = [-0.2, 0, 0.25, 0.5, float(x[2, 0]), 1, 2]
    rows = {"x": x.T, "y": y.T, "taus": taus}
    for name, scores in {"x": x, "y": y, "alone": x[:, :1]}.items():
        rows[name + "/mean"] = metrics.aggregate_mean(scores)
        rows[name + "/median"] = metrics.aggregate_median(scores)
        rows[name + "/iqm"] = metrics.aggregate_iqm(scores)
        rows[name + "/gap"] = metrics.aggregate_optimality_gap(scores)
        rows[name + "/gap_half"] = metrics.aggregate_optimality_gap(scores, 0.5)
        rows[name + "/profile"] = library.score_distributions(scores, taus)
        rows[name + "/average_profile"] = library.average_score_distributions(scores, taus)
    rows["x_over_y"] = metrics.probability_of_improvement(x, y)
    rows["y_over_x"] = metrics.probability_of_improvement(y, x)
    rows["x_over_x"] = metrics.probability_of_improvement(x, x)
    numpy.random.seed(11)
    intervals(rows, "iqm", lambda s: numpy.array([metrics.aggregate_iqm(s)]), x)
    intervals(rows, "gap", lambda s: numpy.array([metrics.aggregate_optimality_gap(s)]), x)
    intervals(rows, "tasks", lambda s: numpy.array([metrics.aggregate_median(s)]), x, task_bootstrap=True)
    intervals(rows, "improvement", lambda a, b: numpy.array([metrics.probability_of_improvement(a, b)]), x, y)
    intervals(rows, "profile", lambda s: library.score_distributions(s, taus), x)
    return rows


def test_rows():
    draws = numpy.random.default_rng(8)
    rows = {}
    samples = [
        (draws.normal(0, 1, 10), draws.normal(0.5, 3, 7)),
        (draws.normal(480, 20, 30), draws.normal(430, 60, 25)),
        (draws.normal(0, 1, 40), draws.normal(9, 0.5, 40)),
        (numpy.array([500.0, 500.0, 500.0]), numpy.array([499.0, 480.0])),
        (draws.normal(0, 1, 2), draws.normal(0, 1, 2)),
    ]
    for i, (a, b) in enumerate(samples):
        found = stats.ttest_ind(a, b, equal_var=False)
        rows[f"a_{i}"], rows[f"b_{i}"] = a, b
        rows[f"welch_{i}"] = [found.statistic, found.df, found.pvalue]
    tail = [(t, df, 0.0, 2 * stats.t.sf(t, df)) for df in [1, 1.5, 2, 4.7, 38, 198.3, 1e5] for t in [0, 0.3, 1, 2, 5, 12, 40, 300] if stats.t.sf(t, df) > 1e-300]
    rows["tail"] = tail
    power, seeds = [], []
    for effect in [0.1, 0.5, 0.8, 1.5, 4]:
        for alpha in [0.001, 0.05, 0.2]:
            found = [(effect, n, alpha, TTestIndPower().power(effect, n, alpha)) for n in [2, 5, 20, 150]]
            power += [row for row in found if not math.isnan(row[-1])]  # scipy's noncentral t gives up now and then
            for wanted in [0.5, 0.8, 0.95]:
                if wanted > alpha and TTestIndPower().power(effect, 2, alpha) < wanted:
                    seeds.append((effect, alpha, wanted, math.ceil(TTestIndPower().solve_power(effect, None, alpha, wanted))))
    rows["power"], rows["seeds"] = power, seeds
    return rows


if __name__ == "__main__":
    found = {name: importlib.metadata.version(name) for name in NEEDED}
    if found != NEEDED:
        sys.exit(f"these files are recorded with {NEEDED}, and here are {found}")
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    write(folder / "statistics/rliable.txt", rliable_rows())
    write(folder / "statistics/tests.txt", test_rows())
