"""Records the losses of liger-kernel's LigerFusedLinearGRPOFunction.ppo_loss_fn, and their gradients by the log-probabilities.

    python3 -m venv build/liger
    build/liger/bin/pip install liger-kernel==0.8.5 torch==2.15.0 numpy==2.4.6
    build/liger/bin/python tests/golden/liger_objectives.py

It writes objective/liger_token.txt, objective/liger_sequence.txt (importance_sampling_level), and objective/liger_masked_token.txt and
objective/liger_masked_sequence.txt, of six of the series, 33 steps, without a valid step in the second, beside itself, or into the folder given as its argument:
lines of `name number number ...`, each number the shortest decimal that reads back as the same float64. The first rows are the batch of
objective_batch.py and the options.

Every other NAME is a loss, NAME/logp its gradient (also at steps that are not valid: 0 but for luspo), NAME/clipped Liger's share of clipped steps and, where
beta > 0, NAME/kl its mean KL. NAME is LOSS or LOSS_SUFFIX, LOSS one of grpo, bnpo, dr_grpo, dapo, luspo, and by token cispo, sapo, vespo:

    (none)        beta = 0
    _kl           beta
    _kl_corrected beta, use_bias_correction_kl
    _is           vllm_is_ratio = is_weight by token, is_weight_series by sequence
    _delta        delta (not cispo, sapo, vespo)
    _all          all of it
    _items        num_items_in_batch (dapo, cispo, vespo)

Clipped to [1 - epsilon_low, 1 + epsilon_high]; cispo only above, at cispo_high itself. dr_grpo divides by the number of series times
max_completion_length. Rows are padded to the longest series with logp = old_logp = ref_logp = 0 and is_weight = 1: luspo by token, or with a KL, sums over
the padding and the steps that are not valid too. Liger casts the count of valid steps to float32; here float32 is made to mean float64.
"""

import pathlib
import sys

import torch
from common import check_versions, float64, write
from liger_kernel.chunked_loss.grpo_loss import LigerFusedLinearGRPOFunction
from objective_batch import KINKS, batch, off_kinks, series_mean, some

NEEDED = {"liger-kernel": "0.8.5", "torch": "2.15.0", "numpy": "2.4.6"}
TOKEN = {"epsilon_low": 0.2, "epsilon_high": 0.28, "delta": 1.5, "cispo_high": 2.0}
SEQUENCE = {"epsilon_low": 0.02, "epsilon_high": 0.03, "delta": 1.08}
UNMASKED = {"is", "all", "items"}  # suffixes that the smaller batch does without
SHARED = {"beta": 0.04, "max_completion_length": 50, "num_items": 120}


def losses(p, b, level, options):
    padded = {k: p.pad(v, float(k == "is_weight")) for k, v in b.items() if len(v) == p.offsets[-1]}
    weights = padded["is_weight"] if level == "token" else torch.tensor(b["is_weight_series"])[:, None]
    kl, delta, items = {"beta": options["beta"]}, {"delta": options["delta"]}, {"num_items_in_batch": options["num_items"]}
    suffixes = {"": {}, "_kl": kl, "_kl_corrected": {**kl, "use_bias_correction_kl": True}, "_is": {"vllm_is_ratio": weights}, "_delta": delta,
                "_all": {**kl, "use_bias_correction_kl": True, "vllm_is_ratio": weights, **delta}, "_items": items}
    rows = {}
    for kind in ["grpo", "bnpo", "dr_grpo", "dapo", "luspo"] + ["cispo", "sapo", "vespo"] * (level == "token"):
        for suffix, more in suffixes.items():
            if (suffix == "_delta" and kind in ["cispo", "sapo", "vespo"]) or (suffix == "_items" and kind not in ["dapo", "cispo", "vespo"]):
                continue
            high = options["cispo_high"] if kind == "cispo" else options["epsilon_high"]
            logp = padded["logp"].clone().requires_grad_()
            loss, metrics = LigerFusedLinearGRPOFunction.ppo_loss_fn(
                logp, padded["valid"], torch.tensor(b["advantage"]), padded["valid"], padded["ref_logp"], padded["old_logp"], loss_type=kind,
                importance_sampling_level=level, epsilon_low=options["epsilon_low"], epsilon_high=high,
                max_completion_length=options["max_completion_length"], **{"beta": 0.0, **more})
            name = kind + suffix
            (gradient,) = torch.autograd.grad(loss, logp)
            rows[name], rows[f"{name}/logp"], rows[f"{name}/clipped"] = loss, p.pack(gradient), metrics[-1]
            if len(metrics) > 1:
                rows[f"{name}/kl"] = metrics[0]
    return rows


if __name__ == "__main__":
    check_versions(NEEDED)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    p, b = batch()
    del b["token_advantage"], b["entropy"]
    log_ratio = b["logp"] - b["old_logp"]
    off_kinks(torch.tensor(log_ratio).exp(), KINKS)
    off_kinks(torch.tensor(series_mean(p, log_ratio, b["valid"])).exp(), [0.98, 1.03, 1.08])
    for level, options in [("token", {**TOKEN, **SHARED}), ("sequence", {**SEQUENCE, **SHARED})]:
        with float64():
            rows = losses(p, b, level, options)
        about = f"recorded by liger_objectives.py with {NEEDED}"
        write(folder / f"objective/liger_{level}.txt", about, {**b, **{k: [v] for k, v in options.items()}, **rows})
        part, masked = some(*batch(empty=True))
        del masked["token_advantage"], masked["entropy"]
        with float64():
            rows = {k: v for k, v in losses(part, masked, level, options).items() if not k.endswith(("/clipped", "/kl")) and not set(k.split("/")[0].split("_")) & UNMASKED}
        write(folder / f"objective/liger_masked_{level}.txt", about, {**masked, **rows})
