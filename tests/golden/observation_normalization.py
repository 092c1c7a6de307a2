"""Records the observations' statistics of Stable-Baselines3's VecNormalize and of rsl_rl's EmpiricalNormalization.

    python3 -m venv build/normalization
    build/normalization/bin/pip install stable-baselines3==2.9.2 gymnasium==1.4.0 numpy==2.4.6 torch==2.15.0
    build/normalization/bin/pip install --no-deps rsl-rl-lib==5.5.1
    build/normalization/bin/python tests/golden/observation_normalization.py

It writes policy/observation_normalization.txt beside itself, or into the folder given as its argument: lines of `name number number ...`, each number the
shortest decimal that reads back as the same float64. observation is T x lanes x D, time by time; the third column never changes and the fourth is large.
VecNormalize (clip_obs 2) takes in each time step at once, EmpiricalNormalization two halves; then both normalize `asked`, the former to float32.
"""

import pathlib
import sys

import numpy
import torch
from common import bare_package, check_versions, write
from gymnasium import spaces
from sb3_reward_scale import recorded
from stable_baselines3.common.vec_env import VecNormalize

NEEDED = {"stable-baselines3": "2.9.2", "numpy": "2.4.6", "rsl-rl-lib": "5.5.1"}
T, LANES, D = 20, 5, 4


class recorded_observations(recorded):
    """Environments that play observations from a record."""

    def __init__(self, observations):
        super().__init__(numpy.zeros((T, LANES)), numpy.zeros((T, LANES), dtype=bool))
        self.observation_space = spaces.Box(-numpy.inf, numpy.inf, (D,), dtype=numpy.float64)
        self.observations = observations

    def reset(self):
        return self.observations[0]

    def step_wait(self):
        _, rewards, dones, infos = super().step_wait()
        return self.observations[self.t], rewards, dones, infos


if __name__ == "__main__":
    check_versions(NEEDED)
    bare_package("rsl_rl")
    bare_package("rsl_rl.modules")
    from rsl_rl.modules.normalization import EmpiricalNormalization

    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    draws = numpy.random.default_rng(31)
    observations = draws.normal([0, 3, 0, 1e6], [1, 0.1, 0, 5], (T, LANES, D)) + [0, 0, 7, 0]
    asked = draws.normal([0, 3, 7, 1e6], [2, 0.2, 1, 9], (6, D))

    sb3 = VecNormalize(recorded_observations(observations), norm_reward=False, clip_obs=2)
    sb3.reset()
    for _ in range(T - 1):
        sb3.step(numpy.zeros(LANES))

    rsl = EmpiricalNormalization(D).double()
    for half in torch.tensor(observations).reshape(2, -1, D):
        rsl.update(half)

    rows = {"observation": observations, "asked": asked}
    rows |= {"sb3_mean": sb3.obs_rms.mean, "sb3_variance": sb3.obs_rms.var, "sb3_count": sb3.obs_rms.count}
    rows |= {"sb3": sb3.normalize_obs(asked)}
    rows |= {"rsl_rl_mean": rsl.mean, "rsl_rl_deviation": rsl.std, "rsl_rl": rsl(torch.tensor(asked))}
    write(folder / "policy" / "observation_normalization.txt", f"recorded by {pathlib.Path(__file__).name} with {NEEDED}", rows)
