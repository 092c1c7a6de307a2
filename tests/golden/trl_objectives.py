"""Records the losses of TRL's GRPOTrainer with their gradients, its masks and weights, and what DPOTrainer and RewardTrainer minimize.

    python3 -m venv build/trl
    build/trl/bin/pip install trl==1.16.0 torch==2.15.0 numpy==2.4.6 transformers==5.23.0 accelerate==1.15.0
    build/trl/bin/python tests/golden/trl_objectives.py

It writes objective/trl_grpo.txt, objective/trl_masked.txt and objective/trl_preference.txt beside itself, or into the folder given as its argument: lines of
`name number number ...`, each number the shortest decimal that reads back as the same float64. TRL's own methods _compute_loss and compute_loss run, on
trainers made without their constructor from the few attributes that they read; what the models say is given. One process, float64.

trl_grpo.txt, on the batch of objective_batch.py, rows padded with zeros (is_weight with 1): NAME is a loss, NAME/logp and, where there is an entropy bonus,
NAME/entropy its gradients. Epsilon 0.2 and 0.28; by sequence 0.02 and 0.03; cispo above at 2.0. beta = 0.04 where a name has kl, times the ratio where it
has kl_corrected, which is TRL's default.
    grpo, bnpo, dr_grpo (max_completion_length 50), dapo, cispo, sapo, vespo, luspo; _sequence is importance_sampling_level;
                        all but cispo, sapo and vespo by token and by sequence, without a KL, with it and with the corrected one
    dapo_parts          num_items_in_batch 120, 2 accumulated batches of 4 steps per generation
    *_is                times is_weight, or in vespo's weights; grpo_sequence_is times is_weight_series
    gamma_weights(_is)  get_gamma_weights, per series
    off_policy_mask     get_off_policy_mask against old_logp, threshold 0.05, per series; grpo_off_policy uses it
    high_entropy_mask   get_high_entropy_mask, top_entropy_quantile 0.3, per step; grpo_high_entropy and grpo_high_entropy_bonus use it
    grpo_bonus          entropy_coef 0.01; grpo_high_entropy_bonus likewise
    adaptive_coef       entropy_coef after each of the updates whose mean entropy is in adaptive_entropy, from 0.002 with target 0.2, delta 0.005, between 0
                        and 0.02; adaptive_applied what the loss of that update was given

trl_masked.txt: the losses of the first two lines by six of the series, 33 steps, without a valid step in the second; cispo, sapo and vespo with a KL too,
and NAME_kl of grpo with is_weight(_series), the off-policy mask, the high-entropy mask and the bonus.
bnpo_parts (_kl, _kl_corrected): of two microbatches of three series each, with current_gradient_accumulation_steps 2, the sum that accumulates.

trl_preference.txt: chosen, rejected, chosen_ref, rejected_ref are sums of log-probabilities, of chosen_length and rejected_length tokens. NAME is
DPOTrainer's loss (beta 0.1, label_smoothing 0.1), the mean over the pairs, NAME/chosen and NAME/rejected the gradients by the sums; simpo and orpo are
CPOTrainer's and ORPOTrainer's. smoothed is aot,
which has the label smoothing that sigmoid lacks, of one pair at a time, so that it sorts nothing. forward_kl and js_divergence: sigmoid with that
f_divergence_type. reward, reward_margin, reward_centered (center_rewards_coefficient 0.01, with margin): RewardTrainer's, of chosen_reward,
rejected_reward and margin.
"""

import collections
import pathlib
import sys
import types

import numpy
import torch
from accelerate import PartialState
from common import check_versions, float64, packing, write
from objective_batch import KINKS, batch, off_kinks, series_mean, some
from trl import DPOTrainer, GRPOTrainer, RewardTrainer
from trl.experimental.cpo import CPOTrainer
from trl.experimental.orpo import ORPOTrainer

NEEDED = {"trl": "1.16.0", "torch": "2.15.0", "numpy": "2.4.6", "transformers": "5.23.0", "accelerate": "1.15.0"}
ABOUT = f"recorded by trl_objectives.py with {NEEDED}"


def same(x, *others, **more):
    return x


def stand_in(kind, **attributes):
    """A trainer with what its method reads, in one process."""
    trainer = object.__new__(kind)
    accelerator = types.SimpleNamespace(device=torch.device("cpu"), num_processes=1, sync_gradients=True, gather=same, gather_for_metrics=same, reduce=same,
                                        pad_across_processes=same)
    vars(trainer).update(accelerator=accelerator, model=types.SimpleNamespace(training=True), aux_loss_enabled=False, _total_train_tokens=0, _tp_size=1,
                         _metrics={"train": collections.defaultdict(list)}, **attributes)
    return trainer


