"""Cohort's environments in Gymnasium, one by one or in lanes that step together.

    import cohort, gymnasium
    one = gymnasium.make("cohort/Acrobot-v1", dynamics="nips")
    many = gymnasium.make_vec("cohort/CartPole-v1", num_envs=1024, autoreset_mode="SameStep")

Lane n of many.reset(seed=s) is what one environment is after reset(seed=s + n), bit for bit. They compute in float32;
with precision="float64" in double, in which classic control is Gymnasium's. Observations are float32 in both.
"""

import secrets as _secrets

import numpy as _np

try:
    import gymnasium as _gymnasium
    from gymnasium.vector import AutoresetMode as _AutoresetMode
except ImportError as _error:
    raise ImportError(
        f"cohort.gymnasium needs Gymnasium 1.1 or newer, expected after: pip install gymnasium ({_error})"
    ) from None

from . import _cohort

_NAMESPACE = "cohort/"
# Two that end by themselves, and one whose limit follows from its length: no TimeLimit is put around them.
_OWN_LIMIT = {"chain", "bandit", "recall"}


def _count(where, what, given):
    number = given.__index__() if hasattr(given, "__index__") else 0
    if not 0 < number < 2**31:
        raise ValueError(f"{where}: {what} is {given!r}, expected a whole number from 1 to 2147483647")
    return number


class _Lanes:
    """What one environment and many have in common: the lanes in C++, their spaces, actions and seeds."""

    def _make(self, name, lanes, limit, mode, render_mode, precision, parameters):
        name = str(name).removeprefix(_NAMESPACE)
        self._where = where = _NAMESPACE + name
        if render_mode is not None:
            raise _gymnasium.error.UnsupportedMode(
                f"{where}: render_mode is {render_mode!r}, expected None: it draws nothing"
            )
        limit = 0 if limit in (None, -1) else _count(where, "max_episode_steps", limit)
        self._lanes = _cohort._make_lanes(
            name, where, parameters, str(precision), lanes, limit, name in _OWN_LIMIT, mode, _secrets.randbits(64)
        )
        low, high, choices, least, most = self._lanes.spaces()
        box = lambda low, high: _gymnasium.spaces.Box(
            _np.array(low, _np.float32), _np.array(high, _np.float32)
        )  # noqa: E731
        self._step = "step_choices" if choices else "step_numbers"
        return box(low, high), _gymnasium.spaces.Discrete(choices[0]) if choices else box(least, most)

    def _actions(self, given, shape):
        array = _np.asarray(given)
        whole = self._step == "step_choices"
        if array.shape != shape:
            raise ValueError(f"{self._where}: the action has the shape {array.shape}, expected {shape}")
        if array.dtype.kind not in ("iu" if whole else "iuf"):
            raise ValueError(
                f"{self._where}: the action has elements of type {array.dtype}, "
                f"expected {'integers' if whole else 'float32'}"
            )
        if whole or array.dtype.kind != "f" or array.dtype.itemsize < 5:
            return _np.ascontiguousarray(array, _np.int64 if whole else _np.float32)
        with _np.errstate(over="ignore"):  # what float32 does not hold is refused as infinite
            return _np.ascontiguousarray(array, _np.float32)

    def _restart(self, seeds, which=None):
        """A new episode in some lanes or all, with the seeds that are given; the others' draws go on."""
        for seed in seeds:
            if seed is not None and not 0 <= seed < 2**64:
                raise ValueError(f"{self._where}: a seed is {seed}, expected one from 0 to 2^64 - 1")
        seen = _np.empty(self.observation_space.shape, _np.float32)
        self._lanes.reset(seeds, which, seen)
        return seen, {}

    def _refuse_options(self, options, known=()):
        for name in options or {}:
            if name not in known:
                raise ValueError(
                    f"{self._where}: reset has no option {name!r}, expected {' or '.join(map(repr, known)) or 'none'}"
                )

    def _states(self):
        array = _np.empty((self._lanes.lanes, self._lanes.numbers_of_state))
        self._lanes.states(array)
        return array

    def _set_states(self, given, shape):
        array = _np.ascontiguousarray(given, _np.float64)
        if array.shape != shape:
            raise ValueError(f"{self._where}: the state has the shape {array.shape}, expected {shape}")
        self._lanes.set_states(array)


