"""Records what TRL, verl, OpenRLHF and Liger make of one batch by their defaults, from scores to the gradient.

    python3.11 -m venv build/as_in
    build/as_in/bin/pip install trl==1.16.0 torch==2.15.0 numpy==2.4.6 transformers==5.23.0 accelerate==1.15.0 liger-kernel==0.8.5
    build/as_in/bin/pip install --no-deps verl==0.9.1 openrlhf==0.11.2
    build/as_in/bin/python tests/golden/as_in.py

It writes preset/as_in.txt beside itself, or into the folder given as its argument: lines of `name number number ...`, each number the shortest decimal that
reads back as the same float64. The functions are the libraries' own, called as trl_grpo.py, trl_objectives.py, verl_core.py, verl_objectives.py,
openrlhf_advantages.py and liger_objectives.py call them, with the defaults that the libraries' own configurations hold (defaults() reads them, and stops where
one is not what it is named here).

Three groups of four series and one of one, offsets and group_offsets as in verl_core.py; the second group has equal scores; in the third a series has a
tool's output, steps that are not valid. score is per series, logp, old_logp and ref_logp per step. Ratios lie on both sides of every clip.

LIBRARY/advantage, LIBRARY/kl (of each step) and LIBRARY/slope (d loss / d logp) are per step, LIBRARY/loss and LIBRARY/norm (of the slope) one number.
trl_kl is with beta = 0.04, verl_kl with use_kl_loss and its weight; liger's default has a KL. All but verl need groups of one size: the rows are of the first
twelve series, but for verl_all/advantage. Liger is given TRL's advantages.
"""

import dataclasses
import inspect
import pathlib
import re
import sys
import types

import numpy
import openrlhf_advantages
import torch
import trl_grpo
import trl_objectives
import verl_objectives
import yaml
from accelerate import PartialState
from common import check_versions, float64, packing, write
from liger_kernel.chunked_loss.grpo_loss import LigerFusedLinearGRPOFunction, LigerFusedLinearGRPOLoss
from objective_batch import off_kinks
from trl import GRPOConfig, GRPOTrainer

NEEDED = {"trl": "1.16.0", "verl": "0.9.1", "openrlhf": "0.11.2", "liger-kernel": "0.8.5", "torch": "2.15.0", "numpy": "2.4.6", "transformers": "5.23.0",
          "accelerate": "1.15.0"}
LENGTHS, GROUPS = [3, 5, 2, 4, 2, 1, 3, 2, 6, 4, 1, 5, 3], [0, 4, 8, 12, 13]


def batch():
    draws = numpy.random.default_rng(30)
    p, N, M = packing(LENGTHS), len(LENGTHS), sum(LENGTHS)
    score = draws.integers(-64, 65, N) / 64.0
    score[4:8] = 0.25
    log_ratio = draws.normal(0, 0.25, M)
    log_ratio[[1, 9, 24, 30]] = [0.9, -0.8, 1.3, -1.1]
    log_ratio[3] = -0.05
    off_kinks(numpy.exp(log_ratio), [0.8, 1.0, 1.2, 3.0])
    logp = draws.uniform(-3, -0.1, M)
    valid = numpy.ones(M)
    valid[p.offsets[8] + 2 : p.offsets[8] + 4] = 0
    return p, {"offsets": p.offsets, "group_offsets": GROUPS, "valid": valid, "score": score, "logp": logp, "old_logp": logp - log_ratio,
               "ref_logp": logp + draws.normal(0, 0.4, M)}


def several(b):
    """The twelve series of the groups of four."""
    M = b["offsets"][12]
    return packing(LENGTHS[:12]), {**{k: v[:M] for k, v in b.items() if len(v) == len(b["logp"])}, "offsets": b["offsets"][:13], "score": b["score"][:12]}


def require(found, **expected):
    wrong = {k: found[k] for k, v in expected.items() if found[k] != v}
    assert not wrong, f"these are not the defaults: {wrong}"
    return found


