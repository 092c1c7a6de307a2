#pragma once
#include <cohort/compiler.hpp>

namespace COHORT_NAMESPACE::gymnasium::detail {

/// In Python, after bridge_source: environments of make_vec, all of whose lanes are stepped in one call.
inline constexpr char const* vector_source = R"py(
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from gymnasium.vector.utils import iterate


class VectorBridge(Bridge):
    """`free` has instances that nothing uses, by their number of lanes."""

    def __init__(self, name, arguments, mode, lanes):
        self.name, self.arguments, self.mode, self.free = name, dict(arguments), mode or None, {}
        self.limit = 0
        if name.startswith("ALE/"):
            importlib.import_module("ale_py")
        first = self.make_lanes(lanes)
        self.observation_space, self.action_space = first.single_observation_space, first.single_action_space
        self.describe()
        self.give_lanes(first)

    def make_lanes(self, lanes):
        make = lambda **how: gymnasium.make_vec(self.name, lanes, vectorization_mode=self.mode, **how, **self.arguments)
        disabled = {"autoreset_mode": AutoresetMode.DISABLED}
        try:
            envs = make(vector_kwargs=disabled)
        except gymnasium.error.Error:  # of a class of its own, whose arguments are its own, too
            try:
                envs = make(**disabled)
            except TypeError:
                envs = make()
        mode = envs.metadata.get("autoreset_mode")
        if not isinstance(mode, AutoresetMode):
            envs.close()
            raise TypeError(f"its metadata['autoreset_mode'] is {mode!r}, expected one of Gymnasium's AutoresetMode")
        if envs.spec is not None and envs.spec.max_episode_steps:
            self.limit = envs.spec.max_episode_steps
        self.autoreset_mode = mode.name
        return envs

    def take_lanes(self, lanes):
        free = self.free.get(lanes)
        return free.pop() if free else self.make_lanes(lanes)

    def give_lanes(self, envs):
        self.free.setdefault(envs.num_envs, []).append(envs)

    def flat_lanes(self, envs, observations):
        if self.plain:
            rows = np.asarray(observations)
            if rows.shape != (envs.num_envs, *self.observation_space.shape):
                raise ValueError(f"the observations have the shape {rows.shape}, expected "
                                 f"{(envs.num_envs, *self.observation_space.shape)}")
            return np.ascontiguousarray(rows.reshape(envs.num_envs, -1), np.float32)
        return np.stack([self.flat(one) for one in iterate(envs.observation_space, observations)]).astype(np.float32)

    def reset_lanes(self, envs, seeds, which):
        if not isinstance(envs.unwrapped, (SyncVectorEnv, AsyncVectorEnv)):
            seeds = seeds[0]  # all that VectorEnv promises to take
        elif which is not None:
            seeds = [seed if new else None for seed, new in zip(seeds, which)]
        options = {} if which is None else {"options": {"reset_mask": which}}
        return self.flat_lanes(envs, envs.reset(seed=seeds, **options)[0])

    def step_lanes(self, envs, actions):
        """What was seen last in each episode, the rewards, the flags, and what is seen where new ones have begun."""
        observations, rewards, terminated, truncated, infos = envs.step(actions)
        shown = self.flat_lanes(envs, observations)
        rewards = np.ascontiguousarray(rewards, float)
        flags = [np.ascontiguousarray(f, bool) for f in (terminated, truncated)]
        for what, array in (("rewards", rewards), ("terminated", flags[0]), ("truncated", flags[1])):
            if array.shape != (envs.num_envs,):
                raise ValueError(f"{what} have the shape {array.shape}, expected {(envs.num_envs,)}")
        last = shown
        if self.autoreset_mode == "SAME_STEP":
            last = shown.copy()
            for n in np.flatnonzero(flags[0] | flags[1]):
                last[n] = self.flat(infos["final_obs"][n]).ravel()
        return last, rewards, *flags, shown
)py";

}  // namespace COHORT_NAMESPACE::gymnasium::detail
