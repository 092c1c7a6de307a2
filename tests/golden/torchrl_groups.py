"""Records what TorchRL computes of groups, MCAdvantage of its objectives/llm/grpo.py, and how its PPO and GAE normalize advantages.

    python3 -m venv build/torchrl
    build/torchrl/bin/pip install torchrl==0.14.1 tensordict==0.14.3 torch==2.15.0 numpy==2.4.6
    build/torchrl/bin/python tests/golden/torchrl_groups.py

It writes advantage/torchrl_groups.txt beside itself, or into the folder given as its argument: lines of `name number number ...`, each number the shortest
decimal that reads back as the same float64. offsets and group_offsets as in verl_core.py: groups of unequal size, each with an MCAdvantage of its own, whose
trajectories are of unequal length; MCAdvantage has no mask. reward is per step, the third group's rewards are equal. Results are per step.

    sum, mean, max      trajectory_return; step: without one, every reward for its own step
    normalized, gae_normalized      of the rewards taken as advantages, by ClipPPOLoss(normalize_advantage=True) and by GAE(average_gae=True);
    normalized_valid, gae_normalized_valid      only where valid is 1
"""

import pathlib
import sys

import numpy
import torch
from common import check_versions, float64, packing, write
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from torchrl.modules import ProbabilisticActor
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.llm import MCAdvantage
from torchrl.objectives.value import GAE

NEEDED = {"torchrl": "0.14.1", "tensordict": "0.14.3", "torch": "2.15.0", "numpy": "2.4.6"}
LENGTHS, GROUPS = [3, 1, 4, 2, 2, 5, 2, 2, 2, 3, 1], [0, 4, 6, 9, 11]


def advantages(p, reward, trajectory_return):
    found = []
    for first, last in zip(GROUPS[:-1], GROUPS[1:]):
        group = MCAdvantage(grpo_size=last - first, prompt_key="group", trajectory_return=trajectory_return)
        for n in range(first, last):
            own = torch.tensor(reward[p.offsets[n] : p.offsets[n + 1]])[:, None]
            done = torch.zeros(len(own), 1, dtype=torch.bool)
            done[-1] = True
            td = TensorDict({"group": torch.full((len(own),), first), "next": TensorDict({"reward": own, "done": done}, [len(own)])}, [len(own)])
            given = group.inv(td)
        advantage = given["advantage"]
        found.append((advantage.values() if advantage.is_nested else advantage).flatten())
    return torch.cat(found)


def normalized(b):
    actor = ProbabilisticActor(TensorDictModule(lambda x: x, in_keys=["x"], out_keys=["logits"]), in_keys=["logits"], distribution_class=torch.distributions.Categorical)
    critic = TensorDictModule(lambda x: x, in_keys=["x"], out_keys=["state_value"])
    ppo, gae = ClipPPOLoss(actor, critic, functional=False, normalize_advantage=True), GAE(gamma=1.0, lmbda=1.0, value_network=critic, average_gae=True)
    advantage, valid = torch.tensor(b["reward"])[:, None], torch.tensor(b["valid"])[:, None] > 0
    M = len(advantage)
    rows = {"normalized": ppo._maybe_normalize_advantage(advantage, TensorDict({}, [M]), update_norm=False)}
    rows["normalized_valid"] = ppo._maybe_normalize_advantage(advantage, TensorDict({"shifted_valid": valid[:, 0]}, [M]), update_norm=False)
    return {**rows, "gae_normalized": gae._normalize_advantage(advantage), "gae_normalized_valid": gae._normalize_advantage(advantage, valid)}


if __name__ == "__main__":
    check_versions(NEEDED)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    draws = numpy.random.default_rng(15)
    p = packing(LENGTHS)
    b = {"offsets": p.offsets, "group_offsets": GROUPS, "reward": draws.integers(-128, 128, sum(LENGTHS)) / 64.0, "valid": draws.uniform(size=sum(LENGTHS)) < 0.7}
    b["reward"][p.offsets[GROUPS[2]] : p.offsets[GROUPS[3]]] = 0.5
    with float64():
        rows = {name or "step": advantages(p, b["reward"], name) for name in ["sum", "mean", "max", None]}
        write(folder / "advantage/torchrl_groups.txt", f"recorded by torchrl_groups.py with {NEEDED}", {**b, **rows, **normalized(b)})
