"""Records a whole PPO update of CleanRL's ppo.py, by its own statements, on the rollout of ppo_update.py.

    python3 -m venv build/ppo
    build/ppo/bin/pip install sb3-contrib==2.9.2 stable-baselines3==2.9.2 gymnasium==1.4.0 torch==2.15.0 numpy==2.4.6
    git clone https://github.com/vwxyzjn/cleanrl build/ppo/cleanrl && git -C build/ppo/cleanrl checkout fe8d8a03
    build/ppo/bin/python tests/golden/cleanrl.py build/ppo/cleanrl

It writes preset/ppo_cleanrl.txt beside itself, or into the folder given as its second argument: the rows of preset/ppo_discrete.txt that ppo_update.py describes, but for
sb3's, and cleanrl/advantage, cleanrl/parameters. CleanRL is a script: its statements from the advantages to the end of the last epoch are run, with the network of
ppo_update.py as the agent, and with the defaults of its Args but for the sizes and the rate, which is 0.01. It knows no time limits: an episode that was cut off has
ended.
"""

import ast
import pathlib
import subprocess
import sys
import types
import unittest.mock

import numpy
import torch
from common import check_versions, float64, write
from ppo_update import CUT, END, EPOCHS, MINIBATCH, ORDER, RATE, batch, evaluate
from trpo import NEEDED, STEPS

COMMIT = "fe8d8a03"


def statements(tree):
    """Those between the advantages and the last epoch, of the loop over iterations."""
    loop = [x for x in ast.walk(tree) if isinstance(x, ast.For) and getattr(x.target, "id", "") == "iteration"][0].body
    first = [i for i, x in enumerate(loop) if isinstance(x, ast.With)][0]
    last = [i for i, x in enumerate(loop) if isinstance(x, ast.For) and getattr(x.target, "id", "") == "epoch"][0]
    return ast.Module(loop[first : last + 1], [])


def defaults(tree):
    found = [x for x in tree.body if isinstance(x, ast.ClassDef) and x.name == "Args"][0].body
    return {x.target.id: ast.literal_eval(x.value) for x in found if isinstance(x, ast.AnnAssign) and x.target.id != "exp_name"}


class Agent:
    def __init__(self, b):
        self.flat, self.last_value = torch.tensor(b["parameters"], requires_grad=True), torch.tensor(b["last_value"])

    def parameters(self):
        return [self.flat]

    def get_value(self, observation):
        return self.last_value

    def get_action_and_value(self, observation, action):
        logp, entropy, value = evaluate(self.flat, "discrete", observation, action)
        return action, logp, entropy, value


def update(tree, b):
    agent = Agent(b)
    args = types.SimpleNamespace(**defaults(tree) | {"num_envs": 1, "num_steps": STEPS, "batch_size": STEPS, "minibatch_size": MINIBATCH})
    assert args.update_epochs == EPOCHS
    lane = lambda name: torch.tensor(b[name])[:, None]
    dones = torch.zeros(STEPS, 1)
    dones[[END + 1, CUT + 1]] = 1  # of the observation before a step, as there
    space = lambda *shape: types.SimpleNamespace(shape=shape)
    room = {"args": args, "agent": agent, "torch": torch, "np": numpy, "nn": torch.nn, "device": "cpu", "optimizer": torch.optim.Adam(agent.parameters(), lr=RATE, eps=1e-5),
            "obs": lane("observation"), "actions": lane("action"), "logprobs": lane("old_logp"), "values": lane("value"), "rewards": lane("reward"), "dones": dones,
            "next_obs": None, "next_done": torch.zeros(1), "envs": types.SimpleNamespace(single_observation_space=space(3), single_action_space=space())}
    orders = iter(ORDER)

    def shuffle(rows):
        rows[:] = next(orders)

    with unittest.mock.patch.object(numpy.random, "shuffle", shuffle):
        exec(compile(statements(tree), "ppo.py", "exec"), room)
    return {"advantage": room["b_advantages"], "parameters": agent.flat}


def main():
    check_versions(NEEDED)
    checkout = pathlib.Path(sys.argv[1])
    head = subprocess.check_output(["git", "-C", str(checkout), "rev-parse", "HEAD"], text=True)
    if not head.startswith(COMMIT):
        sys.exit(f"{checkout} is at {head.strip()}, expected {COMMIT}")
    tree = ast.parse((checkout / "cleanrl/ppo.py").read_text())
    with float64():
        b = batch("discrete")
        found = update(tree, b)
    folder = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else pathlib.Path(__file__).parent
    write(folder / "preset/ppo_cleanrl.txt", f"recorded by cleanrl.py with CleanRL at {COMMIT} and {NEEDED}", b | {f"cleanrl/{k}": v for k, v in found.items()})


if __name__ == "__main__":
    main()