class Environment(_Lanes, _gymnasium.Env):
    """One of Cohort's environments: Environment("CartPole-v1", gravity=9.81), with the parameters that it has in C++.

    Gymnasium's make("cohort/CartPole-v1", ...) makes it, and puts a time limit around it.
    """

    metadata = {"render_modes": []}

    def __init__(self, name, *, max_episode_steps=None, precision="float32", render_mode=None, **parameters):
        self.observation_space, self.action_space = self._make(
            name, 1, max_episode_steps, "Disabled", render_mode, precision, parameters
        )

    def reset(self, *, seed=None, options=None):
        self._refuse_options(options)
        super().reset(seed=seed)
        return self._restart([seed])

    def step(self, action):
        seen = _np.empty(self.observation_space.shape, _np.float32)
        reward, terminated, truncated = _np.empty(1), _np.empty(1, bool), _np.empty(1, bool)
        getattr(self._lanes, self._step)(
            self._actions(action, self.action_space.shape), seen, reward, terminated, truncated
        )
        return seen, float(reward[0]), bool(terminated[0]), bool(truncated[0]), {}

    @property
    def state(self):
        """The numbers of the state, as Gymnasium's classic control has them; they may be set after a reset."""
        return self._states()[0]

    @state.setter
    def state(self, given):
        self._set_states(_np.atleast_1d(given), (self._lanes.numbers_of_state,))


class VectorEnvironment(_Lanes, _gymnasium.vector.VectorEnv):
    """num_envs lanes of one of Cohort's environments, which step together: what SyncVectorEnv gives of so many."""

    def __init__(
        self,
        name,
        num_envs=1,
        *,
        max_episode_steps=None,
        autoreset_mode=_AutoresetMode.NEXT_STEP,
        precision="float32",
        render_mode=None,
        **parameters,
    ):
        self.num_envs = _count(name, "num_envs", num_envs)
        try:
            mode = _AutoresetMode(autoreset_mode)
        except ValueError:
            expected = ", ".join(repr(mode.value) for mode in _AutoresetMode)
            raise ValueError(f"{name}: autoreset_mode is {autoreset_mode!r}, expected one of {expected}") from None
        self.metadata = {"render_modes": [], "autoreset_mode": mode}
        self._keeps_final = mode is _AutoresetMode.SAME_STEP
        one, action = self._make(name, self.num_envs, max_episode_steps, mode.value, render_mode, precision, parameters)
        self.single_observation_space, self.single_action_space = one, action
        self.observation_space = _gymnasium.vector.utils.batch_space(one, self.num_envs)
        self.action_space = _gymnasium.vector.utils.batch_space(action, self.num_envs)

    def reset(self, *, seed=None, options=None):
        self._refuse_options(options, ["reset_mask"])
        which = self._mask(options["reset_mask"]) if options else None
        if seed is None:
            return self._restart([None] * self.num_envs, which)
        if hasattr(seed, "__index__"):
            super().reset(seed=seed.__index__())
            return self._restart([seed.__index__() + n for n in range(self.num_envs)], which)
        try:
            seeds = [None if one is None else one.__index__() for one in seed]
        except (TypeError, AttributeError):
            seeds = []
        if len(seeds) != self.num_envs:
            raise ValueError(
                f"{self._where}: seed is {seed!r}, expected None, a whole number, "
                f"or one for each of the {self.num_envs} lanes"
            )
        return self._restart(seeds, which)

    def _mask(self, which):
        fits = isinstance(which, _np.ndarray) and which.dtype == bool and which.shape == (self.num_envs,)
        if not fits or not which.any():
            given = f"a {type(which).__name__}"
            if isinstance(which, _np.ndarray):
                given = f"of type {which.dtype} and shape {which.shape}" + (", all False" if fits else "")
            raise ValueError(
                f"{self._where}: reset_mask is {given}, "
                f"expected an array of bools of the shape ({self.num_envs},), one of them True"
            )
        return _np.ascontiguousarray(which)

    def step(self, actions):
        seen = _np.empty(self.observation_space.shape, _np.float32)
        reward, terminated, truncated = (
            _np.empty(self.num_envs),
            _np.empty(self.num_envs, bool),
            _np.empty(self.num_envs, bool),
        )
        ended = getattr(self._lanes, self._step)(
            self._actions(actions, self.action_space.shape), seen, reward, terminated, truncated
        )
        if not ended or not self._keeps_final:
            return seen, reward, terminated, truncated, {}
        last = _np.empty((ended, *self.single_observation_space.shape), _np.float32)
        self._lanes.final(last)
        over, final = terminated | truncated, _np.empty(self.num_envs, object)  # of None
        final[over] = _np.fromiter(last, object, ended)
        return (
            seen,
            reward,
            terminated,
            truncated,
            {"final_obs": final, "_final_obs": over, "final_info": {}, "_final_info": over.copy()},
        )

    @property
    def state(self):
        """The numbers of each lane's state; they may be set after a reset."""
        return self._states()

    @state.setter
    def state(self, given):
        self._set_states(given, (self.num_envs, self._lanes.numbers_of_state))


def _register():
    for name, limit in _cohort._environments():
        if _NAMESPACE + name in _gymnasium.registry:
            continue
        theirs = _gymnasium.registry.get(name)
        _gymnasium.register(
            _NAMESPACE + name,
            entry_point="cohort.gymnasium:Environment",
            vector_entry_point="cohort.gymnasium:VectorEnvironment",
            max_episode_steps=None if name in _OWN_LIMIT else limit,
            reward_threshold=theirs.reward_threshold if theirs else None,
            kwargs={"name": name},
        )


_register()
