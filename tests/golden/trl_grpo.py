"""Records the advantages of TRL's GRPOTrainer and RLOOTrainer.

    python3 -m venv build/trl
    build/trl/bin/pip install trl==1.16.0 torch==2.15.0 numpy==2.4.6 transformers==5.23.0 accelerate==1.15.0
    build/trl/bin/python tests/golden/trl_grpo.py

It writes advantage/trl.txt beside itself, or into the folder given as its argument: lines of `name number number ...`, each number the shortest
decimal that reads back as the same float64.

TRL's own method _generate_and_score_completions runs, with its _calculate_rewards; only what generates and what the models say is given. The
trainers are made without their constructor, from the few attributes that the method reads.

Six groups of group_size series, three reward functions: reward/NAME has a number a series, nan where the function returned None; weights is in
the same order. The groups: all rewards there; some None; a series without any reward, which TRL calls unscorable; only one scorable series;
equal rewards; no scorable series. old_logp and ref_logp are per step, series n from offsets[n] up to offsets[n + 1]. Results are per series:

    scale_group, scale_batch, scale_none     scale_rewards, of the weighted sum without what is None
    normalize_then_sum                       each function normalized in its group (scale_rewards is not read), their weighted sum normalized over
                                             the batch
    truncated                                scale_group with mask_truncated_completions, where every third completion has no end: the same; and
                                             truncated_steps how many steps of each its completion_mask leaves
    rloo                                     leave-one-out; rloo_kl with beta = 0.05 times the sum of old_logp - ref_logp off the reward; rloo_clip
                                             with the reward clipped to [-1, 1] before that; rloo_normalized with normalize_advantages

Rewards are multiples of 1/64, because TRL keeps them in float32; so are nanstd's Bessel factors, in the default dtype. Here both are float64.
"""

import collections
import pathlib
import sys
import types

import numpy
import torch
from accelerate import PartialState
from common import check_versions, float64, write
from trl import GRPOTrainer, RLOOTrainer

NEEDED = {"trl": "1.16.0", "torch": "2.15.0", "numpy": "2.4.6", "transformers": "5.23.0", "accelerate": "1.15.0"}
GROUP = 4


def batch():
    draws = numpy.random.default_rng(10)
    n = 6 * GROUP
    reward = {name: draws.integers(-128, 128, n) / 64.0 for name in ["accuracy", "format", "length"]}
    reward["format"][4], reward["length"][[4, 5, 6, 7]] = numpy.nan, numpy.nan  # the second group: nobody has a length, one has accuracy only
    for r in reward.values():
        r[[10, 13, 14, 15, 20, 21, 22, 23]] = numpy.nan
        r[16:20] = r[16]
    reward["format"][[8, 9]] = numpy.nan  # the third group: one format only, beside the unscorable series
    offsets = numpy.concatenate([[0], numpy.cumsum(draws.integers(1, 9, n))])
    old_logp = draws.uniform(-4, 0, offsets[-1])
    return {**{f"reward/{k}": v for k, v in reward.items()}, "weights": [1.0, 0.5, 2.0], "group_size": [GROUP], "offsets": offsets,
            "old_logp": old_logp, "ref_logp": old_logp + draws.normal(0, 0.5, offsets[-1])}


def stand_in(kind, b, **options):
    """A trainer with what its method reads: one process, no images, no tools, and completions that are already there."""
    lengths = numpy.diff(b["offsets"])
    rewards = {k.removeprefix("reward/"): v for k, v in b.items() if k.startswith("reward/")}
    tokens = [[1] * int(n - 1) + [2 if i % 3 else 1] for i, n in enumerate(lengths)]

    def generate(prompts):
        assert len(prompts) == len(lengths)
        two, texts = ([[1, 1]] * len(prompts), tokens), ["text"] * len(prompts)
        return (*two, None, texts, None, {}, None, None) if kind is GRPOTrainer else (*two, texts)

    def log_probabilities(model, *arguments, **others):
        of_steps = b["ref_logp"] if model == "reference" else b["old_logp"]
        rows = [torch.tensor(of_steps[i:j]) for i, j in zip(b["offsets"], b["offsets"][1:])]
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-99.0), None, None  # behind the end it must not count

    def scorer(values):
        return lambda **arguments: [None if numpy.isnan(x) else float(x) for x in values]

    same = lambda x, *others, **more: x
    trainer = object.__new__(kind)
    vars(trainer).update(
        accelerator=types.SimpleNamespace(device=torch.device("cpu"), process_index=0, is_main_process=True, gather=same, reduce=same),
        model=types.SimpleNamespace(training=True, is_gradient_checkpointing=False), ref_model="reference",
        args=types.SimpleNamespace(per_device_train_batch_size=GROUP, report_to=[], gradient_checkpointing_kwargs=None, steps_per_generation=1,
                                   gradient_accumulation_steps=1),
        state=types.SimpleNamespace(global_step=0), _tokenizer=types.SimpleNamespace(pad_token_id=0), pad_to_multiple_of=None,
        mask_truncated_completions=False, environment_factories=None, environments=None, tools=None, use_vllm=False, _is_vlm=False,
        _generate=generate, _get_per_token_logps_and_entropies=log_probabilities, beta=0.0, num_generations=GROUP, num_iterations=1,
        reward_funcs=[scorer(v) for v in rewards.values()], reward_func_names=list(rewards), reward_processing_classes=[None] * len(rewards),
        reward_weights=torch.tensor(b["weights"]), scale_rewards="group", multi_objective_aggregation="sum_then_normalize",
        reward_clip_range=None, normalize_advantages=False, _metrics={"train": collections.defaultdict(list)},
        _logs=collections.defaultdict(list, rewards=collections.defaultdict(list)), _pending_extra_logs={}, _pending_metrics={},
    )
    vars(trainer).update(options)
    return trainer


def completed(kind, b, **options):
    inputs = [{"prompt": "text"} for _ in range(len(b["offsets"]) - 1)]
    with float64():
        return stand_in(kind, b, **options)._generate_and_score_completions(inputs)


def advantages(kind, b, **options):
    return completed(kind, b, **options)["advantages"]


if __name__ == "__main__":
    check_versions(NEEDED)
    PartialState(cpu=True)  # TRL's logger asks for it
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    b = batch()
    rows = {f"scale_{scale}": advantages(GRPOTrainer, b, scale_rewards=scale) for scale in ["group", "batch", "none"]}
    rows["normalize_then_sum"] = advantages(GRPOTrainer, b, multi_objective_aggregation="normalize_then_sum")
    truncated = completed(GRPOTrainer, b, mask_truncated_completions=True, eos_token_ids=[2])
    rows["truncated"], rows["truncated_steps"] = truncated["advantages"], truncated["completion_mask"].sum(1)
    rows["rloo"] = advantages(RLOOTrainer, b)
    rows["rloo_kl"] = advantages(RLOOTrainer, b, beta=0.05)
    rows["rloo_clip"] = advantages(RLOOTrainer, b, beta=0.05, reward_clip_range=(-1.0, 1.0))
    rows["rloo_normalized"] = advantages(RLOOTrainer, b, beta=0.05, normalize_advantages=True)
    write(folder / "advantage/trl.txt", f"recorded by trl_grpo.py with {NEEDED}", {**b, **rows})
