"""Environments for the tests of the bridge: each is odd in one way."""

import copy
import os
import random
import signal
import time

import gymnasium
import numpy as np
from gymnasium import spaces


class Walk(gymnasium.Env):
    """Counts: what is odd the others add."""

    observation_space = spaces.Box(-1000, 1000, (2,), np.float32)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.steps = float(self.np_random.integers(5)), 0
        return self.look(), {}

    def step(self, action):
        self.steps += 1
        self.place += 1 if action == 1 else -1
        return self.look(), self.place, self.steps >= 30, False, {}

    def look(self):
        return np.array([self.place, self.steps], np.float32)


class Engine:
    """A simulator whose copies forget a part of it, here how fast it goes."""

    def __init__(self, speed=0.0):
        self.speed = speed

    def __deepcopy__(self, memo):
        return Engine()


class ForgetsWhenCopied(Walk):
    def reset(self, *, seed=None, options=None):
        self.engine = Engine()
        return super().reset(seed=seed)

    def step(self, action):
        self.engine.speed += 0.5
        self.place += self.engine.speed
        return super().step(action)


class SharedWhenCopied(ForgetsWhenCopied):
    """Its simulator is the same in all copies."""

    def reset(self, *, seed=None, options=None):
        result = super().reset(seed=seed)
        self.engine = type("Shared", (), {"speed": 0.0, "__deepcopy__": lambda self, memo: self})()
        return result


class Unrepeatable(Walk):
    """Its noise comes from where no seed reaches."""

    def step(self, action):
        self.place += random.SystemRandom().random()
        return super().step(action)


class StartsAnywhere(Walk):
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = random.SystemRandom().random()
        return self.look(), {}


class Remembers(Walk):
    """An episode depends on how many there were before in the same instance."""

    episodes = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episodes += 1
        return self.look(), {}

    def step(self, action):
        self.place += self.episodes
        return super().step(action)


class Generator(Walk):
    """A Python generator cannot be copied; capture and restore below can."""

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.run_from(self.place, 0)
        return self.look(), {}

    def run_from(self, place, steps):
        self.place, self.steps, self.run = place, steps, self.places()

    def places(self):
        while True:
            self.place += 0.25
            yield self.place

    def step(self, action):
        next(self.run)
        return super().step(action)


def capture(env):
    inner = env.unwrapped
    return inner.place, inner.steps


def restore(env, captured):
    env.unwrapped.run_from(*captured)


class Strays(Walk):
    """Shows what is not in its space, after its sixth step."""

    observation_space = spaces.Box(np.array([-1000, -6], np.float32), np.array([1000, 6], np.float32))


class Ends(Walk):
    """Its process, at the fifth step of any episode but those with which the bridge tries it."""

    def __init__(self, how):
        self.how = how

    def reset(self, *, seed=None, options=None):
        self.tried = seed is not None and seed < 100
        return super().reset(seed=seed)

    def step(self, action):
        result = super().step(action)
        if self.steps == 5 and not self.tried:
            {
                "hangs": lambda: time.sleep(1000),
                "exits": lambda: os._exit(3),
                "crashes": lambda: os.kill(os.getpid(), signal.SIGSEGV),
                "raises": self.give_up,
            }[self.how]()
        return result

    def give_up(self):
        raise ArithmeticError("the simulator gave up")


class Slow(Walk):
    """A step takes as long as the place says."""

    def step(self, action):
        time.sleep(0.002 * (self.place % 3))
        return super().step(action)


class Breaks(Walk):
    def __init__(self, how, at):
        self.how, self.at = how, at

    def step(self, action):
        observation, reward, _, _, info = super().step(action)
        result = [observation, reward, False, False, info]
        if self.steps == self.at:
            if self.how == "raises":
                raise ArithmeticError("the simulator gave up")
            part, value = {
                "nan": (0, np.array([np.nan, 1], np.float32)),
                "shape": (0, np.zeros(3, np.float32)),
                "list": (0, [1.0, 2.0]),
                "words": (0, np.array(["a", "b"])),
                "reward": (1, None),
                "infinite": (1, float("inf")),
                "terminated": (2, 1),
                "four": (4, None),
            }[self.how]
            result[part] = value
        return tuple(result[:4]) if self.steps == self.at and self.how == "four" else tuple(result)


class CutsItself(Walk):
    """Truncated by a rule of its own, not by Gymnasium's TimeLimit."""

    def step(self, action):
        observation, reward, _, _, info = super().step(action)
        return observation, reward, False, self.steps == 5, info