def result(p, b, advantage, of_logp):
    logp = p.pad(b["logp"]).requires_grad_()
    with float64():
        loss = of_logp(logp)
        (slope,) = torch.autograd.grad(loss, logp)
    return {"advantage": advantage, "loss": loss, "slope": p.pack(slope), "norm": slope.norm()}


def trl(b):
    p, b = several(b)
    default = require({f.name: f.default for f in dataclasses.fields(GRPOConfig)}, loss_type="dapo", scale_rewards="group", beta=0.0, epsilon=0.2, epsilon_high=None,
                      delta=None, importance_sampling_level="token", use_bias_correction_kl=True, top_entropy_quantile=1.0, off_policy_mask_threshold=None,
                      entropy_coef=0.0, multi_objective_aggregation="sum_then_normalize")
    rewards = {"reward/score": b["score"], "weights": [1.0], "group_size": [4], "offsets": b["offsets"], "old_logp": b["old_logp"], "ref_logp": b["ref_logp"]}
    of_series = trl_grpo.advantages(GRPOTrainer, rewards, scale_rewards=default["scale_rewards"])
    mask = p.pad(b["valid"]).long()
    prompt = torch.ones(12, 1, dtype=torch.long)
    names = ["delta", "use_bias_correction_kl", "sapo_temperature_pos", "sapo_temperature_neg", "vespo_k_pos", "vespo_lambda_pos", "vespo_k_neg", "vespo_lambda_neg"]
    arguments = types.SimpleNamespace(**{k: default[k] for k in names}, steps_per_generation=1)

    def loss_of(beta):
        trainer = trl_objectives.stand_in(
            GRPOTrainer, loss_type=default["loss_type"], importance_sampling_level=default["importance_sampling_level"], epsilon_low=default["epsilon"],
            epsilon_high=default["epsilon"], max_completion_length=default["max_completion_length"], vllm_importance_sampling_correction=True, args=arguments,
            beta=beta, top_entropy_quantile=default["top_entropy_quantile"], off_policy_mask_threshold=None, use_vllm=False,
            current_gradient_accumulation_steps=1, _entropy_bonus_enabled=False, entropy_coef=0.0, use_adaptive_entropy=False)

        def loss(logp):
            trainer._get_per_token_logps_and_entropies = lambda *others, **more: (logp, torch.zeros_like(logp), None)
            return trainer._compute_loss(None, {
                "prompt_ids": prompt, "prompt_mask": prompt, "completion_ids": mask, "completion_mask": mask, "advantages": of_series,
                "old_per_token_logps": p.pad(b["old_logp"]), "ref_per_token_logps": p.pad(b["ref_logp"]), "num_items_in_batch": torch.tensor(float(mask.sum()))})

        return loss

    by_step = numpy.repeat(of_series.numpy(), p.lengths)
    return of_series, result(p, b, by_step, loss_of(default["beta"])), result(p, b, by_step, loss_of(0.04))


def verl(every, all_of_it):
    p, b = several(all_of_it)
    core, _ = verl_objectives.load_all()
    folder = pathlib.Path(core.__file__).parents[1] / "config"
    actor = require(yaml.safe_load((folder / "actor/actor.yaml").read_text()), clip_ratio=0.2, clip_ratio_low=0.2, clip_ratio_high=0.2, clip_ratio_c=3.0,
                    loss_agg_mode="token-mean", use_kl_loss=False, kl_loss_coef=0.001, kl_loss_type="low_var_kl", entropy_coeff=0)
    require(yaml.safe_load((folder / "ppo_trainer.yaml").read_text())["algorithm"], norm_adv_by_std_in_grpo=True, use_kl_in_reward=False)
    mask = p.pad(b["valid"])

    def advantages(p, b):
        reward = numpy.zeros(len(b["logp"]))
        reward[p.offsets[1:] - 1] = b["score"]
        index = numpy.repeat(numpy.arange(4), numpy.diff(GROUPS))[: len(p.lengths)]
        with float64():
            return core.get_adv_estimator_fn("grpo")(token_level_rewards=p.pad(reward), response_mask=p.pad(b["valid"]), index=index, norm_adv_by_std_in_grpo=True)[0]

    advantage = advantages(p, b)

    def loss(logp):
        config = verl_objectives.actor_config(**{k: actor[k] for k in ["clip_ratio", "clip_ratio_low", "clip_ratio_high", "clip_ratio_c"]})
        return core.get_policy_loss_fn("vanilla")(old_log_prob=p.pad(b["old_logp"]), log_prob=logp, advantages=advantage, response_mask=mask,
                                                  loss_agg_mode=actor["loss_agg_mode"], config=config)[0]

    def distance(logp):
        return core.kl_penalty(logp, p.pad(b["ref_logp"]), actor["kl_loss_type"])

    def with_kl(logp):
        return loss(logp) + actor["kl_loss_coef"] * core.agg_loss(distance(logp), mask, actor["loss_agg_mode"])

    own = p.pack(advantage)
    plain = {**result(p, b, own, loss), "kl": p.pack(distance(p.pad(b["logp"])))}
    return plain, result(p, b, own, with_kl), {"advantage": every.pack(advantages(every, all_of_it))}


