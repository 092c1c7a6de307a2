"""Records verl's policy losses, its value loss and its correction of a sampler's probabilities, with gradients.

    python3 -m venv build/verl
    build/verl/bin/pip install torch==2.15.0 numpy==2.4.6
    build/verl/bin/pip install --no-deps verl==0.9.1
    build/verl/bin/python tests/golden/verl_objectives.py

It writes objective/verl_policy.txt, objective/verl_loss.txt, objective/verl_value.txt and objective/verl_correction.txt beside itself, or into the folder given
as its argument: lines of `name number number ...`, each number the shortest decimal that reads back as the same float64. The functions are verl's own (see
verl_core.py); its ActorConfig is an object with the same attributes. What verl makes float32 is float64 here.

The batch is that of objective_batch.py, without a valid step in its third series; rows are padded with zeros and mask 0.

verl_policy.txt: NAME is the loss by get_policy_loss_fn(LOSS) with token_advantage, or with a series' advantage on each of its steps (gspo, geo_mean and
names that end in _series), NAME/logp its gradient, and where it is aggregated by token-mean without weights, NAME/METRIC what verl returns beside it.
Aggregated by token-mean, or as NAME says, sapo by seq-mean-token-mean whatever it is told; _global is one of two processes, as GLOBAL says. Clipped to
[1 - 0.2, 1 + 0.28], gspo to [1 - 0.02, 1 + 0.03]; _is is with is_weight as rollout_is_weights. dppo_* truncate ratios at 20, dppo_*_default at ActorConfig's 3.
clip_cov chooses with torch.randperm, unseeded: here it is arange, so among the steps whose covariance lies between the bounds the first are chosen.
NAME/chosen marks them, and those of kl_cov. vanilla_extreme: log-ratios beyond 20.

verl_loss.txt: what the actor minimizes, the whole ppo_loss of workers/utils/losses.py, on six of the batch's series (33 steps), without a valid step in the second;
the advantages as above. NAME/logp and, where there is an entropy bonus, NAME/entropy are its gradients.
    LOSS_kl             with use_kl_loss, low_var_kl with kl_loss_coef 0.04, aggregated by token-mean; LOSS is a policy loss with the options above
    LOSS_MODE_kl        by that loss_agg_mode, KL and policy loss alike; sapo and geo_mean have one of their own, the KL has not
    vanilla_MODE_all    with rollout_is_weights, the KL and entropy_coeff 0.01; vanilla_global_MODE_kl of one of two processes, as GLOBAL says
    vanilla_kl_KIND     by token-mean with kl_loss_type KIND
    bypass_clip_reject_kl   bypass_mode as bypass_clip_reject: what is rejected keeps its KL
    clip_cov/chosen     as above

verl_value.txt: compute_value_loss, clipped to old_value +- clip, or with an infinite clip; NAME/value is the gradient.

verl_correction.txt: log_ratio = log-probability in training minus the sampler's, on the same series. LEVEL_BOUNDS(_normalized) are the weights of
compute_rollout_correction_weights and LEVEL_BOUNDS/METRIC its metrics, without the prefix rollout_is_: the bound 2.0 truncates, 0.5_2.0 zeroes outside.
reject/OPTIONS is the mask that compute_rollout_rejection_mask leaves and reject/OPTIONS/METRIC its metrics, without the prefix rollout_rs_; the bounds of
each option are in REJECT. offpolicy/METRIC is of compute_offpolicy_metrics. METRIC rows have one number.
"""

import math
import pathlib
import sys
import types
import unittest.mock

import numpy
import torch
from common import bare_package, check_versions, float64, leave_out, write
from objective_batch import KINKS, LENGTHS, batch, off_kinks, series_mean, some
from verl_core import NEEDED, load

ABOUT = f"recorded by verl_objectives.py with {NEEDED}"
GLOBAL = {"dp_size": 2, "batch_num_tokens": 150, "global_batch_size": 16, "loss_scale_factor": 50}
REJECT = {
    "token_k1": "0.6_1.5", "token_k2": "0.1", "token_k3": "0.08", "seq_sum_k1": "0.5_2.5", "seq_sum_k2": "0.7", "seq_sum_k3": "0.8",
    "seq_mean_k1": "0.9_1.1", "seq_mean_k2": "0.07", "seq_mean_k3": "0.09", "seq_max_k2": "0.4", "seq_max_k3": "0.3",
    "token_k1,seq_mean_k3": "0.6_1.5,0.09",
}


