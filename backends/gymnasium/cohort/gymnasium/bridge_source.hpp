#pragma once
#include <cohort/compiler.hpp>

namespace COHORT_NAMESPACE::gymnasium::detail {

/// In Python, after copying_source: making an environment, its spaces, and the ways of copying it, each of which is
/// proved before it is used.
inline constexpr char const* bridge_source = R"py(
def unsupported(space, where):
    """Which part of an observation space is no array of a fixed size; None where there is no such part."""
    if isinstance(space, spaces.Dict):
        parts = [(part, f"{where}[{key!r}]") for key, part in space.spaces.items()]
    elif isinstance(space, spaces.Tuple):
        parts = [(part, f"{where}[{i}]") for i, part in enumerate(space.spaces)]
    elif isinstance(space, (spaces.Box, spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary)):
        return None
    else:
        return f"{where} is {space}"
    return next(filter(None, (unsupported(*part) for part in parts)), None)


class Bridge:
    """An environment by name. `free` has instances that nothing uses, in whatever state they were left."""

    def __init__(self, name, arguments, capture, restore):
        self.name, self.arguments, self.free, self.limit = name, dict(arguments), [], 0
        self.reward_threshold = None
        if name.startswith("ALE/"):
            importlib.import_module("ale_py")
        first = self.make()
        self.free.append(first)
        self.observation_space, self.action_space = first.observation_space, first.action_space
        self.describe()
        self.capture, self.restore = (self.function(capture), self.function(restore)) if capture else (None, None)
        self.way, self.faults, self.reuse = None, {}, True
        self.compare_episodes()

    def make(self):
        env = gymnasium.make(self.name, disable_env_checker=True, **self.arguments)
        if env.spec is not None:
            self.limit = env.spec.max_episode_steps or 0
            self.reward_threshold = env.spec.reward_threshold
        while type(env).__name__ in CHECKS and type(env).__module__.startswith("gymnasium."):
            if type(env).__name__ == "TimeLimit":
                self.limit = env._max_episode_steps
            env = env.env
        if Sticky.is_for(env.unwrapped):
            *outside, inner = layers(env)
            if outside:
                outside[-1].env = Sticky(inner)
            else:
                env = Sticky(inner)
        return env

    def begin_process(self, index):
        """In a new process, whose instances are its own: those that there were are neither used nor closed."""
        self.inherited, self.free = self.free, []
        random.seed(index)
        np.random.seed(index)

    def take(self):
        return self.free.pop() if self.free else self.make()

    def give(self, *instances):
        if self.reuse:
            self.free += instances

    @staticmethod
    def function(path):
        module, _, name = path.partition(":")
        return getattr(importlib.import_module(module), name)

    def describe(self):
        part = unsupported(self.observation_space, "the observation")
        if part:
            raise TypeError(f"{part}, of no fixed number of numbers; supported are Box, Discrete, MultiDiscrete, "
                            "MultiBinary, and Dict and Tuple of them")
        self.flat_space = flat = flatten_space(self.observation_space)
        self.low, self.high = flat.low.astype(float).ravel(), flat.high.astype(float).ravel()
        self.plain = isinstance(self.observation_space, spaces.Box)
        one_of = isinstance(self.observation_space, spaces.Discrete)
        self.choices_shown = int(self.observation_space.n) if one_of else 0
        self.first_shown = int(self.observation_space.start) if one_of else 0
        a = self.action_space
        kinds = ("Box", "Discrete", "MultiDiscrete", "MultiBinary")
        self.kind = next((k for k in kinds if isinstance(a, getattr(spaces, k))), "")
        if not self.kind:
            raise TypeError(f"the action space is {a}; supported are Box, Discrete, MultiDiscrete and MultiBinary")
        if self.kind == "Box":
            self.action_low, self.action_high = a.low.astype(float).ravel(), a.high.astype(float).ravel()
        else:
            n = 2 if self.kind == "MultiBinary" else a.nvec if self.kind == "MultiDiscrete" else a.n
            n = np.broadcast_to(n, a.shape or (1,))
            self.choices = n.ravel().astype(int)
            self.first_choice = np.broadcast_to(np.asarray(getattr(a, "start", 0)), n.shape).ravel().astype(int)

