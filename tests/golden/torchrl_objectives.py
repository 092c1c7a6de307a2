"""Records TorchRL's losses and their gradients: PPO's, A2C's and Reinforce's on steps, and GRPO's and CISPO's on completions.

    python3 -m venv build/torchrl
    build/torchrl/bin/pip install torchrl==0.14.1 tensordict==0.14.3 torch==2.15.0 numpy==2.4.6
    build/torchrl/bin/python tests/golden/torchrl_objectives.py

It writes objective/torchrl_categorical.txt, objective/torchrl_gaussian.txt, objective/torchrl_language.txt and objective/torchrl_masked.txt beside itself, or
into the folder given as its argument: lines of `name number number ...`, arrays row by row, each number the shortest decimal that reads back as the same float64. The networks
are identities, so a distribution's parameters and the value are given and gradients are by them.

Steps: logits and old_logits (steps x 4), or loc, scale, old_loc, old_scale (steps x 2); action, old_logp, advantage, value, old_value, target per step.
NAME is loss_objective, NAME/logits (or /loc, /scale) its gradient, NAME/METRIC what TorchRL returns beside it:

    ppo              PPOLoss, without a clip
    clip, clip_high  ClipPPOLoss, clip_epsilon 0.2, (0.2, 0.28)
    clip_normalized  with normalize_advantage
    clip_capped      with max_importance_ratio 1.5
    kl               KLPENPPOLoss, beta 1, dtarg 0.01, with KL(old || new), whose mean is kl/kl; kl/beta_after is beta afterwards. It is changed in
                     place before there is a backward pass, so the loss is with beta 1 and the gradient with beta_after.
                     kl_large with dtarg 10, kl_right with dtarg = the mean KL
    a2c, reinforce   A2CLoss, ReinforceLoss
    entropy          loss_entropy, entropy_coeff 0.01
    critic_TYPE      loss_critic of A2CLoss by loss_critic_type, critic_coeff 1; critic_TYPE_clipped with clip_value 0.5; gradient NAME/value

Completions: the batch of objective_batch.py in rows padded with zeros to the longest, steps that are not valid masked. NAME is loss_objective, NAME/logp
its gradient: grpo, grpo_high (clip_epsilon 0.2, (0.2, 0.28)), cispo (CISPOLoss, (0.2, 0.28)); _prompt with aggregation prompt_mean; grpo_kl_mask with
kl_mask_threshold 0.08. kl_to_ref is loss_kl_to_ref, kl_to_ref_coeff 0.04, and NAME_kl the sum of NAME and that. torchrl_masked.txt has six of the
series, 33 steps, without a valid step in the second.
"""

import pathlib
import sys
import types
import warnings

import numpy
import torch
from common import check_versions, float64, write
from objective_batch import KINKS, batch, off_kinks, some
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from torchrl.modules import ProbabilisticActor
from torchrl.objectives import A2CLoss, ClipPPOLoss, KLPENPPOLoss, PPOLoss, ReinforceLoss
from torchrl.objectives.llm import CISPOLoss, GRPOLoss

NEEDED = {"torchrl": "0.14.1", "tensordict": "0.14.3", "torch": "2.15.0", "numpy": "2.4.6"}
ABOUT = f"recorded by torchrl_objectives.py with {NEEDED}"
STEPS = 24


def gaussian(loc, scale):
    return torch.distributions.Independent(torch.distributions.Normal(loc, scale), 1)


def categorical(logits):
    return torch.distributions.Categorical(logits=logits)


