"""Records what OpenRLHF computes: the advantages of its experience maker, its KL estimators and its KL controllers.

    python3.11 -m venv build/openrlhf
    build/openrlhf/bin/pip install torch==2.15.0 numpy==2.4.6
    build/openrlhf/bin/pip install --no-deps openrlhf==0.11.2
    build/openrlhf/bin/python tests/golden/openrlhf_advantages.py

It writes advantage/openrlhf_outcome.txt, advantage/openrlhf_masked.txt, advantage/openrlhf_member.txt and kl/openrlhf.txt beside itself, or into the folder given as its argument:
lines of `name number number ...`, each number the shortest decimal that reads back as the same float64. The functions are OpenRLHF's own; only what
its packages import besides (ray, deepspeed, transformers) is left out.

The batch. Series n has the steps offsets[n] .. offsets[n + 1], groups are group_size series one after the other, the second group has equal rewards.
score is per series; OpenRLHF puts it on the series' last valid step, takes kl_coef (old_logp - ref_logp) off every step, and then discounts: what it
gives is per step. It gets the series in three micro-batches, padded at the right and masked; the series' own steps are written, in order. In the
file outcome every step is valid, in masked some are not (tool output), among them the last of some series; for these the results are written as
they come. member is a smaller batch, masked, whose second series has no valid step.

    gae                 values and rewards of invalid steps count as 0 and discounts go on over them
    reinforce           the discounted sum of rewards; gae, reinforce and reinforce_baseline are then normalized over all valid steps, with ddof 0
                        and a variance of 1e-8 or more; *_no_std only moved
    rloo, reinforce_baseline, dr_grpo, group_norm, flash_reinforce      the score less its baseline in place of the score, with gamma = 1; group_norm
                        divides by the deviation (ddof 1) + 1e-9; flash_reinforce's baseline is the mean of all scores
    *_kl                with kl_coef; the others have none
    group_norm_clip     the score is clipped to [-0.5, 0.5] after its baseline, as OpenRLHF does by default to [-10, 10]; gae_clip: the score itself

OpenRLHF computes KL and normalization in float32; here that is float64. At d = +-10 itself, the edge of its clamp, torch 2.15 gives the
derivative of k1 as 0.
"""

import pathlib
import sys
import types

import numpy
import torch
from common import bare_package, check_versions, float64, leave_out, packing, write

NEEDED = {"openrlhf": "0.11.2", "torch": "2.15.0", "numpy": "2.4.6"}
ABOUT = f"recorded by openrlhf_advantages.py with {NEEDED}"
GROUP = 4


def load():
    leave_out("ray", "deepspeed", "transformers", "openrlhf.trainer.ray.launcher")
    for name in ["openrlhf", "openrlhf.models", "openrlhf.utils", "openrlhf.trainer", "openrlhf.trainer.ray", "openrlhf.trainer.ppo_utils"]:
        bare_package(name)
    from openrlhf.models.utils import compute_approx_kl
    from openrlhf.trainer.ppo_utils import experience_maker, kl_controller

    return experience_maker, kl_controller, compute_approx_kl


def batch(kind):
    draws = numpy.random.default_rng(11)
    lengths = [3, 4, 1, 3, 2, 4, 2, 5] if kind == "member" else [5, 8, 1, 3, 9, 4, 2, 6, 7, 7, 10, 3]
    p, N, M = packing(lengths), len(lengths), sum(lengths)
    score = draws.integers(-128, 128, N) / 64.0
    score[GROUP : 2 * GROUP] = 0.5 if kind != "member" else score[GROUP : 2 * GROUP]
    old_logp = draws.uniform(-4, 0, M)
    valid = numpy.ones(M)
    if kind != "outcome":
        valid[draws.uniform(size=M) < 0.25] = 0
        valid[p.offsets[:-1]] = 1
        valid[[p.offsets[2] - 1, p.offsets[min(9, N)] - 1]] = 0
        if kind == "member":
            valid[p.offsets[1] : p.offsets[2]] = 0
    return p, {"offsets": p.offsets, "group_size": [GROUP], "valid": valid, "score": score, "value": draws.normal(0, 1, M), "old_logp": old_logp,
               "ref_logp": old_logp + draws.normal(0, 0.5, M), "kl_coef": [0.05], "gamma_lambda": [0.97, 0.9]}


