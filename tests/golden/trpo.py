"""Records a policy step of sb3-contrib's TRPO, on a small network in float64, and the same step with its linear system solved densely.

    python3 -m venv build/trpo
    build/trpo/bin/pip install sb3-contrib==2.9.2 stable-baselines3==2.9.2 gymnasium==1.4.0 torch==2.15.0 numpy==2.4.6
    build/trpo/bin/python tests/golden/trpo.py

It writes trpo/discrete.txt (3 actions) and trpo/gaussian.txt (2 dimensions) beside itself, or into the folder given as its argument: lines of
`name number number ...`, arrays row by row, each number the shortest decimal that reads back as the same float64.

The policy is 3 -> 8 tanh -> 3 logits, or 2 means with log standard deviations that are parameters. A vector over the parameters holds W1 (8 x 3, outputs x
inputs), b1, W2 (outputs x 8), b2, then the 2 log standard deviations. inputs_first is a permutation: entry i of the vector that has W1 and W2 as inputs x
outputs is entry inputs_first[i] here.

    parameters, observation, action, advantage, old_logp
                       the batch; advantages are normalized by mean and std + 1e-8, ddof 1, old_logp is of the policy as it is
    surrogate, gradient
                       mean of ratio times advantage, which is 0 but for rounding, and its gradient
    vector, fisher_vector
                       a vector v and F v, F the Hessian of the mean KL(new || old) by torch.autograd, without damping

Then CASE/NAME, of a step along CASE/direction: curvature = x'(F + damping I) x, step = sqrt(2 target_kl / curvature), coefficient (the first of 1, 0.8, ...
0.8^9 with KL < target_kl and a better surrogate; 0 if there is none), and parameters, kl and surrogate afterwards. The cases:

    sb3                TRPO.train with cg_damping 0.1, target_kl 0.01, 15 iterations of conjugate gradients
    sb3_5              5 iterations
    sb3_far            5 iterations, cg_damping 0.01, target_kl 10: the first tries fail
    sb3_failed         like far, with one try
    dense, dense_sharp direction by torch.linalg.solve, damping 0.1 and 0.001

TRPO.train starts conjugate gradients at 1e-4 times normal draws, here at 0, and stops them at a squared norm of the residual below 1e-10. Of gaussians
it takes the KL's mean over the dimensions, not its sum: in the sb3 cases of gaussian.txt F and kl are half of what they are in the dense ones, and
dense_mean is dense with that mean.
"""

import pathlib
import sys
import unittest.mock
import warnings

import gymnasium
import numpy
import sb3_contrib.trpo.trpo
import torch
from common import check_versions, float64, write
from stable_baselines3.common.logger import Logger
from torch.distributions import kl_divergence

NEEDED = {"sb3-contrib": "2.9.2", "stable-baselines3": "2.9.2", "gymnasium": "1.4.0", "torch": "2.15.0", "numpy": "2.4.6"}
STEPS, HIDDEN = 32, 8


class places(gymnasium.Env):
    """Only the spaces are asked for."""

    def __init__(self, kind):
        self.observation_space = gymnasium.spaces.Box(-10, 10, (3,), numpy.float64)
        self.action_space = gymnasium.spaces.Discrete(3) if kind == "discrete" else gymnasium.spaces.Box(-10, 10, (2,), numpy.float64)


def learner(kind, parameters=None, **options):
    """SB3's learner in float64, and the parameters of its policy in the order above."""
    made = sb3_contrib.TRPO("MlpPolicy", places(kind), n_steps=STEPS, batch_size=STEPS, n_critic_updates=1, seed=0, device="cpu",
                            policy_kwargs={"net_arch": {"pi": [HIDDEN], "vf": [HIDDEN]}}, **options)
    made.policy.double()
    made.set_logger(Logger(None, []))
    first, last = made.policy.mlp_extractor.policy_net[0], made.policy.action_net
    own = [first.weight, first.bias, last.weight, last.bias] + ([made.policy.log_std] if kind == "gaussian" else [])
    if parameters is not None:
        torch.nn.utils.vector_to_parameters(torch.tensor(parameters), own)
    return made, own


def batch(kind):
    draws = numpy.random.default_rng(27)
    outputs = 3 if kind == "discrete" else 2
    parts = [draws.normal(0, 0.7, (HIDDEN, 3)), draws.normal(0, 0.3, HIDDEN), draws.normal(0, 0.5, (outputs, HIDDEN)), draws.normal(0, 0.2, outputs)]
    places, at = [], 0
    for part in parts:
        index = numpy.arange(at, at + part.size).reshape(part.shape)
        places, at = places + [index.T.ravel()], at + part.size
    if kind == "gaussian":
        parts, places = parts + [draws.normal(-0.3, 0.2, 2)], places + [[at, at + 1]]
    rows = {"parameters": numpy.concatenate([x.ravel() for x in parts]), "inputs_first": numpy.concatenate(places),
            "observation": draws.normal(0, 1, (STEPS, 3))}
    policy = learner(kind, rows["parameters"])[0].policy
    distribution = policy.get_distribution(torch.tensor(rows["observation"])).distribution
    if kind == "discrete":
        rows["action"] = (distribution.probs.detach().numpy().cumsum(axis=1) < draws.uniform(size=(STEPS, 1))).sum(axis=1)
    else:
        rows["action"] = distribution.mean.detach().numpy() + distribution.stddev.detach().numpy() * draws.normal(0, 1, (STEPS, 2))
    rows["advantage"] = draws.normal(0.5, 2, STEPS) + rows["observation"][:, 0]
    rows["old_logp"] = policy.get_distribution(torch.tensor(rows["observation"])).log_prob(torch.tensor(rows["action"]))
    return rows