def steps(kind):
    draws = numpy.random.default_rng(48)
    if kind == "categorical":
        old = {"old_logits": draws.normal(0, 1, (STEPS, 4))}
        new, action = {"logits": old["old_logits"] + draws.normal(0, 0.4, (STEPS, 4))}, draws.integers(0, 4, STEPS)
        distribution = categorical
    else:
        old = {"old_loc": draws.normal(0, 1, (STEPS, 2)), "old_scale": draws.uniform(0.3, 1.5, (STEPS, 2))}
        new = {"loc": old["old_loc"] + old["old_scale"] * draws.normal(0, 0.3, (STEPS, 2)),
               "scale": old["old_scale"] * numpy.exp(draws.normal(0, 0.1, (STEPS, 2)))}
        action, distribution = old["old_loc"] + old["old_scale"] * draws.normal(0, 1, (STEPS, 2)), gaussian
    logp, old_logp = (distribution(*map(torch.tensor, x.values())).log_prob(torch.tensor(action)) for x in [new, old])
    ratio = (logp - old_logp).exp().numpy()
    off_kinks(ratio, KINKS[:5])
    advantage = draws.normal(0, 1.5, STEPS)
    assert all(((ratio < 0.8) & (s * advantage > 0)).any() and ((ratio > 1.5) & (s * advantage > 0)).any() for s in [-1, 1])
    target = draws.normal(0, 2, STEPS)
    value, old_value = target + draws.normal(0, 1, STEPS), target + draws.normal(0, 1, STEPS)
    return distribution, list(new), {**new, **old, "action": action, "old_logp": old_logp.numpy(), "advantage": advantage, "value": value,
                                     "old_value": old_value, "target": target}


def losses(distribution, parameters, b):
    inputs = [f"{k}_of_net" for k in parameters]
    actor = ProbabilisticActor(TensorDictModule(lambda *x: x if len(x) > 1 else x[0], in_keys=inputs, out_keys=parameters), in_keys=parameters,
                               distribution_class=distribution, return_log_prob=True)
    critic = TensorDictModule(lambda x: x * 1, in_keys=["value_of_net"], out_keys=["state_value"])
    column = lambda name: torch.tensor(b[name])[:, None]
    rows = {}

    def compute(kind, output="loss_objective", *, actor_network=actor, critic_network=critic, **options):
        nets = {i: torch.tensor(b[k], requires_grad=True) for i, k in zip(inputs, parameters)}
        value = column("value").requires_grad_()
        td = TensorDict({**nets, **{k: torch.tensor(b[f"old_{k}"]) for k in parameters}, "action": torch.tensor(b["action"]), "value_of_net": value,
                         f"{actor.log_prob_keys[0]}": torch.tensor(b["old_logp"]), "advantage": column("advantage"), "value_target": column("target"),
                         "state_value": column("old_value")}, [STEPS])
        loss = kind(actor_network, critic_network, functional=False, **options)
        result = loss(td)
        return loss, result, result[output], nets, value

    def record(name, kind, output="loss_objective", metrics=(), **options):
        loss, result, objective, nets, _ = compute(kind, output, **options)
        gradients = torch.autograd.grad(objective, nets.values(), materialize_grads=True)
        rows[name] = objective
        rows.update({f"{name}/{k}": g for k, g in zip(parameters, gradients)})
        rows.update({f"{name}/{k}": result[k].mean() for k in metrics})
        return loss

    metrics = ["kl_approx", "clip_fraction", "ESS", "max_ratio", "mean_ratio"]
    record("ppo", PPOLoss)
    record("clip", ClipPPOLoss, metrics=metrics)
    record("clip_high", ClipPPOLoss, clip_epsilon=(0.2, 0.28), metrics=metrics)
    record("clip_normalized", ClipPPOLoss, normalize_advantage=True)
    record("clip_capped", ClipPPOLoss, max_importance_ratio=1.5, metrics=metrics)
    for name, limit in [("kl", 0.01), ("kl_large", 10.0), ("kl_right", None)]:
        loss = record(name, KLPENPPOLoss, metrics=["kl"], dtarg=float(rows["kl/kl"]) if limit is None else limit)
        rows[f"{name}/beta_after"] = loss.beta
    record("a2c", A2CLoss)
    record("reinforce", ReinforceLoss, "loss_actor")
    record("entropy", A2CLoss, "loss_entropy")
    for kind in ["smooth_l1", "l1", "l2"]:
        for name, options in [(f"critic_{kind}", {}), (f"critic_{kind}_clipped", {"clip_value": 0.5})]:
            _, _, objective, _, value = compute(A2CLoss, "loss_critic", loss_critic_type=kind, **options)
            rows[name], (rows[f"{name}/value"],) = objective, torch.autograd.grad(objective, value)
    return rows


