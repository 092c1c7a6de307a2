"""Records what verl computes: every advantage estimator, KL penalty, KL controller and aggregation of its trainer/ppo/core_algos.py.

    python3 -m venv build/verl
    build/verl/bin/pip install torch==2.15.0 numpy==2.4.6
    build/verl/bin/pip install --no-deps verl==0.9.1
    build/verl/bin/python tests/golden/verl_core.py

It writes advantage/verl_outcome.txt, advantage/verl_masked.txt, advantage/verl_masked_reward.txt, advantage/verl_member.txt, kl/verl.txt and
aggregation/verl.txt beside itself, or into the folder given as its argument: lines of `name number number ...`, each number the shortest decimal that reads back as the same
float64. The functions are verl's own; only what its packages import besides (ray, tensordict, transformers, ...) is left out.

The batch. Series n has the steps offsets[n] .. offsets[n + 1], group g the series group_offsets[g] .. group_offsets[g + 1]; the third group has equal
rewards, the last is a singleton. A row has one number a step, or one a series (greedy_reward, reward_a, reward_b). verl gets matrices of
series x longest, padded at the right with zeros and mask 0; of its padded results the series' own steps are written, in order. Four files:
    outcome        the reward is on a series' last step, every step is valid
    masked         rewards on many steps; some steps, never a series' last, are not valid (tool output) and have no reward
    masked_reward  the same, and some of the steps that are not valid have a reward: grpo, grpo_vectorized, grpo_passk, rloo, rloo_vectorized,
                   opo, gpg and reinforce_plus_plus_baseline count it, gae, reinforce_plus_plus, remax and the token baselines do not
    member         a smaller batch, as masked; of the second and the fifth series no step is valid, which leaves the sixth without valid company, and
                   they have rewards. NAME_kl is of rewards less 0.05 times the KL, as apply_kl_penalty of ppo/ray_trainer.py takes it off, NAME_low_var_kl
                   by that kind of KL. gpg_f_norm is with f_norm = 4

Results are per step. *_return is verl's second result, before any whitening; *_no_std is without division by the deviation; of the token baselines
*_is is with is_weight as rollout_is_weights and *_tail with handle_zero_tail = False. In kl/verl.txt and aggregation/verl.txt NAME/logp is a
derivative, NAME/weight the derivative of the aggregate by each step's loss.

What verl gives for a step that is not valid is written as it comes: by gae the carried sum, whitened like the others, by remax the return without
the baseline, 0 by all others. grpo_passk refuses
singletons, so its rows cover all groups but the last, as those of gdpo_several do. Rewards are multiples of 1/64: sums are exact and equal rewards have no rounding noise.

verl computes the group statistics of grpo_vectorized and all of gdpo in float32, whatever it is given, and its constants and the counts of an
integer mask too. Here float32 is made to mean float64 while it computes, and masks are float64; rows named _float32 are what it computes
untouched (but for the masks) and agree to about 1e-6.
"""

import pathlib
import sys
import types

import numpy
import torch
from common import bare_package, check_versions, float64, function, leave_out, packing, write

NEEDED = {"verl": "0.9.1", "torch": "2.15.0", "numpy": "2.4.6"}
ABOUT = f"recorded by verl_core.py with {NEEDED}"


def load():
    leave_out("omegaconf", "tensordict", "transformers")
    for name in ["verl", "verl.utils", "verl.trainer", "verl.trainer.ppo", "verl.workers"]:
        bare_package(name)
    device = types.ModuleType("verl.utils.device")
    device.get_device_name, device.get_torch_device = lambda: "cpu", lambda: torch.cpu
    sys.modules["verl.utils.device"] = device
    from verl.utils.groupwise import as_torch_index, group_mean_std

    vars(sys.modules["verl.utils"]).update(as_torch_index=as_torch_index, group_mean_std=group_mean_std)
    bare_package("verl.trainer.config", AlgoConfig=dict)
    bare_package("verl.workers.config", ActorConfig=dict)
    from verl.trainer.ppo import core_algos

    return core_algos