def sb3(kind, b, **options):
    made, own = learner(kind, b["parameters"], **options)
    buffer = made.rollout_buffer
    buffer.observations[:, 0], buffer.actions[:] = b["observation"], b["action"].reshape(buffer.actions.shape)
    buffer.advantages[:, 0], buffer.log_probs[:, 0], buffer.full = b["advantage"], b["old_logp"].detach(), True
    solved, solve = {}, sb3_contrib.trpo.trpo.conjugate_gradient_solver

    def recorded(product, right_side, max_iter):
        with unittest.mock.patch.object(torch, "randn_like", torch.zeros_like):
            solved["x"] = solve(product, right_side, max_iter=max_iter)
        solved["curvature"] = solved["x"] @ product(solved["x"])
        return solved["x"]

    with unittest.mock.patch.object(sb3_contrib.trpo.trpo, "conjugate_gradient_solver", recorded):
        made.train()
    logged = made.logger.name_to_value
    after = torch.nn.utils.parameters_to_vector(own)
    x = solved["x"] if kind == "discrete" else torch.cat([solved["x"][2:], solved["x"][:2]])  # log_std is SB3's first
    step = numpy.sqrt(2 * made.target_kl / float(solved["curvature"]))
    taken = float(((after - torch.tensor(b["parameters"])) @ x) / (step * (x @ x)))
    coefficient = min([0.0, *0.8 ** numpy.arange(10)], key=lambda c: abs(c - taken))
    assert abs(coefficient - taken) < 1e-12
    return {"direction": x, "curvature": solved["curvature"], "step": step, "coefficient": coefficient, "parameters": after,
            "kl": logged["train/kl_divergence_loss"], "surrogate": logged["train/policy_objective"]}


class reference:
    """The same quantities as functions of the flat parameters, for torch.autograd."""

    def __init__(self, kind, b, share=1.0):
        self.share, self.kind, self.observation, self.action = share, kind, torch.tensor(b["observation"]), torch.tensor(b["action"])
        a = torch.tensor(b["advantage"])
        self.advantage, self.old_logp = (a - a.mean()) / (a.std() + 1e-8), b["old_logp"].detach()
        self.old = self.distribution(torch.tensor(b["parameters"]))

    def distribution(self, flat):
        outputs = 3 if self.kind == "discrete" else 2
        sizes = [3 * HIDDEN, HIDDEN, outputs * HIDDEN, outputs] + [2] * (self.kind == "gaussian")
        w1, b1, w2, b2, *log_std = flat.split(sizes)
        y = torch.tanh(self.observation @ w1.view(HIDDEN, 3).T + b1) @ w2.view(outputs, HIDDEN).T + b2
        if self.kind == "discrete":
            return torch.distributions.Categorical(logits=y)
        return torch.distributions.Independent(torch.distributions.Normal(y, log_std[0].exp()), 1)

    def surrogate(self, flat):
        return (self.advantage * torch.exp(self.distribution(flat).log_prob(self.action) - self.old_logp)).mean()

    def kl(self, flat):
        return self.share * kl_divergence(self.distribution(flat), self.old).mean()

    def step(self, start, damping, target=0.01):
        before = self.surrogate(start)
        (gradient,) = torch.autograd.grad(before, start)
        damped = self.fisher(start) + damping * torch.eye(len(start))
        x = torch.linalg.solve(damped, gradient)
        curvature = x @ damped @ x
        step = torch.sqrt(2 * target / curvature)
        for coefficient in 0.8 ** numpy.arange(10):
            after = start + coefficient * step * x
            kl, surrogate = self.kl(after), self.surrogate(after)
            if kl < target and surrogate > before:
                return {"direction": x, "curvature": curvature, "step": step, "coefficient": coefficient, "parameters": after, "kl": kl,
                        "surrogate": surrogate}
        raise AssertionError("no step is accepted")

    def fisher(self, start):
        return torch.autograd.functional.hessian(self.kl, start.detach())


def record(kind):
    b = batch(kind)
    model, start = reference(kind, b), torch.tensor(b["parameters"], requires_grad=True)
    (gradient,) = torch.autograd.grad(model.surrogate(start), start)
    v = torch.tensor(numpy.random.default_rng(28).normal(0, 1, len(start)))
    rows = {**b, "surrogate": model.surrogate(start), "gradient": gradient, "vector": v, "fisher_vector": model.fisher(start) @ v}
    far = {"cg_max_steps": 5, "cg_damping": 0.01, "target_kl": 10.0}
    cases = {"sb3": sb3(kind, b), "sb3_5": sb3(kind, b, cg_max_steps=5), "sb3_far": sb3(kind, b, **far),
             "sb3_failed": sb3(kind, b, line_search_max_iter=1, **far), "dense": model.step(start, 0.1), "dense_sharp": model.step(start, 1e-3)}
    if kind == "gaussian":
        cases["dense_mean"] = reference(kind, b, 0.5).step(start, 0.1)
    return {**rows, **{f"{case}/{name}": value for case, values in cases.items() for name, value in values.items()}}


if __name__ == "__main__":
    check_versions(NEEDED)
    warnings.filterwarnings("ignore")
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    with float64():
        for kind in ["discrete", "gaussian"]:
            write(folder / f"trpo/{kind}.txt", f"recorded by trpo.py with {NEEDED}", record(kind))
