#pragma once
#include <cohort/compiler.hpp>

namespace COHORT_NAMESPACE::gymnasium::detail {

/// In Python: what an episode consists of, how it is put into another instance, and whether two that are played show
/// the same.
inline constexpr char const* copying_source = R"py(
import copy, importlib, math, random
import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.spaces.utils import flatten, flatten_space

CHECKS = ("TimeLimit", "OrderEnforcing", "PassiveEnvChecker")  # what gymnasium.make puts around an environment
SIMULATORS = ("model", "data", "mujoco_renderer", "ale", "marks")
# Episodes are played to see what holds: their seeds and lengths, and how far copies of one are followed.
SEEDS, STEPS, STRETCHES = (1, 2, 3), 200, (1, 1, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55)
FIXED = (spaces.Space, gymnasium.envs.registration.EnvSpec)  # what no step changes
PLAIN = (bool, int, float, str, bytes, type(None))


def layers(env):
    """The wrappers from the outermost on, and the environment itself."""
    yield env
    while isinstance(env, gymnasium.Wrapper):
        env = env.env
        yield env


def same(a, b):
    """Whether two observations have the same bits."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    a, b = np.asarray(a), np.asarray(b)
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def copy_attributes(source, target):
    """Everything but the simulators, layer by layer: counters and queues of wrappers, generators of draws."""
    pairs = list(zip(layers(source), layers(target), strict=True))
    memo = {}
    for s, t in pairs:
        if type(s) is not type(t):
            raise TypeError(f"the layers differ: {type(s).__name__}, {type(t).__name__}")
        memo[id(s)] = t
        memo.update((id(v), v) for v in s.__dict__.values() if isinstance(v, FIXED))
        memo.update((id(v), t.__dict__[k]) for k, v in s.__dict__.items() if k in SIMULATORS)
    for s, t in pairs:
        for name in t.__dict__.keys() - s.__dict__.keys():
            del t.__dict__[name]
        for name, value in s.__dict__.items():
            own = t.__dict__.get(name)
            if isinstance(value, np.random.Generator) and isinstance(own, np.random.Generator):
                own.bit_generator.state = value.bit_generator.state
            elif name != "env" and name not in SIMULATORS:
                t.__dict__[name] = value if isinstance(value, PLAIN) else copy.deepcopy(value, memo)


def draw(actions):
    return copy.copy(actions.sample())


def play(env, seed, actions):
    """What an episode of random actions shows."""
    actions.seed(seed)
    seen = [env.reset(seed=seed)[0]]
    for _ in range(STEPS):
        *shown, _ = env.step(draw(actions))
        seen.append(tuple(shown))
        if any(shown[2:]):
            break
    return seen


class Sticky(gymnasium.Wrapper):
    """Around an Atari environment that repeats actions by chance. ALE's states lack the action to be repeated, which
    is the last one given when the dice fell otherwise: so the last steps are kept, and a copy that is given them again
    with the dice of then, before it is given the state, has it too. They are so many that the dice repeated all of
    them with a chance below 1e-15."""

    @staticmethod
    def is_for(env):
        return hasattr(env, "ale") and env.ale.getFloat("repeat_action_probability") > 0

    def __init__(self, env):
        super().__init__(env)
        chance = min(0.999, env.unwrapped.ale.getFloat("repeat_action_probability"))
        frames = math.log(1e-15) / math.log(chance)
        self.window = math.ceil(frames / np.min(env.unwrapped._frameskip))

    def mark(self):
        return self.unwrapped.ale.cloneState(include_rng=True), []

    def reset(self, **how):
        result = super().reset(**how)
        self.marks, self.fresh = [self.mark()], True
        return result

    def step(self, action):
        if len(self.marks[-1][1]) == self.window:
            self.fresh = len(self.marks) == 1 and self.fresh
            self.marks = [self.marks[-1], self.mark()]
        self.marks[-1][1].append(action)
        return super().step(action)

    def give_to(self, other):
        if not isinstance(self.unwrapped._frameskip, int):
            raise ValueError("actions are repeated by chance, for a number of frames that is drawn")
        ale = other.unwrapped.ale
        if self.fresh:
            ale.reset_game()
        ale.restoreState(self.marks[0][0])
        for _, actions in self.marks:
            for action in actions:
                other.unwrapped.step(action)
        if ale.game_over() and not self.unwrapped.ale.game_over():
            raise RuntimeError("the game was over while the last actions were given again")
        other.marks = [(state, list(actions)) for state, actions in self.marks]
)py";

}  // namespace COHORT_NAMESPACE::gymnasium::detail
