"""Records whole PPO updates: Stable-Baselines3's PPO.train on a recorded rollout. (cleanrl.py has CleanRL's on the same.)

    python3 -m venv build/ppo
    build/ppo/bin/pip install sb3-contrib==2.9.2 stable-baselines3==2.9.2 gymnasium==1.4.0 torch==2.15.0 numpy==2.4.6
    build/ppo/bin/python tests/golden/ppo_update.py

It writes preset/ppo_discrete.txt (3 actions) and preset/ppo_gaussian.txt (2 dimensions) beside itself, or into the folder given as its argument: lines of `name number number ...`, arrays row by row, each number the shortest decimal that reads back as the same float64.

Actor and critic are 3 -> 8 tanh -> outputs, apart. A vector over the parameters holds the actor's W1 (8 x 3, outputs x inputs), b1, W2, b2, the critic's four, then of
the Gaussian its 2 log standard deviations. inputs_first is a permutation: entry i of the vector that has its matrices as inputs x outputs is entry inputs_first[i] here.

The rollout is one lane of 32 steps: step 10 ends an episode, step 20 is cut off by a time limit, in a state whose value is value_after, and after the last comes
last_value. Four epochs of minibatches of 8; order has each epoch's permutation, which is that of Cohort's learner with seed 1.

    parameters, observation, action, reward, value, old_logp, value_after, last_value, order
    sb3/advantage, sb3/parameters              gamma .99, lambda .95, rate 0.01, the rest PPO's defaults
    sb3/explained_variance                     as train logs it
    sb3_clip/parameters                        with clip_range_vf 0.2
    sb3_kl/target, steps, parameters           with target_kl, which ends the update after so many optimizer steps, in the middle of an epoch
"""

import pathlib
import sys
import unittest.mock
import warnings

import numpy
import stable_baselines3
import torch
from common import check_versions, float64, write
from stable_baselines3.common.logger import Logger
from trpo import HIDDEN, NEEDED, STEPS, places

RATE, EPOCHS, MINIBATCH, END, CUT, TARGET_KL = 0.01, 4, 8, 10, 20, 0.015
ORDER = [[25, 10, 3, 6, 24, 29, 18, 17, 20, 1, 7, 31, 12, 22, 21, 2, 4, 8, 11, 15, 16, 19, 23, 26, 28, 0, 14, 5, 27, 13, 30, 9],
         [19, 1, 10, 22, 30, 12, 11, 2, 8, 9, 31, 5, 7, 29, 23, 25, 21, 3, 20, 26, 6, 13, 17, 28, 27, 4, 24, 15, 18, 0, 16, 14],
         [1, 22, 0, 19, 12, 9, 23, 7, 21, 16, 3, 20, 25, 14, 5, 10, 27, 24, 6, 31, 29, 17, 8, 28, 15, 4, 13, 18, 30, 26, 11, 2],
         [0, 10, 7, 9, 4, 20, 5, 2, 12, 21, 15, 8, 1, 23, 13, 30, 6, 19, 11, 24, 27, 16, 14, 26, 31, 28, 18, 29, 25, 22, 17, 3]]


def split(flat, kind):
    outputs = 3 if kind == "discrete" else 2
    sizes = [3 * HIDDEN, HIDDEN, outputs * HIDDEN, outputs, 3 * HIDDEN, HIDDEN, HIDDEN, 1] + [2] * (kind == "gaussian")
    shapes = [(HIDDEN, 3), (HIDDEN,), (outputs, HIDDEN), (outputs,), (HIDDEN, 3), (HIDDEN,), (1, HIDDEN), (1,), (2,)]
    return [x.view(s) for x, s in zip(flat.split(sizes), shapes)]


def evaluate(flat, kind, observation, action):
    """log pi(action), the entropy and V, by the formulas."""
    w1, b1, w2, b2, v1, c1, v2, c2, *log_std = split(flat, kind)
    y = torch.tanh(observation @ w1.T + b1) @ w2.T + b2
    value = (torch.tanh(observation @ v1.T + c1) @ v2.T + c2).flatten()
    if kind == "discrete":
        d = torch.distributions.Categorical(logits=y)
    else:
        d = torch.distributions.Independent(torch.distributions.Normal(y, log_std[0].exp()), 1)
    return d.log_prob(action), d.entropy(), value


