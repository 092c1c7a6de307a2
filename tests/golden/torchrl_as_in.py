"""Records what TorchRL makes of a batch by the defaults of its PPO: GAE with the constants of its examples, then ClipPPOLoss.

    python3 -m venv build/torchrl
    build/torchrl/bin/pip install torchrl==0.14.1 tensordict==0.14.3 torch==2.15.0 numpy==2.4.6
    build/torchrl/bin/python tests/golden/torchrl_as_in.py

It writes preset/as_in_torchrl.txt beside itself, or into the folder given as its argument: lines of `name number number ...`, each number the shortest decimal that
reads back as the same float64. Episodes one behind the other: offsets, truncated and value_after (of the state in which it was cut off) per episode; reward, value,
logp, old_logp per step. Of each step advantage, target, slope (d loss / d logp) and value_slope (d value_loss / d value); loss (loss_objective) and value_loss
(loss_critic) are one number each.
"""

import inspect
import pathlib
import sys

import numpy
import torch
from common import check_versions, float64, write
from objective_batch import off_kinks
from tensordict import TensorDict
from tensordict.nn import TensorDictModule
from torchrl.modules import ProbabilisticActor
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

NEEDED = {"torchrl": "0.14.1", "tensordict": "0.14.3", "torch": "2.15.0", "numpy": "2.4.6"}


class Given(torch.distributions.Distribution):
    """A distribution whose log-probabilities are given."""

    arg_constraints = {}

    def __init__(self, given_logp):
        self.given = given_logp
        super().__init__(given_logp.shape, validate_args=False)

    def log_prob(self, action):
        return self.given

    def entropy(self):
        return torch.zeros_like(self.given)


def batch():
    draws = numpy.random.default_rng(14)
    lengths = [7, 1, 5, 12, 3, 9]
    offsets = numpy.concatenate([[0], numpy.cumsum(lengths)])
    M = offsets[-1]
    old_logp = draws.uniform(-3, 0, M)
    log_ratio = draws.normal(0, 0.3, M)
    off_kinks(numpy.exp(log_ratio), [0.8, 1.2])
    return {"offsets": offsets, "truncated": numpy.array([0, 0, 1, 0, 1, 1.0]), "value_after": numpy.array([0, 0, 1.5, 0, -0.75, 0.5]), "reward": draws.normal(0, 1, M),
            "value": draws.normal(0, 2, M), "logp": old_logp + log_ratio, "old_logp": old_logp}


def main():
    check_versions(NEEDED)
    b = batch()
    column = lambda x: torch.tensor(x)[:, None]
    last, M = b["offsets"][1:] - 1, b["offsets"][-1]
    done, terminated, next_value = numpy.zeros(M, bool), numpy.zeros(M, bool), numpy.append(b["value"][1:], 0)
    done[last], terminated[last], next_value[last] = True, b["truncated"] == 0, b["value_after"]
    with float64():
        logp, value = torch.tensor(b["logp"], requires_grad=True), column(b["value"]).requires_grad_()
        actor = ProbabilisticActor(TensorDictModule(lambda x: x * 1, in_keys=["logp_of_net"], out_keys=["given_logp"]), in_keys=["given_logp"], distribution_class=Given,
                                   return_log_prob=True)
        critic = TensorDictModule(lambda x: x * 1, in_keys=["value_of_net"], out_keys=["state_value"])
        ends = {"reward": column(b["reward"]), "done": column(done), "terminated": column(terminated), "value_of_net": column(next_value)}
        td = TensorDict({"logp_of_net": logp, "value_of_net": value, "action": torch.zeros(M), f"{actor.log_prob_keys[0]}": torch.tensor(b["old_logp"]), "next": TensorDict(ends, [M])}, [M])
        loss = ClipPPOLoss(actor, critic, functional=False)
        GAE(gamma=0.99, lmbda=0.95, value_network=critic, average_gae=False)(td)
        assert inspect.signature(ClipPPOLoss.__init__).parameters["normalize_advantage"].default is False
        found = loss(td)
        found["loss_objective"].backward(retain_graph=True)
        slope = logp.grad.clone()
        value.grad = None
        found["loss_critic"].backward()
    rows = {"advantage": td["advantage"], "target": td["value_target"], "loss": found["loss_objective"], "slope": slope, "value_loss": found["loss_critic"], "value_slope": value.grad}
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    write(folder / "preset/as_in_torchrl.txt", f"recorded by torchrl_as_in.py with {NEEDED}", b | rows)


if __name__ == "__main__":
    main()
