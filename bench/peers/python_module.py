#!/usr/bin/env python3
"""Times Cohort's Python module, and beside it TorchRL's advantages and TRL's GRPO loss, on arrays of 128 x 1,024 float32.

    taskset -c 1 PYTHON bench/peers/python_module.py cohort|torchrl|trl|trl_trainer

each with the Python of an environment that has it (pip install ./backends/python; torchrl==0.14.1; torch; trl==1.16.0 transformers==5.23.0 accelerate==1.15.0).
trl is the tensor operations of the loss alone, and backward, in torch; trl_trainer is GRPOTrainer._compute_loss itself, what it logs included, and backward: as
tests/golden/trl_objectives.py calls it, the model's log-probabilities given. Prints the least of 30 calls, in microseconds, and the loss, which is the same.
"""

import pathlib
import sys
import time
import types

import numpy as np

N, T = 128, 1024
rng = np.random.default_rng(0)


def numbers(scale=1.0):
    return (rng.normal(size=(N, T)) * scale).astype(np.float32)


reward, value, next_value = numbers(), numbers(), numbers()
terminated, truncated, valid = rng.random((N, T)) < 0.01, rng.random((N, T)) < 0.01, rng.random((N, T)) < 0.9
logp = numbers(0.3) - 1
old_logp, ref_logp = logp + numbers(0.1), logp + numbers(0.1)
advantage = rng.normal(size=N).astype(np.float32)


def show(name, call, repeats=30):
    loss = call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = call()  # takes the place of the one before, as in a loop that trains
        times.append(time.perf_counter() - start)
    print(f"{name:60} {min(times) * 1e6:10.0f}" + (f"   loss {loss:.6f}" if isinstance(loss, float) else ""))


def run_cohort():
    import cohort

    arrays = (reward, value, next_value, terminated, truncated)
    show("gae, 128 series of 1,024 steps, by series", lambda: cohort.gae(*arrays))
    by_step = [np.asfortranarray(x) for x in arrays]
    show("gae, 128 series of 1,024 steps, by step", lambda: cohort.gae(*by_step))
    short = [np.asfortranarray(x.reshape(T, N)) for x in arrays]
    show("gae, 1,024 series of 128 steps, by step", lambda: cohort.gae(*short))
    grpo = cohort.clipped_ratio() + cohort.kl_penalty("k3", weight=0.04)
    kept = {}

    def loss():
        total, kept["gradient"] = grpo(logp=logp, old_logp=old_logp, ref_logp=ref_logp, advantage=advantage, valid=valid)
        return total

    show("GRPO's loss and gradient", loss)


def run_torchrl():
    import torch
    from torchrl.objectives.value import functional

    torch.set_num_threads(1)
    for shape in ((N, T), (T, N)):
        v, nv, r, done, ended = (torch.tensor(x.reshape(shape))[..., None] for x in (value, next_value, reward, terminated | truncated, terminated))
        for name in ("generalized_advantage_estimate", "vec_generalized_advantage_estimate"):
            with torch.no_grad():
                show(f"{name}, {shape[0]} series", lambda: getattr(functional, name)(0.99, 0.95, v, nv, r, done, ended), 5)


def run_trl():
    import torch

    torch.set_num_threads(1)
    now = torch.tensor(logp, requires_grad=True)
    old, ref, A, mask = torch.tensor(old_logp), torch.tensor(ref_logp), torch.tensor(advantage)[:, None], torch.tensor(valid).float()

    def loss():
        now.grad = None
        ratio = torch.exp(now - old)
        term = -torch.min(ratio * A, torch.clamp(ratio, 0.8, 1.2) * A) + 0.04 * (torch.exp(ref - now) - (ref - now) - 1)
        total = (term * mask).sum() / mask.sum().clamp(min=1)
        total.backward()
        return total.item()

    show("GRPO's loss and gradient, in torch", loss)


def run_trl_trainer():
    sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests/golden"))
    import torch
    from accelerate import PartialState
    from trl import GRPOTrainer
    from trl_objectives import stand_in

    PartialState(cpu=True)  # TRL's logger asks for it
    torch.set_num_threads(1)
    defaults = types.SimpleNamespace(delta=None, use_bias_correction_kl=False, steps_per_generation=1)
    trainer = stand_in(GRPOTrainer, loss_type="dapo", importance_sampling_level="token", epsilon_low=0.2, epsilon_high=0.2, max_completion_length=T, beta=0.04,
                       args=defaults, vllm_importance_sampling_correction=True, top_entropy_quantile=1.0, off_policy_mask_threshold=None, use_vllm=False,
                       current_gradient_accumulation_steps=1, _entropy_bonus_enabled=False, entropy_coef=0.0, use_adaptive_entropy=False)
    now, mask, prompt = torch.tensor(logp, requires_grad=True), torch.tensor(valid).long(), torch.ones(N, 1, dtype=torch.long)
    entropy = torch.zeros(N, T)
    trainer._get_per_token_logps_and_entropies = lambda *others, **more: (now, entropy, None)
    inputs = {"prompt_ids": prompt, "prompt_mask": prompt, "completion_ids": mask, "completion_mask": mask, "advantages": torch.tensor(advantage),
              "old_per_token_logps": torch.tensor(old_logp), "ref_per_token_logps": torch.tensor(ref_logp), "num_items_in_batch": mask.sum().float()}

    def loss():
        now.grad = None
        total = trainer._compute_loss(None, inputs)
        total.backward()
        return total.item()

    show("GRPO's loss and gradient, GRPOTrainer._compute_loss", loss)


if __name__ == "__main__":
    {"cohort": run_cohort, "torchrl": run_torchrl, "trl": run_trl, "trl_trainer": run_trl_trainer}[sys.argv[1]]()