def batch(kind):
    draws = numpy.random.default_rng(31)
    outputs = 3 if kind == "discrete" else 2
    shapes = [(HIDDEN, 3), (HIDDEN,), (outputs, HIDDEN), (outputs,), (HIDDEN, 3), (HIDDEN,), (1, HIDDEN), (1,)] + [(2,)] * (kind == "gaussian")
    parts, places_, at = [draws.normal(0, 0.5, s) for s in shapes], [], 0
    for part in parts:
        index = numpy.arange(at, at + part.size).reshape(part.shape)
        places_, at = places_ + [index.T.ravel()], at + part.size
    flat = numpy.concatenate([x.ravel() for x in parts])
    observation = draws.normal(0, 1, (STEPS, 3))
    action = draws.integers(0, 3, STEPS) if kind == "discrete" else draws.normal(0, 1, (STEPS, 2))
    logp, _, value = evaluate(torch.tensor(flat), kind, torch.tensor(observation), torch.tensor(action))
    return {"parameters": flat, "inputs_first": numpy.concatenate(places_), "observation": observation, "action": action,
            "reward": draws.normal(0.3, 1, STEPS) + observation[:, 0], "value": value.numpy(), "old_logp": logp.numpy(), "value_after": [0.7], "last_value": [-0.4],
            "order": numpy.array(ORDER)}


def sb3(kind, b, **options):
    made = stable_baselines3.PPO("MlpPolicy", places(kind), n_steps=STEPS, batch_size=MINIBATCH, n_epochs=EPOCHS, learning_rate=RATE, seed=0, device="cpu",
                                 policy_kwargs={"net_arch": {"pi": [HIDDEN], "vf": [HIDDEN]}}, **options)
    policy = made.policy.double()
    made.set_logger(Logger(None, []))
    first, critic = policy.mlp_extractor.policy_net[0], policy.mlp_extractor.value_net[0]
    own = [first.weight, first.bias, policy.action_net.weight, policy.action_net.bias, critic.weight, critic.bias, policy.value_net.weight, policy.value_net.bias]
    own += [policy.log_std] if kind == "gaussian" else []
    torch.nn.utils.vector_to_parameters(torch.tensor(b["parameters"]), own)
    buffer = made.rollout_buffer
    buffer.observations[:, 0], buffer.actions[:] = b["observation"], b["action"].reshape(buffer.actions.shape)
    buffer.rewards[:, 0], buffer.values[:, 0], buffer.log_probs[:, 0] = b["reward"], b["value"], b["old_logp"]
    buffer.rewards[CUT, 0] += made.gamma * b["value_after"][0]  # as collect_rollouts does
    buffer.episode_starts[[END + 1, CUT + 1], 0], buffer.full = 1, True
    buffer.compute_returns_and_advantage(torch.tensor(b["last_value"]), numpy.zeros(1))
    advantage = buffer.advantages[:, 0].copy()
    with unittest.mock.patch.object(numpy.random, "permutation", side_effect=[numpy.array(o) for o in ORDER]):
        made.train()
    return {"advantage": advantage, "explained_variance": [made.logger.name_to_value["train/explained_variance"]],
            "steps": [policy.optimizer.state[own[0]]["step"]], "parameters": torch.nn.utils.parameters_to_vector(own)}


if __name__ == "__main__":
    check_versions(NEEDED)
    warnings.filterwarnings("ignore")
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    with float64():
        for kind in ["discrete", "gaussian"]:
            b = batch(kind)
            found, clipped, near = sb3(kind, b), sb3(kind, b, clip_range_vf=0.2), sb3(kind, b, target_kl=TARGET_KL)
            rows = {**{f"sb3/{k}": found[k] for k in ["advantage", "explained_variance", "parameters"]}, "sb3_clip/parameters": clipped["parameters"],
                    "sb3_kl/target": [TARGET_KL], **{f"sb3_kl/{k}": near[k] for k in ["steps", "parameters"]}}
            write(folder / f"preset/ppo_{kind}.txt", f"recorded by ppo_update.py with {NEEDED}", b | rows)