def openrlhf(b):
    p, b = several(b)
    library = openrlhf_advantages.load()
    from openrlhf.models.loss import PolicyLoss

    text = (pathlib.Path(library[0].__file__).parents[2] / "cli/train_ppo_ray.py").read_text()
    found = dict(re.findall(r'"--(algo\.kl\.init_coef|algo\.kl\.estimator|reward\.clip_range|actor\.loss_agg_mode|actor\.dual_clip)",[^)]*?default=([^,]+(?:, 10\))?)', text))
    require({k: v.strip(" '\"\n") for k, v in found.items()}, **{"algo.kl.init_coef": "0.01", "algo.kl.estimator": "k1", "reward.clip_range": "(-10, 10)",
                                                              "actor.loss_agg_mode": "token-mean", "actor.dual_clip": "None"})
    require({k: v.default for k, v in inspect.signature(PolicyLoss.__init__).parameters.items()}, clip_eps_low=0.2, clip_eps_high=0.2, dual_clip=None,
            token_level_loss=True, policy_loss_type="ppo", is_correction_level="off")
    with float64():
        kl = library[2](p.pad(b["old_logp"]), p.pad(b["ref_logp"]), kl_estimator="k1")
    advantage, _ = openrlhf_advantages.advantages(library, p, {**b, "value": numpy.zeros(len(b["logp"]))}, "group_norm", kl_coef=0.01, gamma=1.0)
    module = PolicyLoss()

    def loss(logp):
        return module(logp, p.pad(b["old_logp"]), p.pad(advantage), action_mask=p.pad(b["valid"]))[0]

    return {**result(p, b, advantage, loss), "kl": p.pack(kl)}


def liger(b, of_series):
    p, b = several(b)
    default = require({k: v.default for k, v in inspect.signature(LigerFusedLinearGRPOLoss.__init__).parameters.items()}, beta=0.04, epsilon_low=0.2, epsilon_high=0.2,
                      loss_type="dapo", importance_sampling_level="token", delta=None, use_bias_correction_kl=False)
    names = ["beta", "epsilon_low", "epsilon_high", "loss_type", "importance_sampling_level", "delta", "use_bias_correction_kl"]
    mask = p.pad(b["valid"])

    def loss(logp):
        return LigerFusedLinearGRPOFunction.ppo_loss_fn(logp, mask, of_series, mask, p.pad(b["ref_logp"]), p.pad(b["old_logp"]), **{k: default[k] for k in names})[0]

    return result(p, b, numpy.repeat(of_series.numpy(), p.lengths), loss)


if __name__ == "__main__":
    check_versions(NEEDED)
    PartialState(cpu=True)  # TRL's logger asks for it
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    p, b = batch()
    of_series, plain, with_kl = trl(b)
    found = {"trl": plain, "trl_kl": with_kl, "liger": liger(b, of_series)}
    found["verl"], found["verl_kl"], found["verl_all"] = verl(p, b)
    found["openrlhf"] = openrlhf(b)
    write(folder / "preset/as_in.txt", f"recorded by as_in.py with {NEEDED}", {**b, **{f"{n}/{k}": v for n, rows in found.items() for k, v in rows.items()}})