    def flat(self, observation):
        return np.asarray(flatten(self.observation_space, observation))

    # Ways of copying, each of source to a target that `take` gave, and of which `copy` uses the one that was proved.

    def by_functions(self, source, target):
        self.restore(target, self.capture(source))
        return target

    def by_mujoco(self, source, target):
        import mujoco
        s, t = source.unwrapped, target.unwrapped
        mujoco.mj_copyData(t.data, t.model, s.data)
        copy_attributes(source, target)
        return target

    def by_ale(self, source, target):
        for s, t in zip(layers(source), layers(target), strict=True):
            if isinstance(s, Sticky):
                s.give_to(t)
        target.unwrapped.ale.restoreState(source.unwrapped.ale.cloneState(include_rng=True))
        copy_attributes(source, target)
        return target

    def by_attributes(self, source, target):
        copy_attributes(source, target)
        return target

    def by_deepcopy(self, source, target):
        self.give(target)
        return copy.deepcopy(source)

    def compare_episodes(self):
        """Whether seed and actions fix an episode ('replay'), and whether so in an instance that had others before."""
        actions, used = copy.deepcopy(self.action_space), self.take()
        for seed in SEEDS:
            episode, again = play(self.make(), seed, actions), play(used, seed, actions)
            if not same(episode, again) and not same(episode, play(self.make(), seed, actions)):
                self.faults["replay"] = f"two episodes of seed {seed} with the same actions differ"
                break
            self.reuse = self.reuse and same(episode, again)
        self.give(used)

    def prove(self):
        """The first way in which copies step as their originals, or '' where there is none."""
        env = self.take()
        self.give(env)
        inner = env.unwrapped
        ways = ["functions"] if self.capture else []
        if not self.capture:
            ways += ["mujoco"] if hasattr(inner, "model") and hasattr(inner, "data") else []
            ways += ["ale"] if hasattr(inner, "ale") else []
            ways += ["attributes", "deepcopy", "replay"]
        starts = self.fault_of_starts()
        if starts:
            self.faults["reset"] = starts
            return ""
        for way in ways:
            if way not in self.faults:
                self.faults[way] = "" if way == "replay" else self.fault_of(way)
            if not self.faults[way]:
                self.way = way
                return way
        return ""

    def copy(self, source):
        return getattr(self, "by_" + self.way)(source, self.take())

    def fault_of_starts(self):
        for seed in SEEDS:
            a, b = self.take(), self.take()
            if not same(a.reset(seed=seed)[0], b.reset(seed=seed)[0]):
                return f"reset(seed={seed}) gives two different observations"
            self.give(a, b)
        return ""

    def fault_of(self, way):
        """Copies an episode again and again, and steps original and copy by turns; says where they part."""
        actions = copy.deepcopy(self.action_space)
        for seed in SEEDS:
            actions.seed(100 + seed)
            source, steps, over = self.take(), 0, False
            source.reset(seed=seed)
            for stretch in STRETCHES:
                try:
                    target, start = getattr(self, "by_" + way)(source, self.take()), steps
                    if target is source:
                        return "the copy is the original"
                    while steps < start + stretch and not over:
                        action, steps = actions.sample(), steps + 1
                        a, b = source.step(copy.copy(action)), target.step(copy.copy(action))
                        for what, x, y in zip(("observation", "reward", "terminated", "truncated"), a, b):
                            if not same(x, y):
                                return f"{what} of step {steps} differs, of seed {seed} copied after {start} steps"
                        over = a[2] or a[3]
                except Exception as error:
                    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
                self.give(target)
                if over:
                    break
            self.give(source)
        return ""
)py";

}  // namespace COHORT_NAMESPACE::gymnasium::detail