class actor_config(types.SimpleNamespace):
    """What the losses read of verl's ActorConfig, with its defaults."""

    def __init__(self, policy={}, **options):
        defaults = {"clip_ratio": 0.2, "clip_ratio_low": 0.2, "clip_ratio_high": 0.28, "clip_ratio_c": 3.0, "tau_pos": 1.0, "tau_neg": 1.05}
        losses = {"clip_cov_ratio": 2e-4, "clip_cov_lb": 1.0, "clip_cov_ub": 5.0, "kl_cov_ratio": 2e-4, "ppo_kl_coef": 0.1, "dro_beta": None}
        super().__init__(**{**defaults, "global_batch_info": {}, "policy_loss": policy_config({**losses, **policy}), **options})

    def get(self, name, default=None):
        return getattr(self, name, default)


class policy_config(dict):
    __getattr__ = dict.__getitem__


class data_proto(types.SimpleNamespace):
    @classmethod
    def from_dict(cls, tensors):
        return cls(batch=tensors)


def load_all():
    core = load()
    core.ActorConfig = actor_config
    protocol = types.ModuleType("verl.protocol")
    protocol.DataProto = data_proto
    sys.modules["verl.protocol"] = protocol
    bare_package("verl.trainer.config.algorithm", RolloutCorrectionConfig=dict)
    bare_package("verl.workers.config.actor", PolicyLossConfig=dict)
    from verl.trainer.ppo import rollout_corr_helper

    return core, rollout_corr_helper


def policy(core, p, b):
    padded = {k: p.pad(v) for k, v in b.items() if len(v) == p.offsets[-1]}
    by_series = p.pad(numpy.repeat(b["advantage"], LENGTHS))
    rows = {}

    def record(name, loss, mode="token-mean", is_weight=False, chosen=False, advantage=padded["token_advantage"], **options):
        logp = padded["logp"].clone().requires_grad_()
        weights = padded["is_weight"].clone().requires_grad_() if is_weight or chosen else None
        result, metrics = core.get_policy_loss_fn(loss)(
            old_log_prob=padded["old_logp"], log_prob=logp, advantages=advantage.clone(), response_mask=padded["valid"], loss_agg_mode=mode,
            config=actor_config(**options), rollout_is_weights=weights)
        if chosen:  # the derivative by a step's weight is its loss
            (of_step,) = torch.autograd.grad(result, weights)
            return p.pack(of_step) * b["valid"].sum()
        (gradient,) = torch.autograd.grad(result, logp)
        rows[name], rows[f"{name}/logp"] = result, p.pack(gradient)
        if mode == "token-mean" and not is_weight:
            rows.update({f"{name}/{k.removeprefix('actor/')}": v for k, v in metrics.items() if k.startswith("actor/")})

    modes = ["token-sum", "seq-mean-token-mean", "seq-mean-token-sum", "seq-mean-token-sum-norm"]
    record("vanilla", "vanilla")
    record("vanilla_single", "vanilla", clip_ratio_c=1e9)
    record("vanilla_is", "vanilla", is_weight=True)
    record("vanilla_series", "vanilla", advantage=by_series)
    for mode in modes:
        record(f"vanilla_{mode}", "vanilla", mode)
    for mode in ["token-mean", *modes]:
        record(f"vanilla_global_{mode}", "vanilla", mode, global_batch_info=GLOBAL)
    for name, truncation in [("dppo_tv", 20.0), ("dppo_kl", 20.0), ("dppo_tv_default", 3.0), ("dppo_kl_default", 3.0)]:
        limits = {"clip_ratio_low": 0.15, "clip_ratio_high": 0.2} if "tv" in name else {"clip_ratio_low": 0.03, "clip_ratio_high": 0.05}
        record(name, name.removesuffix("_default"), clip_ratio_c=truncation, **limits)
        record(f"{name}_is", name.removesuffix("_default"), is_weight=True, clip_ratio_c=truncation, **limits)
    narrow = {"clip_ratio_low": 0.02, "clip_ratio_high": 0.03}
    for mode in ["token-mean", "seq-mean-token-mean"]:
        for weighted in [False, True]:
            record(f"gspo_{mode}" + "_is" * weighted, "gspo", mode, weighted, advantage=by_series, **narrow)
    record("gspo_token_advantage", "gspo", "seq-mean-token-mean", **narrow)
    beta = {"policy": {"dro_beta": 0.5}}
    for name, options in [("sapo", {}), ("gpg", {}), ("cispo", {}), ("dro", beta), ("geo_mean", {"advantage": by_series})]:
        record(name, name, **options)
        record(f"{name}_is", name, is_weight=True, **options)
    record("cispo_one_sided", "cispo", clip_ratio_low=1.0, clip_ratio_high=1.0)
    record("geo_mean_token_advantage", "geo_mean")

    clip_cov = {"policy": {"clip_cov_ratio": 0.05, "clip_cov_lb": 0.2, "clip_cov_ub": 1.5}}
    kl_cov = {"policy": {"kl_cov_ratio": 0.1, "ppo_kl_coef": 0.7}}
    with unittest.mock.patch.object(torch, "randperm", torch.arange):
        for weighted in [False, True]:
            record("clip_cov" + "_is" * weighted, "clip_cov", is_weight=weighted, **clip_cov)
            record("kl_cov" + "_is" * weighted, "kl_cov", is_weight=weighted, **kl_cov)
        rows["clip_cov/chosen"] = (record("", "clip_cov", chosen=True, **clip_cov) == 0) * b["valid"]
    plain = -b["token_advantage"] * numpy.exp(b["logp"] - b["old_logp"])
    rows["kl_cov/chosen"] = (numpy.abs(record("", "kl_cov", chosen=True, **kl_cov) - plain) > 1e-6) * b["valid"]

    correction = {"rollout_is": "token", "rollout_is_threshold": 2.0}
    for name, options in {
        "clip": {"loss_type": "ppo_clip", **correction},
        "clip_reject": {"loss_type": "ppo_clip", "rollout_rs": "token_k1", "rollout_rs_threshold": REJECT["token_k1"]},
        "reinforce": {"loss_type": "reinforce"},
        "reinforce_token": {"loss_type": "reinforce", **correction},
        "reinforce_token_normalized": {"loss_type": "reinforce", **correction, "rollout_is_batch_normalize": True},
        "reinforce_icepop": {"loss_type": "reinforce", **correction, "rollout_is_threshold": "0.5_2.0"},
        "reinforce_sequence_reject": {"loss_type": "reinforce", "rollout_is": "sequence", "rollout_is_threshold": 2.0, "rollout_rs": "seq_mean_k3",
                                      "rollout_rs_threshold": REJECT["seq_mean_k3"]},
    }.items():
        record(f"bypass_{name}", "bypass_mode", policy={"rollout_correction": options})
    return rows