class Parts(Walk):
    """A dictionary, flattened by Gymnasium in the order of its keys."""

    observation_space = spaces.Dict(
        {
            "where": spaces.Box(-1000, 1000, (2, 1), np.float64),
            "kind": spaces.Discrete(3, start=5),
            "both": spaces.Tuple((spaces.MultiBinary(2), spaces.Box(0, 255, (3,), np.uint8))),
        }
    )

    def look(self):
        return {
            "where": np.array([[self.place], [self.steps]]),
            "kind": 5 + self.steps % 3,
            "both": (np.array([1, self.steps % 2], np.int8), np.array([7, self.steps, 255], np.uint8)),
        }


class Choices(Walk):
    """Shows one of five choices, and at step 7 one that is none of them."""

    observation_space = spaces.Discrete(5, start=-2)

    def look(self):
        return 9 if self.steps == 7 else np.int64(self.steps % 5 - 2)


class Words(Walk):
    observation_space = spaces.Dict(
        {"ok": spaces.Discrete(2), "deep": spaces.Tuple((spaces.Sequence(spaces.Discrete(2)),))}
    )


class Acts(Walk):
    """Shows the action that it was given, and its type."""

    def __init__(self, kind):
        self.action_space = {
            "start": spaces.Discrete(3, start=-1),
            "many": spaces.MultiDiscrete([3, 5], start=[10, 20]),
            "bits": spaces.MultiBinary((2, 2)),
            "box": spaces.Box(-1, 1, (2, 2), np.float64),
            "dict": spaces.Dict({"a": spaces.Discrete(2)}),
        }[kind]
        self.observation_space = spaces.Box(-100, 100, (4,), np.float64)

    def reset(self, *, seed=None, options=None):
        gymnasium.Env.reset(self, seed=seed)
        return np.zeros(4), {}

    def step(self, action):
        assert self.action_space.contains(np.int64(action) if isinstance(action, int) else action), repr(action)
        return np.resize(np.asarray(action, float).ravel(), 4), 0.0, False, False, {}


class CountingLanes(gymnasium.vector.VectorEnv):
    """Lane n shows 100 n and how many steps it made; it ends after n + 2, and a new episode shows 1000 more."""

    single_observation_space = spaces.Box(-1e6, 1e6, (1,), np.float32)
    single_action_space = spaces.Discrete(2)

    def __init__(self, num_envs, mode):
        self.num_envs = num_envs
        self.metadata = {"autoreset_mode": gymnasium.vector.AutoresetMode(mode)} if mode else {}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps, self.base = np.zeros(self.num_envs), 100.0 * np.arange(self.num_envs)
        self.over = np.zeros(self.num_envs, bool)
        return self.look(), {}

    def begin(self, which):
        self.base[which] += 1000
        self.steps[which] = 0

    def look(self):
        return (self.base + self.steps).astype(np.float32)[:, None]

    def step(self, actions):
        next_step = self.metadata["autoreset_mode"] is gymnasium.vector.AutoresetMode.NEXT_STEP
        begun = self.over & next_step
        self.steps += 1
        self.begin(begun)
        final, self.over = self.look(), self.steps >= np.arange(self.num_envs) + 2
        if not next_step:
            self.begin(self.over)
        ends = [row if end else None for row, end in zip(final, self.over)]
        infos = {} if next_step else {"final_obs": np.array(ends, object), "_final_obs": self.over}
        rewards = np.where(begun, 0.0, actions)
        return self.look(), rewards, self.over.copy(), np.zeros_like(self.over), infos


class Painted(Walk):
    """Renders one picture of a few pixels after the other; `how` says in which form."""

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 8}

    def __init__(self, how="whole", render_mode=None):
        self.how, self.render_mode = how, render_mode

    def render(self):
        if self.render_mode != "rgb_array":
            return None
        row, column = np.indices((2, 3), np.uint8)
        picture = np.stack([row, column, np.full_like(row, self.steps)], -1)
        return {
            "whole": picture,
            "turned": np.ascontiguousarray(picture[::-1, ::-1])[::-1, ::-1],
            "columns": np.asfortranarray(picture),
            "numbers": picture / 255,
            "gray": picture[:, :, 0],
            "list": [picture],
            "empty": picture[:0],
        }[self.how]


def wrapped():
    env = gymnasium.wrappers.TimeLimit(Walk(), 12)
    return gymnasium.wrappers.FrameStackObservation(gymnasium.wrappers.RecordEpisodeStatistics(env), 3)


for name, entry in list(globals().items()):
    if isinstance(entry, type) and issubclass(entry, gymnasium.Env) and entry is not gymnasium.Env:
        gymnasium.register(f"{name}-v0", entry_point=entry, max_episode_steps=25 if name == "Walk" else None)
gymnasium.register("Wrapped-v0", entry_point=wrapped)
gymnasium.register("Counting-v0", vector_entry_point=CountingLanes)
