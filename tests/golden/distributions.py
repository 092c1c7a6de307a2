"""Records distributions of actions: log-probabilities, entropies, divergences and their gradients, of torch.distributions, SciPy, mpmath, Stable-Baselines3 and sb3-contrib.

    python3 -m venv build/distributions
    build/distributions/bin/pip install torch==2.15.0 stable-baselines3==2.9.2 sb3-contrib==2.9.2 scipy==1.17.1 numpy==2.4.6 mpmath==1.3.0
    build/distributions/bin/python tests/golden/distributions.py

It writes the files of distribution/ beside itself, or into the folder given as its argument: lines of `name number number ...`, rows in order, each number the
shortest decimal that reads back as the same float64. A row's gradient is that of sum(weight_logp logp + weight_entropy entropy).
"""

import pathlib
import sys
import unittest.mock

import mpmath
import numpy
import scipy.special
import scipy.stats
import torch
from common import check_versions, float64, write
from sb3_contrib.common.maskable.distributions import MaskableBernoulliDistribution, MaskableCategoricalDistribution, MaskableMultiCategoricalDistribution
from stable_baselines3.common.distributions import MultiCategoricalDistribution, StateDependentNoiseDistribution
from torch.distributions import Bernoulli, Beta, Normal, TanhTransform, kl_divergence

NEEDED = {"torch": "2.15.0", "stable-baselines3": "2.9.2", "sb3-contrib": "2.9.2", "scipy": "1.17.1", "numpy": "2.4.6", "mpmath": "1.3.0"}
R, D = 12, 2
draws = numpy.random.default_rng(5)


def number(*shape, scale=1.0):
    return torch.tensor(draws.normal(0, scale, shape))


def with_gradient(p, action, logp, entropy):
    """logp and entropy, functions of the parameters (R x ...), summed over the numbers of an action."""
    p = p.clone().requires_grad_(True)
    weights = number(2, R)
    found, h = logp(p), entropy(p)
    (weights[0] * found + weights[1] * h).sum().backward()
    return {"parameters": p, "action": action, "logp": found, "entropy": h, "weight_logp": weights[0], "weight_entropy": weights[1], "gradient": p.grad}


def with_divergence(distribution, p, q):
    rows = {"other": q}
    for name, of in [("kl", lambda p: kl_divergence(distribution(p), distribution(q))), ("kl_from", lambda p: kl_divergence(distribution(q), distribution(p)))]:
        p = p.clone().detach().requires_grad_(True)
        kl = of(p).sum(-1)
        kl.sum().backward()
        rows[name], rows[name + "_slope"] = kl, p.grad
    return rows


def halves(p):
    return p[:, :D], p[:, D:]


def bernoulli():
    p, action = number(R, D, scale=3), torch.tensor(draws.integers(0, 2, (R, D))).double()
    of = lambda p: Bernoulli(logits=p)
    rows = with_gradient(p, action, lambda p: of(p).log_prob(action).sum(-1), lambda p: of(p).entropy().sum(-1))
    exact = scipy.stats.bernoulli(scipy.special.expit(p.numpy()))
    rows["scipy_logp"], rows["scipy_entropy"] = exact.logpmf(action.numpy()).sum(-1), exact.entropy().sum(-1)
    return rows | with_divergence(of, p, number(R, D, scale=3))


def gaussian():
    p, action = number(R, 2 * D), number(R, D, scale=2)
    of = lambda p: Normal(halves(p)[0], halves(p)[1].exp())
    rows = with_gradient(p, action, lambda p: of(p).log_prob(action).sum(-1), lambda p: of(p).entropy().sum(-1))
    exact = scipy.stats.norm(p[:, :D].numpy(), p[:, D:].exp().numpy())
    rows["scipy_logp"], rows["scipy_entropy"] = exact.logpdf(action.numpy()).sum(-1), exact.entropy().sum(-1)
    return rows | with_divergence(of, p, number(R, 2 * D))