def grpo(p, b, masked=False, parts=1):
    padded = {k: p.pad(v, float(k == "is_weight")) for k, v in b.items() if len(v) == p.offsets[-1]}
    mask = padded["valid"].long()
    prompt = torch.ones(len(p.lengths), 1, dtype=torch.long)
    rows = {}

    def trainer(kind="grpo", level="token", **options):
        low, high = (0.02, 0.03) if level == "sequence" else (0.2, 2.0 if kind == "cispo" else 0.28)
        defaults = {"delta": None, "use_bias_correction_kl": False, "sapo_temperature_pos": 1.0, "sapo_temperature_neg": 1.05, "vespo_k_pos": 2.0,
                    "vespo_lambda_pos": 3.0, "vespo_k_neg": 3.0, "vespo_lambda_neg": 2.0, "steps_per_generation": 1}
        of_trainer = {"beta": 0.0, "top_entropy_quantile": 1.0, "off_policy_mask_threshold": None, "use_vllm": False, "current_gradient_accumulation_steps": parts,
                      "_entropy_bonus_enabled": False, "entropy_coef": 0.0, "use_adaptive_entropy": False}
        arguments = types.SimpleNamespace(**{k: options.pop(k, v) for k, v in defaults.items()})
        return stand_in(GRPOTrainer, loss_type=kind, importance_sampling_level=level, epsilon_low=low, epsilon_high=high, max_completion_length=50,
                        vllm_importance_sampling_correction=True, args=arguments, **{**of_trainer, **options})

    def loss_of(trainer, weights=None, items=None, entropy=None):
        logp, entropy = padded["logp"].clone().requires_grad_(), (padded["entropy"] if entropy is None else entropy).clone().requires_grad_()
        trainer._get_per_token_logps_and_entropies = lambda *arguments, **more: (logp, entropy, None)
        inputs = {"prompt_ids": prompt, "prompt_mask": prompt, "completion_ids": mask, "completion_mask": mask, "advantages": torch.tensor(b["advantage"]),
                  "old_per_token_logps": padded["old_logp"], "ref_per_token_logps": padded["ref_logp"],
                  "num_items_in_batch": torch.tensor(float(items or mask.sum()))}
        if weights is not None:
            inputs["importance_sampling_ratio"] = weights
        loss = trainer._compute_loss(None, inputs)
        return loss, *torch.autograd.grad(loss, [logp, entropy], allow_unused=True)

    def record(name, *arguments, weights=None, items=None, **options):
        loss, by_logp, by_entropy = loss_of(trainer(*arguments, use_vllm=weights is not None, **options), weights, items)
        rows[name], rows[f"{name}/logp"] = loss, p.pack(by_logp)
        if by_entropy is not None:
            rows[f"{name}/entropy"] = p.pack(by_entropy)

    kl, corrected = {"beta": 0.04}, {"beta": 0.04, "use_bias_correction_kl": True}
    for kind in ["grpo", "bnpo", "dr_grpo", "dapo", "cispo", "sapo", "vespo", "luspo"]:
        record(kind, kind)
    for name, options in [("kl", kl), ("kl_corrected", corrected)]:
        for kind in ["grpo", "bnpo", "dr_grpo", "dapo", "luspo"]:
            for level in ["token", "sequence"]:
                record(f"{kind}_{'sequence_' * (level == 'sequence')}{name}", kind, level, **options)
    for kind in ["grpo", "bnpo", "dr_grpo", "dapo", "luspo"]:
        record(f"{kind}_sequence", kind, "sequence")
    if masked:
        for kind in ["cispo", "sapo", "vespo"]:
            record(f"{kind}_kl", kind, **kl)
            record(f"{kind}_kl_corrected", kind, **corrected)
        record("grpo_is_kl", weights=padded["is_weight"], **kl)
        record("grpo_sequence_is_kl", "grpo", "sequence", weights=torch.tensor(b["is_weight_series"])[:, None], **kl)
        record("grpo_off_policy_kl", off_policy_mask_threshold=0.05, **kl)
        record("grpo_high_entropy_kl", top_entropy_quantile=0.3, **kl)
        record("grpo_bonus_kl", _entropy_bonus_enabled=True, entropy_coef=0.01, **kl)
        return rows
    record("dapo_parts", "dapo", items=120, current_gradient_accumulation_steps=2, steps_per_generation=4)
    for kind in ["grpo", "sapo", "vespo", "luspo"]:
        record(f"{kind}_is", kind, weights=padded["is_weight"])
    record("grpo_sequence_is", "grpo", "sequence", weights=torch.tensor(b["is_weight_series"])[:, None])
    log_ratio = padded["logp"] - padded["old_logp"]
    for name, weights in [("gamma_weights", None), ("gamma_weights_is", padded["is_weight"])]:
        rows[name] = GRPOTrainer.get_gamma_weights(torch.tensor(b["advantage"])[:, None], log_ratio, mask, weights)
    rows["off_policy_mask"] = GRPOTrainer.get_off_policy_mask(torch.tensor(b["advantage"])[:, None], padded["logp"], padded["old_logp"], mask, 0.05)
    record("grpo_off_policy", off_policy_mask_threshold=0.05)
    rows["high_entropy_mask"] = p.pack(trainer().get_high_entropy_mask(padded["entropy"], mask, 1 - 0.3).double())
    record("grpo_high_entropy", top_entropy_quantile=0.3)
    bonus = {"_entropy_bonus_enabled": True, "entropy_coef": 0.01}
    record("grpo_bonus", **bonus)
    record("grpo_high_entropy_bonus", top_entropy_quantile=0.3, **bonus)

    levels = numpy.array([0.35, 0.15, 0.1, 0.05, 0.19, 0.12, 0.5, 0.3, 0.21, 0.18, 0.25, 0.4, 0.3, 0.1])
    adaptive = trainer(_entropy_bonus_enabled=True, entropy_coef=0.002, use_adaptive_entropy=True, _entropy_window_stats=None, _last_world_entropy=float("inf"))
    vars(adaptive.args).update(entropy_target=0.2, entropy_coef_delta=0.005, entropy_coef_min=0.0, entropy_coef_max=0.02)
    rows["adaptive_entropy"], rows["adaptive_applied"], rows["adaptive_coef"] = levels, [], []
    for level in levels:
        _, _, by_entropy = loss_of(adaptive, entropy=torch.full_like(padded["entropy"], level))
        rows["adaptive_applied"].append(0.0 - float(by_entropy.sum()))
        rows["adaptive_coef"].append(adaptive.entropy_coef)
    return rows