def advantages(library, p, rows, estimator, kl_coef=0.0, gamma=0.97, clip=(-10.0, 10.0), no_std=False):
    maker, controller, approx_kl = library
    namespace = types.SimpleNamespace
    args = namespace(
        algo=namespace(advantage=namespace(estimator=estimator, gamma=gamma, lambd=0.9, no_std_norm=no_std)),
        rollout=namespace(n_samples_per_prompt=GROUP), reward=namespace(clip_range=clip),
    )
    its = maker.RemoteExperienceMaker(None, None, None, None, controller.FixedKLController(kl_coef), namespace(args=args), None)
    padded = {k: p.pad(rows[k]) for k in ["valid", "value", "old_logp", "ref_logp"]}
    with float64():
        kl = approx_kl(padded["old_logp"], padded["ref_logp"], kl_estimator="k1")
        parts = [
            maker.Experience(action_mask=padded["valid"][i:j].bool(), values=padded["value"][i:j], kl=kl[i:j],
                             rewards=torch.tensor(rows["score"][i:j]), index=list(range(i, j)))
            for i, j in ([(0, 5), (5, 9), (9, 12)] if len(p.lengths) == 12 else [(0, 3), (3, 8)])
        ]
        done = its.compute_advantages_and_returns(parts)
    return [p.pack(torch.cat([getattr(e, name) for e in done])) for name in ["advantages", "returns"]]


def all_advantages(library, p, rows):
    result = {}
    for estimator in ["gae", "reinforce", "rloo", "reinforce_baseline", "group_norm", "dr_grpo", "flash_reinforce"]:
        discounted = 0.97 if estimator in ["gae", "reinforce"] else 1.0
        for suffix, options in [("", {}), ("_kl", {"kl_coef": 0.05})]:
            advantage, target = advantages(library, p, rows, estimator, gamma=discounted, **options)
            result[estimator + suffix] = advantage
            if estimator in ["gae", "reinforce", "reinforce_baseline"]:  # before the normalization
                result[f"{estimator}{suffix}_return"] = target
    for estimator in ["gae", "reinforce"]:
        result[f"{estimator}_no_std"], _ = advantages(library, p, rows, estimator, no_std=True)
    for suffix, options in [("", {}), ("_kl", {"kl_coef": 0.05})]:
        result[f"group_norm_clip{suffix}"], _ = advantages(library, p, rows, "group_norm", gamma=1.0, clip=(-0.5, 0.5), **options)
        _, result[f"gae_clip{suffix}_return"] = advantages(library, p, rows, "gae", clip=(-0.5, 0.5), **options)
    return result


def kl(approx_kl):
    """d = logp - ref_logp, where ref_logp = 0. unbiased: the same value, the derivative of k2 times min(ratio, 10), ratio = exp(logp - old_logp)."""
    apart = [1e-300, 1e-12, 1e-8, 1e-5, 1e-3, 0.1, 2.4, 4.4, 4.5, 9.9, 10.1]
    d = numpy.concatenate([numpy.linspace(-30, 30, 49), apart, numpy.negative(apart)])
    log_ratio = numpy.random.default_rng(12).normal(0, 2, len(d))
    rows = {"d": d, "log_ratio": log_ratio}
    for kind in ["k1", "k2", "k3"]:
        for suffix, options in [("", {}), ("_unbiased", {"unbiased_gradient": True, "log_probs_old": torch.tensor(d - log_ratio)})]:
            logp = torch.tensor(d, requires_grad=True)
            with float64():
                value = approx_kl(logp, torch.zeros_like(logp), kl_estimator=kind, **options)
            (rows[f"{kind}{suffix}/logp"],) = torch.autograd.grad(value.sum(), logp)
            rows[kind + suffix] = value
    return rows


def controllers(module):
    draws = numpy.random.default_rng(7)
    current, steps = draws.uniform(0, 0.3, 20), draws.integers(16, 512, 20)
    rows = {"controller": [0.2, 0.1, 10000], "controller_kl": current, "controller_steps": steps}
    for name, controller in [("adaptive", module.AdaptiveKLController(0.2, 0.1, 10000)), ("fixed", module.FixedKLController(0.2))]:
        rows[name] = []
        for c, n in zip(current, steps):
            controller.update(float(c), int(n))
            rows[name].append(controller.value)
    return rows


if __name__ == "__main__":
    check_versions(NEEDED)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    library = load()
    for kind in ["outcome", "masked", "member"]:
        p, rows = batch(kind)
        write(folder / f"advantage/openrlhf_{kind}.txt", ABOUT, {**rows, **all_advantages(library, p, rows)})
    write(folder / "kl/openrlhf.txt", ABOUT, {**kl(library[2]), **controllers(library[1])})