def tanh_gaussian(low, high):
    """The entropy's stand-in is -logp of the action that moves with the distribution."""
    p, u = number(R, 2 * D), number(R, D, scale=2)
    u[0, 0], u[1, 1] = 25.0, -60.0  # where tanh rounds to 1
    scale = (torch.tensor(high) - torch.tensor(low)) / 2

    def logp(p, u):
        base = Normal(halves(p)[0], halves(p)[1].exp())
        return (base.log_prob(u) - TanhTransform().log_abs_det_jacobian(u, u.tanh()) - scale.log()).sum(-1)

    def entropy(p):
        mean, log_std = halves(p)
        z = ((u - mean) / log_std.exp()).detach()
        return -logp(p, mean + log_std.exp() * z)

    return {"low": low, "high": high} | with_gradient(p, u, lambda p: logp(p, u), entropy)


class ExactDigamma(torch.autograd.Function):
    """torch's trigamma has 10 digits, SciPy's all."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return torch.special.psi(x)

    @staticmethod
    def backward(context, slope):
        return slope * torch.tensor(scipy.special.polygamma(1, context.saved_tensors[0].detach().numpy()))


def beta_of(p):
    a, b = halves(torch.nn.functional.softplus(p) + 1)
    return Beta(a, b)


def beta(low, high):
    p, u = number(R, 2 * D, scale=2), number(R, D, scale=2)
    x, width = u.sigmoid(), (torch.tensor(high) - torch.tensor(low)).log()
    rows = with_gradient(p, u, lambda p: (beta_of(p).log_prob(x) - width).sum(-1), lambda p: (beta_of(p).entropy() + width).sum(-1))
    d = beta_of(p)
    exact = scipy.stats.beta(d.concentration1.numpy(), d.concentration0.numpy())
    rows["scipy_logp"] = (exact.logpdf(x.numpy()) - width.numpy()).sum(-1)
    rows["scipy_entropy"] = (exact.entropy() + width.numpy()).sum(-1)
    return {"low": low, "high": high} | rows | with_divergence(beta_of, p, number(R, 2 * D, scale=2))


def beta_extremes():
    """One number of an action, between 0 and 1, to 60 digits: shapes from 1 to 10^6, actions far out."""
    mpmath.mp.dps = 60
    cases = [(-50, -50, 0.3), (-50, -50, 700), (0, 0, -700), (12, -40, 3), (-40, 12, -3), (1e4, 1e4, 0.01), (1e4, 1e4, 0.5), (1e6, 1e4, 4.6), (1e6, 1e6, 1e-3), (1e6, -3, 13),
             (7.99, 7.01, 0.1), (8.0, 7.0, 0.1), (3, 1e3, -5), (30, 1e3, -700)]
    rows = {"parameters": [], "action": [], "logp": [], "entropy": [], "logp_slope": [], "entropy_slope": []}
    softplus = lambda x: mpmath.log1p(mpmath.exp(x))
    logbeta = lambda a, b: mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b)
    psi = lambda n, x: mpmath.psi(n, x)
    for p0, p1, u in cases:
        p0, p1, u = mpmath.mpf(p0), mpmath.mpf(p1), mpmath.mpf(u)
        a, b = 1 + softplus(p0), 1 + softplus(p1)
        log_x, log_y = -softplus(-u), -softplus(u)
        rows["parameters"] += [p0, p1]
        rows["action"].append(u)
        rows["logp"].append((a - 1) * log_x + (b - 1) * log_y - logbeta(a, b))
        rows["entropy"].append(logbeta(a, b) - (a - 1) * psi(0, a) - (b - 1) * psi(0, b) + (a + b - 2) * psi(0, a + b))
        for raw, shape, log_here in [(p0, a, log_x), (p1, b, log_y)]:
            chain = 1 / (1 + mpmath.exp(-raw))
            rows["logp_slope"].append(chain * (log_here - psi(0, shape) + psi(0, a + b)))
            rows["entropy_slope"].append(chain * (-(shape - 1) * psi(1, shape) + (a + b - 2) * psi(1, a + b)))
    return {name: [float(x) for x in values] for name, values in rows.items()}


def multi_categorical(n):
    p, action = number(R, sum(n), scale=2), torch.tensor(numpy.stack([draws.integers(0, k, R) for k in n], 1))
    of = lambda p: MultiCategoricalDistribution(n).proba_distribution(p)
    return {"n": n} | with_gradient(p, action, lambda p: of(p).log_prob(action), lambda p: of(p).entropy())


def allowed(values):
    """For each row a mask of each choice's values, of which at least one is allowed, and an action that is."""
    masks = [draws.random((R, n)) < 0.6 for n in values]
    for mask in masks:
        mask[numpy.arange(R), draws.integers(0, mask.shape[1], R)] = True
    action = [[draws.choice(numpy.flatnonzero(row)) for row in mask] for mask in masks]
    return numpy.concatenate(masks, 1), torch.tensor(numpy.array(action).T)