class whole_batch(dict):
    """What ppo_loss asks of a TensorDict."""

    def select(self, *names):
        return whole_batch({k: self[k] for k in names})

    def to_padded_tensor(self):
        return self


def load_loss(core):
    leave_out("verl.utils.tensordict_utils", "verl.utils.dataset", "verl.utils.dataset.dataset_utils", "verl.utils.metric", "verl.workers.utils.padding")
    bare_package("verl.workers.utils")
    vars(sys.modules["verl.utils"]).update(tensordict_utils=None)
    vars(sys.modules["verl.workers.config"]).update(CriticConfig=None)
    from verl.workers.utils import losses

    losses.no_padding_2_padding = lambda x, data: x
    return losses.ppo_loss


def whole_loss(ppo_loss, p, b):
    padded = {k: p.pad(v) for k, v in b.items() if len(v) == p.offsets[-1]}
    by_series = p.pad(numpy.repeat(b["advantage"], p.lengths))
    alone = {"dp_size": 1, "batch_num_tokens": None, "global_batch_size": None, "loss_scale_factor": None}
    rows = {}

    def record(name, loss, mode="token-mean", kind="low_var_kl", entropy=False, is_weight=False, of_series=False, policy={}, processes=alone, left_out=False, **options):
        logp, bonus = padded["logp"].clone().requires_grad_(), padded["entropy"].clone().requires_grad_()
        data = {"response_mask": padded["valid"], "old_log_probs": padded["old_logp"], "advantages": by_series if of_series else padded["token_advantage"],
                "ref_log_prob": padded["ref_logp"], **{k: v for k, v in processes.items() if k != "loss_scale_factor"}}
        if is_weight or left_out:
            data["rollout_is_weights"] = padded["is_weight"].clone().requires_grad_()
        config = actor_config({"loss_mode": loss, **policy}, loss_agg_mode=mode, loss_scale_factor=processes["loss_scale_factor"], use_kl_loss=True, kl_loss_type=kind,
                              kl_loss_coef=0.04, entropy_coeff=0.01, **options)
        config.global_batch_info = {}
        result, _ = ppo_loss(config, {"log_probs": logp, **({"entropy": bonus} if entropy else {})}, whole_batch(data))
        if left_out:  # the derivative by a step's weight is its loss
            (of_step,) = torch.autograd.grad(result, data["rollout_is_weights"])
            rows[name] = (p.pack(of_step) == 0) * b["valid"]
            return
        by_logp, by_entropy = torch.autograd.grad(result, [logp, bonus], allow_unused=True)
        rows[name], rows[f"{name}/logp"] = result, p.pack(by_logp)
        if entropy:
            rows[f"{name}/entropy"] = p.pack(by_entropy)

    narrow = {"clip_ratio_low": 0.02, "clip_ratio_high": 0.03, "of_series": True}
    for mode in ["token-mean", "token-sum", "seq-mean-token-mean", "seq-mean-token-sum", "seq-mean-token-sum-norm"]:
        record(f"vanilla_{mode}_kl", "vanilla", mode)
        record(f"vanilla_{mode}_all", "vanilla", mode, entropy=True, is_weight=True)
        record(f"vanilla_global_{mode}_kl", "vanilla", mode, processes=GLOBAL)
        record(f"gspo_{mode}_kl", "gspo", mode, **narrow)
    record("gspo_seq-mean-token-mean_all", "gspo", "seq-mean-token-mean", entropy=True, is_weight=True, **narrow)
    for kind in ["kl", "abs", "mse", "low_var_kl", "kl+", "abs+", "mse+", "low_var_kl+"]:
        record(f"vanilla_kl_{kind}", "vanilla", kind=kind)
    tv, binary = {"clip_ratio_low": 0.15, "clip_ratio_high": 0.2}, {"clip_ratio_low": 0.03, "clip_ratio_high": 0.05}
    for loss, options in {
        "gpg": {}, "cispo": {}, "sapo": {}, "dro": {"policy": {"dro_beta": 0.5}}, "dppo_tv": {"clip_ratio_c": 20.0, **tv}, "dppo_kl": {"clip_ratio_c": 20.0, **binary},
        "geo_mean": {"of_series": True}, "clip_cov": {"policy": {"clip_cov_ratio": 0.05, "clip_cov_lb": 0.2, "clip_cov_ub": 1.5}},
        "kl_cov": {"policy": {"kl_cov_ratio": 0.1, "ppo_kl_coef": 0.7}},
    }.items():
        with unittest.mock.patch.object(torch, "randperm", torch.arange):
            record(f"{loss}_kl", loss, **options)
            if loss == "clip_cov":
                record("clip_cov/chosen", loss, left_out=True, **options)
    record("geo_mean_seq-mean-token-mean_kl", "geo_mean", "seq-mean-token-mean", of_series=True)
    reject = {"loss_type": "ppo_clip", "rollout_rs": "token_k1", "rollout_rs_threshold": REJECT["token_k1"]}
    record("bypass_clip_reject_kl", "bypass_mode", policy={"rollout_correction": reject})
    return rows


