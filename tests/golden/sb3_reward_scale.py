"""Records the rewards of Stable-Baselines3's VecNormalize.

    python3 -m venv build/sb3
    build/sb3/bin/pip install stable-baselines3==2.9.2 gymnasium==1.4.0 numpy==2.4.6 torch==2.15.0
    build/sb3/bin/python tests/golden/sb3_reward_scale.py

It writes advantage/sb3_reward_scale.txt beside itself, or into the folder given as its argument: lines of `name number number ...`, each number the shortest
decimal that reads back as the same float64. lanes environments side by side; reward and done are T x lanes, time by time, and scaled is what VecNormalize makes
of them one step after the other (gamma .97, clip_reward 1.5).
"""

import pathlib
import sys

import numpy
from common import check_versions, float64, write
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

NEEDED = {"stable-baselines3": "2.9.2", "numpy": "2.4.6"}
T, LANES = 40, 5


class recorded(VecEnv):
    """Environments that play rewards and ends from a record."""

    def __init__(self, rewards, dones):
        super().__init__(LANES, spaces.Box(-1, 1, (1,)), spaces.Discrete(2))
        self.rewards, self.dones, self.t = rewards, dones, 0

    def reset(self):
        return numpy.zeros((LANES, 1), dtype=numpy.float32)

    def step_async(self, actions):
        pass

    def step_wait(self):
        self.t += 1
        return numpy.zeros((LANES, 1), dtype=numpy.float32), self.rewards[self.t - 1], self.dones[self.t - 1], [{} for _ in range(LANES)]

    def close(self):
        pass

    def get_attr(self, name, indices=None):
        return [None] * LANES

    def set_attr(self, name, value, indices=None):
        pass

    def env_method(self, name, *arguments, indices=None, **more):
        return [None] * LANES

    def env_is_wrapped(self, wrapper, indices=None):
        return [False] * LANES


if __name__ == "__main__":
    check_versions(NEEDED)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    draws = numpy.random.default_rng(30)
    rewards, dones = draws.normal(0.5, 2, (T, LANES)), draws.uniform(size=(T, LANES)) < 0.15
    env = VecNormalize(recorded(rewards, dones), norm_obs=False, clip_reward=1.5, gamma=0.97)
    env.reset()
    with float64():  # VecNormalize returns float32
        scaled = [env.step(numpy.zeros(LANES))[1] for _ in range(T)]
    write(folder / "advantage/sb3_reward_scale.txt", f"recorded by sb3_reward_scale.py with {NEEDED}",
          {"lanes": [LANES], "reward": rewards, "done": dones, "scaled": scaled})