def masked(values, parameters, distribution, logits_of=lambda p: p):
    mask, action = allowed(values)

    def of(p):
        d = distribution.proba_distribution(logits_of(p))
        d.apply_masking(mask)
        return d

    action = action if len(values) > 1 else action[:, 0]
    rows = with_gradient(number(R, parameters, scale=2), action, lambda p: of(p).log_prob(action), lambda p: of(p).entropy())
    return {"n": values, "mask": torch.tensor(mask)} | rows | {"mode": of(rows["parameters"]).mode()}


def gsde(learn_features, use_expln, epsilon):
    """With use_expln epsilon is 0, since theirs is in the deviation then too."""
    L = 3
    distribution = StateDependentNoiseDistribution(D, use_expln=use_expln, learn_features=learn_features, epsilon=epsilon)
    mean, log_s, features, action = (x.requires_grad_(True) for x in (number(R, D), number(L, D), number(R, L), number(R, D, scale=2)))
    of = distribution.proba_distribution(mean, log_s, features)
    logp, entropy = of.log_prob(action), of.entropy()
    weights = number(2, R)
    (weights[0] * logp + weights[1] * entropy).sum().backward()
    rows = {"features": features, "mean": mean, "log_s": log_s, "action": action, "logp": logp, "entropy": entropy, "weight_logp": weights[0], "weight_entropy": weights[1]}
    slopes = {"gradient_features": torch.zeros(R, L) if features.grad is None else features.grad, "gradient_mean": mean.grad, "gradient_log_s": log_s.grad}
    return {"epsilon": [epsilon]} | rows | slopes


def main():
    check_versions(NEEDED)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    with float64(), unittest.mock.patch.object(torch, "digamma", ExactDigamma.apply):
        files = {"bernoulli": bernoulli(), "state_dependent_gaussian": gaussian(), "tanh_gaussian": tanh_gaussian([-2.0, -1.0], [2.0, 1.0]),
                 "beta": beta([-2.0, 0.0], [2.0, 1.0]), "beta_extremes": beta_extremes(), "multi_categorical": multi_categorical([3, 2, 5]),
                 "masked_categorical": masked([5], 5, MaskableCategoricalDistribution(5)),
                 "masked_multi_categorical": masked([3, 2, 4], 9, MaskableMultiCategoricalDistribution([3, 2, 4])),
                 # their bit has two logits
                 "masked_bernoulli": masked([2, 2], 2, MaskableBernoulliDistribution(2), lambda p: torch.stack([torch.zeros_like(p), p], 2).reshape(R, 4)),
                 "gsde": gsde(False, False, 1e-6), "gsde_features": gsde(True, False, 1e-6), "gsde_expln": gsde(True, True, 0.0)}
    for name, rows in files.items():
        write(folder / "distribution" / f"{name}.txt", f"recorded by distributions.py with {NEEDED}", rows)


if __name__ == "__main__":
    main()