def extreme(core):
    """Beyond 20 the log-ratio is held there, and the gradient is 0; no clip is near."""
    log_ratio = numpy.array([-25, -20.5, -19.5, 19.5, 20.5, 25.0])
    logp = torch.tensor(log_ratio[None] - 30, requires_grad=True)
    advantage = numpy.array([1.0, -2, 3, -1, 2, -3])
    config = actor_config(clip_ratio_low=1.0, clip_ratio_high=1e12, clip_ratio_c=1e12)
    result, _ = core.get_policy_loss_fn("vanilla")(torch.full_like(logp, -30), logp, torch.tensor(advantage[None]), torch.ones_like(logp), "token-mean", config)
    (gradient,) = torch.autograd.grad(result, logp)
    return {"extreme_log_ratio": log_ratio, "extreme_advantage": advantage, "vanilla_extreme": result, "vanilla_extreme/logp": gradient}


def value(core, p, b):
    draws = numpy.random.default_rng(21)
    old_value = draws.normal(0, 1, len(b["valid"]))
    value, returns = old_value + draws.normal(0, 0.6, len(old_value)), old_value + draws.normal(0, 1, len(old_value))
    held = numpy.clip(value, old_value - 0.5, old_value + 0.5)
    off_kinks(numpy.abs(value - old_value), [0.5])
    off_kinks((value + held - 2 * returns)[value != held], [0])  # where both squares are equal
    rows = {"offsets": p.offsets, "valid": b["valid"], "value": value, "old_value": old_value, "return": returns, "clip": [0.5]}
    for name, clip in [("clipped", 0.5), ("plain", math.inf)]:
        for mode in ["token-mean", "token-sum", "seq-mean-token-mean", "seq-mean-token-sum", "seq-mean-token-sum-norm"]:
            v = p.pad(value).requires_grad_()
            loss, clipped = core.compute_value_loss(v, p.pad(returns), p.pad(old_value), p.pad(b["valid"]), clip, mode)
            (gradient,) = torch.autograd.grad(loss, v)
            rows[f"{name}_{mode}"], rows[f"{name}_{mode}/value"] = loss, p.pack(gradient)
        rows[f"{name}/clipfrac"] = clipped
    return rows