def microbatches(b):
    """bnpo of series 1 to 3 and of 4 to 6, as two microbatches of one step: the losses and gradients that add up."""
    first, second = (grpo(*some(packing(numpy.diff(b["offsets"])), b, chosen), masked=True, parts=2) for chosen in [(0, 1, 2), (3, 4, 5)])
    rows = {}
    for name in ["", "_kl", "_kl_corrected"]:
        rows[f"bnpo_parts{name}"] = first[f"bnpo{name}"] + second[f"bnpo{name}"]
        rows[f"bnpo_parts{name}/logp"] = numpy.concatenate([first[f"bnpo{name}/logp"], second[f"bnpo{name}/logp"]])
    return rows


def dpo():
    draws = numpy.random.default_rng(23)
    n = 12
    sums = {k: draws.uniform(-40, -5, n) for k in ["chosen_ref", "rejected_ref"]}
    sums = {"chosen": sums["chosen_ref"] + draws.normal(0, 2.5, n), "rejected": sums["rejected_ref"] + draws.normal(0, 2.5, n), **sums}
    sums["chosen"][:2] += [14, -6]
    lengths = {"chosen_length": draws.integers(2, 9, n), "rejected_length": draws.integers(2, 9, n)}
    rows = {**sums, **lengths}

    def loss_of(kind, pairs, **options):
        length = torch.tensor(numpy.concatenate([lengths["chosen_length"][pairs], lengths["rejected_length"][pairs]]))
        own = torch.arange(9) < length[:, None]  # after a prompt of one token
        both = [torch.tensor(numpy.concatenate([sums[k][pairs] for k in names])) for names in [["chosen", "rejected"], ["chosen_ref", "rejected_ref"]]]
        parts = [torch.nn.functional.pad(x[:, None], (0, 8)) for x in both]  # the sum on the first token
        parts[0].requires_grad_()
        outputs = [types.SimpleNamespace(log_probs=x, entropy=own.double(), mean_logits=own.double(), is_top1=own) for x in parts]
        trainer = stand_in(DPOTrainer, ld_alpha=None, precompute_ref_logps=False, f_divergence_type=options.get("f", "reverse_kl"), loss_types=[kind],
                           loss_weights=[1.0], beta=0.1, label_smoothing=0.1, use_weighting=False, ref_model=lambda **arguments: outputs[1],
                           args=types.SimpleNamespace(gradient_checkpointing_kwargs=None, discopop_tau=0.05))
        trainer.model = types.SimpleNamespace(training=True, is_gradient_checkpointing=False)
        mask = torch.nn.functional.pad(own.long(), (1, 0))
        inputs = {"input_ids": mask, "attention_mask": mask, "completion_mask": mask}
        loss = trainer._compute_loss(lambda **arguments: outputs[0], inputs, False)
        (gradient,) = torch.autograd.grad(loss, parts[0])
        return loss, *gradient[:, 0].chunk(2)

    def add(name, loss, chosen, rejected):
        rows[name], rows[f"{name}/chosen"], rows[f"{name}/rejected"] = loss, chosen, rejected

    everything = numpy.arange(n)
    for kind in ["sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot", "aot_unpaired", "apo_zero", "apo_down",
                 "discopop", "sigmoid_norm"]:
        add(kind, *loss_of(kind, everything))
    for divergence in ["forward_kl", "js_divergence"]:
        add(divergence, *loss_of("sigmoid", everything, f=divergence))
    single = [loss_of("aot", everything[i : i + 1]) for i in range(n)]
    add("smoothed", *(torch.stack([x[i] for x in single]).mean(0) if i == 0 else torch.cat([x[i] for x in single]) / n for i in range(3)))
    off_kinks(0.1 * (sums["chosen"] - sums["chosen_ref"] - sums["rejected"] + sums["rejected_ref"]), [1])
    return rows