def batch(kind):
    draws = numpy.random.default_rng(6)
    lengths = [4, 5, 3, 2, 3, 5, 1, 3, 4, 3] if kind == "member" else [5, 8, 3, 12, 12, 1, 4, 9, 2, 7, 6, 10, 6, 11, 7]
    groups = numpy.cumsum([0, 4, 2, 3, 1] if kind == "member" else [0, 2, 4, 3, 5, 1])
    p, (N, M) = packing(lengths), (len(lengths), sum(lengths))
    exact = lambda low, high, n: draws.integers(64 * low, 64 * high, n) / 64.0
    last = p.offsets[1:] - 1
    valid = numpy.ones(M)
    reward = numpy.zeros(M)
    reward[last] = exact(-2, 2, N)
    if kind != "member":
        reward[last[[1, 10]]] = 0.0
        reward[last[6:9]] = 0.5
    old_logp = draws.uniform(-4, -0.01, M)
    rows = {
        "offsets": p.offsets, "group_offsets": groups, "valid": valid, "reward": reward, "value": draws.normal(0, 1, M),
        "old_logp": old_logp, "ref_logp": old_logp + draws.normal(0, 0.4, M),
        "sum_pi_squared": numpy.exp(2 * old_logp) + draws.uniform(0, 1, M) * (1 - numpy.exp(old_logp)) ** 2,
        "is_weight": draws.uniform(0.2, 2, M), "greedy_reward": exact(-1, 1, N),
        "reward_a": exact(-2, 2, N), "reward_b": draws.integers(0, 2, N), "gdpo_weights": [0.75, 1.5],
    }
    if kind != "outcome":
        valid[draws.uniform(size=M) < 0.3] = 0
        valid[p.offsets[4]] = 0  # a series that begins with such a step
        valid[last] = 1
        many = exact(-1, 1, M) * (draws.uniform(size=M) < 0.6)
        reward += many if kind == "masked_reward" else many * valid
        for n in range(6, 9) if kind != "member" else []:
            reward[last[n]] += 0.5 - reward[p.offsets[n] : p.offsets[n + 1]].sum()
    if kind == "member":
        for n in [1, 4]:
            valid[p.offsets[n] : p.offsets[n + 1]] = 0
    return p, rows


def advantages(core, p, rows):
    padded = {k: p.pad(v) for k, v in rows.items() if len(v) == p.offsets[-1]}
    reward, mask = padded["reward"], padded["valid"]
    index = numpy.repeat(numpy.arange(len(rows["group_offsets"]) - 1), numpy.diff(rows["group_offsets"]))
    outcome = {"token_level_rewards": reward, "response_mask": mask, "index": index}
    result = {"gamma_lambda": [0.97, 0.9]}

    def record(name, estimator, p=p, returns=False, **arguments):
        copies = {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in arguments.items()}
        advantage, value = core.get_adv_estimator_fn(estimator)(**copies)
        result[name] = p.pack(advantage)
        if returns:
            result[f"{name}_return"] = p.pack(value)

    def gdpo(name, n=None):
        fields = {"reward_a": rows["reward_a"][:n], "reward_b": rows["reward_b"][:n]}
        config = {"gdpo_reward_keys": list(fields), "gdpo_reward_weights": rows["gdpo_weights"]}
        attention = torch.cat([torch.ones(len(index), 1), p.own], dim=1).long()[:n]  # after a prompt of one token
        record(name, "gdpo", packing(p.lengths[:n]), **{k: v[:n] for k, v in outcome.items()}, config=config, non_tensor_batch=fields, batch={"prompts": attention[:, :1], "attention_mask": attention})

    with float64():
        record("gae", "gae", returns=True, token_level_rewards=reward, values=padded["value"], response_mask=mask, gamma=0.97, lam=0.9)
        for name, by_std in [("", True), ("_no_std", False)]:
            record("grpo" + name, "grpo", **outcome, norm_adv_by_std_in_grpo=by_std)
            record("grpo_vectorized" + name, "grpo_vectorized", **outcome, norm_adv_by_std_in_grpo=by_std)
            several = {k: v[: rows["group_offsets"][-2]] for k, v in outcome.items()}
            part = packing(p.lengths[: rows["group_offsets"][-2]])
            passk, _ = core.get_adv_estimator_fn("grpo_passk")(**several, config={"norm_adv_by_std_in_grpo": by_std})
            result["grpo_passk" + name] = part.pack(passk)
        for name in ["rloo", "rloo_vectorized", "opo", "gpg", "reinforce_plus_plus_baseline"]:
            record(name, name, **outcome)
        record("reinforce_plus_plus", "reinforce_plus_plus", returns=True, token_level_rewards=reward, response_mask=mask,
               config=types.SimpleNamespace(gamma=0.97))
        record("remax", "remax", returns=True, token_level_rewards=reward, response_mask=mask, reward_baselines=torch.tensor(rows["greedy_reward"]))
        gdpo("gdpo")
        gdpo("gdpo_several", rows["group_offsets"][-2])
        proxies = {"old_log_probs": padded["old_logp"], "sum_pi_squared": padded["sum_pi_squared"]}
        for name in ["optimal_token_baseline", "tir_optimal_token_baseline"]:
            for suffix, weights in [("", None), ("_is", padded["is_weight"])]:
                for tail, zero in [("", True), ("_tail", False)]:
                    record(name + suffix + tail, name, **outcome, **proxies, rollout_is_weights=weights, handle_zero_tail=zero)
    record("grpo_vectorized_float32", "grpo_vectorized", **outcome)
    gdpo("gdpo_float32")
    return result


