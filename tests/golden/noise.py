"""Records what a library's GRPO makes of a group of equal rewards of which one is off by a rounding, in float32, as it computes.

    build/verl/bin/python tests/golden/noise.py verl
    build/trl/bin/python tests/golden/noise.py trl
    build/openrlhf/bin/python tests/golden/noise.py openrlhf
    build/torchrl/bin/python tests/golden/noise.py torchrl

with the virtual environments of verl_core.py, trl_grpo.py, openrlhf_advantages.py and torchrl_groups.py. It writes advantage/noise_LIBRARY.txt beside itself, or into the
folder given as a second argument: reward and advantage, four numbers each.
"""

import pathlib
import sys
import types

import numpy
import torch
from common import check_versions, write

third = numpy.float32(0.3)
reward = torch.tensor(numpy.array([third, numpy.nextafter(third, numpy.float32(1)), third, third]))


def verl():
    import verl_core

    core = verl_core.load()
    advantage, _ = core.get_adv_estimator_fn("grpo")(token_level_rewards=reward[:, None], response_mask=torch.ones(4, 1), index=numpy.zeros(4, dtype=int))
    return verl_core.NEEDED, advantage


def trl():
    import trl_grpo

    trl_grpo.PartialState(cpu=True)
    b = {"reward/it": reward.numpy(), "weights": [1.0], "offsets": numpy.arange(5), "old_logp": numpy.zeros(4), "ref_logp": numpy.zeros(4)}
    trainer = trl_grpo.stand_in(trl_grpo.GRPOTrainer, b)
    return trl_grpo.NEEDED, trainer._generate_and_score_completions([{"prompt": "text"}] * 4)["advantages"]


def openrlhf():
    import openrlhf_advantages

    maker, controller, _ = openrlhf_advantages.load()
    namespace = types.SimpleNamespace
    args = namespace(algo=namespace(advantage=namespace(estimator="group_norm", gamma=1.0, lambd=1.0, no_std_norm=False)),
                     rollout=namespace(n_samples_per_prompt=4), reward=namespace(clip_range=(-10.0, 10.0)))
    its = maker.RemoteExperienceMaker(None, None, None, None, controller.FixedKLController(0.0), namespace(args=args), None)
    experience = maker.Experience(action_mask=torch.ones(4, 1).bool(), values=torch.zeros(4, 1), kl=torch.zeros(4, 1), rewards=reward, index=list(range(4)))
    return openrlhf_advantages.NEEDED, its.compute_advantages_and_returns([experience])[0].advantages


def torchrl():
    import torchrl_groups

    torchrl_groups.GROUPS = [0, 4]
    return torchrl_groups.NEEDED, torchrl_groups.advantages(torchrl_groups.packing([1] * 4), reward.numpy(), "sum")


if __name__ == "__main__":
    library = sys.argv[1]
    needed, advantage = {"verl": verl, "trl": trl, "openrlhf": openrlhf, "torchrl": torchrl}[library]()
    check_versions(needed)
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).parent
    write(folder / f"advantage/noise_{library}.txt", f"recorded by noise.py with {needed}", {"reward": reward, "advantage": advantage})