def check_values(b):
    held = b["old_value"] + numpy.clip(b["value"] - b["old_value"], -0.5, 0.5)
    off_kinks(numpy.abs(b["value"] - b["old_value"]), [0.5])
    off_kinks(numpy.abs([b["value"] - b["target"], held - b["target"]]), [0, 1])
    off_kinks((b["value"] + held - 2 * b["target"])[held != b["value"]], [0])


class model:
    """What the losses of completions ask of a language model: a distribution with a mask, whose log-probabilities are given."""

    def __init__(self, logp, mask):
        self.distribution = types.SimpleNamespace(mask=mask, log_prob=lambda action: logp)

    def get_dist(self, tensordict, logits_key):
        return self.distribution


def language(p, b, masked=False):
    padded = {k: p.pad(v) for k, v in b.items() if len(v) == p.offsets[-1]}
    rows = {}

    def record(name, kind, *outputs, **options):
        logp = padded["logp"].clone().requires_grad_()
        td = TensorDict({("tokens", "full"): padded["valid"].long(), ("log_probs", "full"): padded["old_logp"],
                         ("next", "ref_log_probs", "full"): padded["ref_logp"],
                         "advantage": torch.tensor(b["advantage"])[:, None, None].expand(*p.own.shape, 1)}, [len(p.lengths)])
        loss = kind(model(logp, padded["valid"].bool()), entropy_bonus=False, **options)
        result = loss(td)
        objective = sum(getattr(result, output).sum() for output in outputs or ["loss_objective"])
        (gradient,) = torch.autograd.grad(objective, logp)
        rows[name], rows[f"{name}/logp"] = objective, p.pack(gradient)
        if not masked and name in ["grpo", "cispo"]:
            rows.update({f"{name}/{k}": getattr(result, k) for k in ["clip_fraction", "ESS", "kl_approx"]})

    high = {"clip_epsilon": (0.2, 0.28)}
    record("grpo", GRPOLoss)
    record("grpo_high", GRPOLoss, **high)
    record("cispo", CISPOLoss, **high)
    record("grpo_prompt", GRPOLoss, aggregation="prompt_mean")
    record("cispo_prompt", CISPOLoss, aggregation="prompt_mean", **high)
    record("grpo_kl_mask", GRPOLoss, kl_mask_threshold=0.08)
    record("kl_to_ref", GRPOLoss, "loss_kl_to_ref", kl_to_ref_coeff=0.04)
    if masked:
        for name, options in [("grpo", {}), ("grpo_prompt", {"aggregation": "prompt_mean"}), ("grpo_kl_mask", {"kl_mask_threshold": 0.08})]:
            record(f"{name}_kl", GRPOLoss, "loss_objective", "loss_kl_to_ref", kl_to_ref_coeff=0.04, **options)
    return rows


if __name__ == "__main__":
    check_versions(NEEDED)
    warnings.filterwarnings("ignore")
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    with float64():
        for kind in ["categorical", "gaussian"]:
            distribution, parameters, b = steps(kind)
            check_values(b)
            write(folder / f"objective/torchrl_{kind}.txt", ABOUT, {**b, **losses(distribution, parameters, b)})
        p, b = batch()
        del b["token_advantage"], b["is_weight"], b["is_weight_series"], b["entropy"]
        off_kinks(numpy.exp(b["logp"] - b["old_logp"]), KINKS)
        off_kinks((b["logp"] - b["old_logp"]) ** 2 / 2, [0.08])
        write(folder / "objective/torchrl_language.txt", ABOUT, {**b, **language(p, b)})
        p, b = some(*batch(empty=True))
        del b["token_advantage"], b["is_weight"], b["is_weight_series"], b["entropy"]
        write(folder / "objective/torchrl_masked.txt", ABOUT, {**b, **language(p, b, masked=True)})