def correction(helper, p, b):
    draws = numpy.random.default_rng(22)
    log_ratio = numpy.repeat(draws.uniform(-0.2, 0.2, len(LENGTHS)), LENGTHS) + draws.normal(0, 0.4, sum(LENGTHS))
    training = b["old_logp"]
    rows = {"offsets": p.offsets, "valid": b["valid"], "logp": training, "sampler_logp": training - log_ratio, "log_ratio": log_ratio}
    k3 = numpy.exp(log_ratio) - 1 - log_ratio
    off_kinks(numpy.exp(log_ratio), [0.5, 2.0, 1 / 0.6, 1 / 1.5])
    off_kinks(log_ratio**2 / 2, [0.1, 0.4])
    off_kinks(k3, [0.08, 0.3], 1e-4)
    for x, limits in [(log_ratio, numpy.log([0.9, 1.1])), (log_ratio**2 / 2, [0.07]), (k3, [0.09])]:
        off_kinks(numpy.abs(series_mean(p, x, b["valid"])), numpy.abs(limits))
    for x, limits in [(log_ratio, numpy.log([0.5, 2.5, 2.0])), (log_ratio**2 / 2, [0.7]), (k3, [0.8])]:
        off_kinks(numpy.abs(numpy.add.reduceat(x * b["valid"], p.offsets[:-1])), numpy.abs(limits))
    matrix, mask = p.pad(log_ratio), p.pad(b["valid"])

    def add(name, result, metrics, prefix):
        rows[name] = p.pack(result)
        rows.update({f"{name}/{k.removeprefix(prefix)}": [v] for k, v in metrics.items()})

    for level in ["token", "sequence"]:
        for bounds in [2.0, "0.5_2.0"]:
            for normalize in [False, True]:
                name = f"{level}_{bounds}" + "_normalized" * normalize
                add(name, *helper.compute_rollout_correction_weights(matrix, mask, level, bounds, normalize), "rollout_is_")
    for options, bounds in REJECT.items():
        add(f"reject/{options}", *helper.compute_rollout_rejection_mask(matrix, mask, options, bounds), "rollout_rs_")
    metrics = helper.compute_offpolicy_metrics(p.pad(training), p.pad(rows["sampler_logp"]), mask)
    return {**rows, **{f"offpolicy/{k}": [v] for k, v in metrics.items()}}


def check_batch(p, b):
    log_ratio, (prob, old) = b["logp"] - b["old_logp"], numpy.exp([b["logp"], b["old_logp"]])
    valid = b["valid"] > 0
    off_kinks(numpy.exp(log_ratio), KINKS)
    off_kinks(numpy.exp(series_mean(p, log_ratio, b["valid"])[[n for n in range(len(LENGTHS)) if n != 2]]), [0.98, 1.03])
    off_kinks(log_ratio, [-0.2, 0.28])
    off_kinks(prob - old, [-0.15, 0.2])
    off_kinks(-old * log_ratio + (1 - old) * numpy.log((1 - old) / (1 - prob)), [0.03, 0.05], 1e-5)
    a, x = b["token_advantage"][valid], b["logp"][valid]
    off_kinks((a - a.mean()) * (x - x.mean()), [0.2, 1.5])


if __name__ == "__main__":
    check_versions(NEEDED)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    core, helper = load_all()
    p, b = batch(empty=True)
    part = some(p, b)
    del b["ref_logp"], b["entropy"], b["is_weight_series"]
    check_batch(p, b)
    with float64():
        write(folder / "objective/verl_loss.txt", ABOUT, {**part[1], **whole_loss(load_loss(core), *part)})
        write(folder / "objective/verl_policy.txt", ABOUT, {**b, **policy(core, p, b), **extreme(core)})
        write(folder / "objective/verl_value.txt", ABOUT, value(core, p, b))
        write(folder / "objective/verl_correction.txt", ABOUT, correction(helper, p, b))
