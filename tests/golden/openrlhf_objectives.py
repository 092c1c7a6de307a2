"""Records OpenRLHF's losses with their gradients: what a training step of its actor, and one of its critic, hands to the optimizer.

    python3.11 -m venv build/openrlhf
    build/openrlhf/bin/pip install torch==2.15.0 numpy==2.4.6 tqdm
    build/openrlhf/bin/pip install --no-deps openrlhf==0.11.2
    build/openrlhf/bin/python tests/golden/openrlhf_objectives.py

It writes objective/openrlhf.txt beside itself, or into the folder given as its argument: lines of `name number number ...`, each number the shortest decimal
that reads back as the same float64. ActorPPOTrainer.training_step and CriticPPOTrainer.training_step run, on trainers made without their constructor, with
OpenRLHF's PolicyLoss, ValueLoss and compute_approx_kl; what the models say is given. One process; what OpenRLHF makes float32 is float64 here.

The batch is that of objective_batch.py, six of its series, without a valid step in the second; rows are padded with zeros and mask 0. NAME is a loss, NAME/logp
(NAME/value, NAME/entropy) its gradient. Clipped to [1 - 0.2, 1 + 0.28], gspo to [1 - 0.02, 1 + 0.03]; advantages are per step, of gspo per series.
    token, series       loss_agg_mode token-mean, and by series; _dual with dual_clip 2
    gspo, gspo_token    policy_loss_type gspo, which is by series whatever loss_agg_mode says
    *_kl                with use_loss and kl_coef 0.04, by k3; *_kl_k1, *_kl_k2, and *_kl_KIND_unbiased with unbiased_gradient
    *_all               with the KL and entropy_coef 0.01
    is_LEVEL_MODE_GATE  the correction of the sampler's probabilities, exp(old_logp - sampler_logp) = is_weight, by series too: bounds in GATES; _series of those
                        aggregated by series, gspo_is is gspo with it, whose ratio is then to the sampler
    critic, critic_clip of value, old_value and return, without a clip and with 0.5; _series by series
"""

import pathlib
import sys
import types

import numpy
import torch
from common import bare_package, check_versions, float64, leave_out, write
from objective_batch import batch, off_kinks, series_mean, some

NEEDED = {"openrlhf": "0.11.2", "torch": "2.15.0", "numpy": "2.4.6"}
ABOUT = f"recorded by openrlhf_objectives.py with {NEEDED}"
GATES = {"token_mask_ratio": (0.5, 1.5), "token_clip_ratio": (0.5, 1.5), "seq_mask_ratio": (0.7, 1.2), "token_mask_binary_kl": (0, 0.05), "seq_mask_binary_kl": (0, 0.06),
         "token_mask_tv": (0, 0.2), "seq_mask_tv": (0, 0.15)}


def load():
    leave_out("ray", "deepspeed", "transformers", "openrlhf.trainer.ray.launcher", "openrlhf.trainer.ray.utils", "openrlhf.utils.deepspeed", "openrlhf.utils.vlm_utils",
              "openrlhf.utils.deepspeed.deepspeed_utils", "openrlhf.utils.distributed_util", "openrlhf.utils.logging_utils", "openrlhf.trainer.ppo_utils.replay_buffer")
    for name in ["openrlhf", "openrlhf.models", "openrlhf.utils", "openrlhf.trainer", "openrlhf.trainer.ray", "openrlhf.trainer.ppo_utils"]:
        bare_package(name)
    from openrlhf.models import loss

    everything = {"Actor": None, "get_llm_for_sequence_regression": None, **{k: getattr(loss, k) for k in ["PolicyLoss", "ValueLoss", "aggregate_loss"]}}
    vars(sys.modules["openrlhf.models"]).update(everything)
    vars(sys.modules["openrlhf.utils"]).update(get_tokenizer=None)
    vars(sys.modules["openrlhf.trainer.ppo_utils"]).update(NaiveReplayBuffer=None)
    from openrlhf.trainer.ray.ppo_actor import ActorPPOTrainer
    from openrlhf.trainer.ray.ppo_critic import CriticPPOTrainer

    return ActorPPOTrainer, CriticPPOTrainer, loss


class told:
    """An attribute of any name, which says nothing, but for those given."""

    def __init__(self, **known):
        vars(self).update(known)

    def __getattr__(self, name):
        return told()

    def __call__(self, *arguments, **more):
        return [0.0]