def without_reference(sums):
    """SimPO (beta 2, gamma 1, smoothed by 0.1) and ORPO (weight 0.1, with the paper's likelihood of the chosen), of mean log-probabilities."""
    rows = {}
    means = [torch.tensor(sums[k] / sums[f"{k}_length"], requires_grad=True) for k in ["chosen", "rejected"]]
    simpo = stand_in(CPOTrainer, alpha=0.0, loss_type="simpo", simpo_gamma=1.0, beta=2.0, label_smoothing=0.1)
    orpo = stand_in(ORPOTrainer, beta=0.1)
    to_float, torch.Tensor.float = torch.Tensor.float, torch.Tensor.double  # TRL takes ORPO's odds in float32
    losses = {"simpo": simpo.cpo_loss(*means)[0].mean(), "orpo": -means[0].mean() - orpo.odds_ratio_loss(*means)[0].mean()}
    torch.Tensor.float = to_float
    for name, loss in losses.items():
        slopes = torch.autograd.grad(loss, means)
        rows[name] = loss
        for k, slope in zip(["chosen", "rejected"], slopes):
            rows[f"{name}/{k}"] = slope / torch.tensor(sums[f"{k}_length"])  # by the sums
    return rows


def reward():
    draws = numpy.random.default_rng(24)
    n = 12
    rows = {"chosen_reward": draws.normal(0.5, 2, n), "rejected_reward": draws.normal(0, 2, n), "margin": draws.uniform(0, 1.5, n)}
    for name, margin, coefficient in [("reward", False, None), ("reward_margin", True, None), ("reward_centered", True, 0.01)]:
        logits = torch.tensor(numpy.concatenate([rows["chosen_reward"], rows["rejected_reward"]])[:, None], requires_grad=True)
        inputs = {"attention_mask": torch.ones(2 * n, 1), **({"margin": torch.tensor(rows["margin"])} if margin else {})}
        trainer = stand_in(RewardTrainer, args=types.SimpleNamespace(center_rewards_coefficient=coefficient))
        loss = trainer.compute_loss(lambda **arguments: types.SimpleNamespace(logits=logits), inputs)
        (gradient,) = torch.autograd.grad(loss, logits)
        rows[name], (rows[f"{name}/chosen"], rows[f"{name}/rejected"]) = loss, gradient[:, 0].chunk(2)
    return rows


def check_batch(p, b):
    log_ratio = b["logp"] - b["old_logp"]
    means = series_mean(p, log_ratio, b["valid"])
    off_kinks(numpy.exp(log_ratio), KINKS)
    off_kinks(numpy.exp(means), [0.98, 1.03])
    off_kinks(-means, [0.05])
    entropy = numpy.sort(b["entropy"][b["valid"] > 0])
    off_kinks(entropy, [numpy.quantile(entropy, 0.7)], 1e-5)


if __name__ == "__main__":
    check_versions(NEEDED)
    PartialState(cpu=True)  # TRL's logger asks for it
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    p, b = batch()
    del b["token_advantage"]
    check_batch(p, b)
    with float64():
        write(folder / "objective/trl_grpo.txt", ABOUT, {**b, **grpo(p, b)})
        p, b = some(*batch(empty=True))
        del b["token_advantage"]
        write(folder / "objective/trl_masked.txt", ABOUT, {**b, **grpo(p, b, masked=True), **microbatches(b)})
        write(folder / "objective/trl_preference.txt", ABOUT, {**(pairs := dpo()), **without_reference(pairs), **reward()})