def member(core, p, rows):
    path = pathlib.Path(core.__file__).with_name("ray_trainer.py")
    penalty = function(path, "apply_kl_penalty", core_algos=core, torch=torch, masked_mean=core.verl_F.masked_mean)
    result = advantages(core, p, rows)
    groups = rows["group_offsets"]
    with float64():
        index = numpy.repeat(numpy.arange(len(groups) - 1), numpy.diff(groups))
        scores, mask = p.pad(rows["reward"]), p.pad(rows["valid"])
        result["gpg_f_norm"] = p.pack(core.get_adv_estimator_fn("gpg")(token_level_rewards=scores, response_mask=mask, index=index, f_norm=4.0)[0])
        for kind in ["kl", "low_var_kl"]:
            batch = {"response_mask": mask, "token_level_scores": scores, "old_log_probs": p.pad(rows["old_logp"]), "ref_log_prob": p.pad(rows["ref_logp"])}
            holder = type("holder", (dict,), {"batch_size": [len(p.lengths)]})(batch)
            penalty(types.SimpleNamespace(batch=holder), core.get_kl_controller(types.SimpleNamespace(type="fixed", kl_coef=0.05)), kind)
            found = advantages(core, p, {**rows, "reward": p.pack(holder["token_level_rewards"])})
            result.update({f"{k}_{kind}": found[k] for k in KL_IN_REWARD[: 12 if kind == "kl" else 2]})
    return {**result, "kl_coef": [0.05]}


KL_IN_REWARD = ["gae_return", "grpo_no_std", "gae", "grpo", "rloo", "rloo_vectorized", "opo", "gpg", "grpo_passk", "reinforce_plus_plus_return", "reinforce_plus_plus_baseline", "remax"]


def kl(core):
    """d = logp - ref_logp, where ref_logp = 0; the derivative is by logp. verl's other names of k1, k2, k3 are kl, mse, low_var_kl."""
    apart = [1e-300, 1e-12, 1e-8, 1e-5, 1e-3, 0.1, 2.4, 9.9, 10.1, 19.9, 20.1]
    d = numpy.concatenate([numpy.linspace(-30, 30, 49), apart, numpy.negative(apart)])
    rows = {"d": d}
    for kind in ["k1", "abs", "k2", "k3", "k1+", "abs+", "k2+", "k3+"]:
        logp = torch.tensor(d, requires_grad=True)
        rows[kind] = core.kl_penalty(logp, torch.zeros_like(logp), kind)
        (rows[f"{kind}/logp"],) = torch.autograd.grad(rows[kind].sum(), logp)
    return rows


def controllers(core):
    draws = numpy.random.default_rng(7)
    current, steps = draws.uniform(0, 0.3, 20), draws.integers(16, 512, 20)
    options = {"kl_coef": 0.2, "target_kl": 0.1, "horizon": 10000}
    rows = {"controller": list(options.values()), "controller_kl": current, "controller_steps": steps}
    for kind in ["adaptive", "fixed"]:
        controller = core.get_kl_controller(types.SimpleNamespace(type=kind, **options))
        rows[kind] = []
        for c, n in zip(current, steps):
            controller.update(float(c), int(n))
            rows[kind].append(controller.value)
    return rows


def aggregation(core):
    """Series 2 has no valid step; the horizon of seq-mean-token-sum-norm is the longest series, or loss_scale_factor = 20."""
    draws = numpy.random.default_rng(8)
    p = packing([4, 1, 3, 7, 12, 2])
    valid = draws.uniform(size=p.offsets[-1]) < 0.8
    valid[p.offsets[1]], valid[p.offsets[2] : p.offsets[3]] = True, False
    loss = draws.normal(0, 2, p.offsets[-1])
    rows = {"offsets": p.offsets, "valid": valid, "loss": loss}
    for mode in ["token-mean", "token-sum", "seq-mean-token-sum", "seq-mean-token-mean", "seq-mean-token-sum-norm", "seq-mean-token-sum-norm/20"]:
        matrix = p.pad(loss).requires_grad_()
        name, _, factor = mode.partition("/")
        with float64():
            total = core.agg_loss(matrix, p.pad(valid), name, loss_scale_factor=int(factor) if factor else None)
            (weights,) = torch.autograd.grad(total, matrix)
        rows[mode], rows[f"{mode}/weight"] = total, p.pack(weights)
    return rows


if __name__ == "__main__":
    check_versions(NEEDED)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    core = load()
    for kind in ["outcome", "masked", "masked_reward"]:
        p, rows = batch(kind)
        write(folder / f"advantage/verl_{kind}.txt", ABOUT, {**rows, **advantages(core, p, rows)})
    p, rows = batch("member")
    write(folder / "advantage/verl_member.txt", ABOUT, {**rows, **member(core, p, rows)})
    write(folder / "kl/verl.txt", ABOUT, {**kl(core), **controllers(core)})
    write(folder / "aggregation/verl.txt", ABOUT, aggregation(core))