def losses(library, p, b):
    actor_trainer, critic_trainer, loss = library
    namespace = types.SimpleNamespace
    padded = {k: p.pad(v, float(k == "is_weight")) for k, v in b.items() if len(v) == p.offsets[-1]}
    by_series = p.pad(numpy.repeat(b["advantage"], p.lengths))
    mask = padded["valid"].bool()
    rows = {}

    def trained(kind, model, names, args, **attributes):
        """The loss that a step passes to the optimizer."""
        found = []
        trainer = object.__new__(kind)
        settings = namespace(train=namespace(dynamic_batch_enable=False), **args)
        vars(trainer).update(strategy=told(backward=lambda total, *others: found.append(total), ring_attn_group=None), args=settings, aux_loss=False, ema_model=None,
                             replay_buffer=None, **attributes)
        for name in names:
            vars(trainer)[name] = told()
        vars(trainer)[names[0]] = model
        return trainer, found

    class model:
        def __init__(self, result):
            self.result = result

        def train(self):
            pass

        def __call__(self, *arguments, **more):
            return self.result

    def policy(name, kl=None, entropy_coef=None, unbiased=False, by_step=True, **options):
        gspo = options.get("policy_loss_type") == "gspo"
        low, high = (0.02, 0.03) if gspo else (0.2, 0.28)
        logp, entropy = padded["logp"].clone().requires_grad_(), padded["entropy"].clone().requires_grad_()
        args = {"actor": namespace(entropy_coef=entropy_coef), "algo": namespace(kl=namespace(use_loss=kl is not None, init_coef=0.04, estimator=kl, unbiased_gradient=unbiased))}
        trainer, found = trained(actor_trainer, model((logp, namespace(entropy=entropy))), ["actor", "actor_optim", "actor_scheduler"], args,
                                 actor_loss_fn=loss.PolicyLoss(clip_eps_low=low, clip_eps_high=high, token_level_loss=by_step, **options))
        experience = told(action_mask=mask, action_log_probs=padded["old_logp"], advantages=by_series if gspo else padded["token_advantage"], mm_train_inputs=None,
                          base_action_log_probs=padded["ref_logp"], rollout_log_probs=padded["old_logp"] - padded["is_weight"].log(), info={})
        trainer.training_step(experience, 0.04, 0)
        rows[name] = found[0]
        rows[f"{name}/logp"], by_entropy = map(lambda x: None if x is None else p.pack(x), torch.autograd.grad(found[0], [logp, entropy], allow_unused=True))
        if by_entropy is not None:
            rows[f"{name}/entropy"] = by_entropy

    def value(name, clip, by_step):
        v = padded["value"].clone().requires_grad_()
        trainer, found = trained(critic_trainer, model((v, None)), ["critic", "critic_optim", "critic_scheduler"], {"actor": namespace(aux_loss_coef=0.0)},
                                 critic_loss_fn=loss.ValueLoss(clip, by_step))
        trainer.training_step(told(values=padded["old_value"], returns=padded["return"], action_mask=mask), 0)
        rows[name], (gradient,) = found[0], torch.autograd.grad(found[0], v)
        rows[f"{name}/value"] = p.pack(gradient)

    both = {"entropy_coef": 0.01, "kl": "k3"}
    for name, options in {"token": {}, "series": {"by_step": False}, "gspo": {"policy_loss_type": "gspo", "by_step": False}}.items():
        policy(name, **options)
        policy(f"{name}_kl", kl="k3", **options)
        policy(f"{name}_all", **both, **options)
        if name != "gspo":
            policy(f"{name}_dual", dual_clip=2.0, **options)
    policy("gspo_token", policy_loss_type="gspo")
    for kind in ["k1", "k2"]:
        policy(f"token_kl_{kind}", kl=kind)
    for kind in ["k1", "k2", "k3"]:
        policy(f"token_kl_{kind}_unbiased", kl=kind, unbiased=True)
    for name, bounds in GATES.items():
        level, mode, gate = name.split("_", 2)
        options = {"is_correction_level": level, "is_correction_mode": mode, "is_correction_gating": gate, "is_correction_threshold": bounds}
        policy(f"is_{name}", **options)
        policy(f"is_{name}_series", by_step=False, kl="k3", **options)
    policy("gspo_is", policy_loss_type="gspo", is_correction_level="token")
    for name, clip in [("critic", None), ("critic_clip", 0.5)]:
        value(name, clip, True)
        value(f"{name}_series", clip, False)
    return rows


def check_batch(p, b):
    ratio = b["is_weight"]
    rollout, train = numpy.exp(b["old_logp"]) / ratio, numpy.exp(b["old_logp"])
    assert (rollout < 1).all(), "a probability above 1"
    valid = b["valid"] > 0
    binary = rollout * numpy.log(rollout / train) + (1 - rollout) * numpy.log((1 - rollout) / (1 - train))
    full = numpy.add.reduceat(b["valid"], p.offsets[:-1]) > 0
    for x, limits, mean in [(ratio, (0.5, 1.5), None), (numpy.log(ratio), numpy.log((0.7, 1.2)), 1), (binary, (0.05,), None), (binary, (0.06,), 1),
                            (numpy.abs(rollout - train), (0.2,), None), (numpy.abs(rollout - train), (0.15,), 1)]:
        x = x[valid] if mean is None else series_mean(p, x, b["valid"])[full]
        off_kinks(x, limits)
        assert 0 < ((x >= limits[0]) if len(limits) > 1 else (x <= limits[0])).sum() < len(x) or len(limits) > 1, (x, limits)
    log_ratio = b["logp"] - b["old_logp"]
    off_kinks(numpy.exp(log_ratio)[valid], [0.8, 1.28, 2])
    off_kinks(numpy.exp(series_mean(p, log_ratio, b["valid"])[full]), [0.98, 1.03])
    held = b["old_value"] + numpy.clip(b["value"] - b["old_value"], -0.5, 0.5)
    off_kinks((b["value"] + held - 2 * b["return"])[held != b["value"]], [0])


def make():
    p, b = some(*batch(empty=True))
    del b["is_weight_series"]
    draws = numpy.random.default_rng(26)
    # The sampler's probability exp(old_logp) / is_weight has to be below 1.
    least = numpy.exp(b["old_logp"]) + 0.02
    b["is_weight"] = numpy.where(b["valid"] > 0, numpy.maximum(numpy.exp(draws.normal(0, 0.5, len(least))), least), 1.0)
    b["old_value"] = draws.normal(0, 1, len(least))
    b["value"], b["return"] = b["old_value"] + draws.normal(0, 0.6, len(least)), b["old_value"] + draws.normal(0, 1, len(least))
    return p, b


if __name__ == "__main__":
    check_versions(NEEDED)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    library = load()
    p, b = make()
    check_batch(p, b)
    with float64():
        write(folder / "objective/openrlhf.txt", ABOUT, {**b, **losses(library, p, b)})
