"""Cohort's environments in lanes, as Gymnasium's make_vec makes them: what SyncVectorEnv gives of single ones, in every autoreset mode."""

import copy
import math

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

import cohort
from arrays import one_sentence_each

NAMES = [name for name in gymnasium.registry if name.startswith("cohort/")]
pytestmark = pytest.mark.filterwarnings("ignore:.*maximum and minimum values are equal")  # of the bandit, where nothing is to be seen


def make(name, N=3, **parameters):
    return gymnasium.make_vec("cohort/" + name.removeprefix("cohort/"), num_envs=N, **parameters)


def assert_same(found, expected):
    assert type(found) is type(expected)
    if isinstance(found, (dict, tuple)):
        keys = found.keys() if isinstance(found, dict) else range(len(found))
        assert keys == (expected.keys() if isinstance(expected, dict) else range(len(expected)))
        for key in keys:
            assert_same(found[key], expected[key])
    elif isinstance(found, np.ndarray) and found.dtype == object:
        assert found.shape == expected.shape
        for a, b in zip(found, expected):
            assert_same(a, b)
    elif isinstance(found, np.ndarray):
        assert found.dtype == expected.dtype and np.array_equal(found, expected)
    else:
        assert found == expected


def play_both(name, mode, N=19, steps=28, **parameters):  # more lanes than a pack, and no multiple of it
    ours = make(name, N, autoreset_mode=mode, **parameters)
    sync = gymnasium.make_vec(name, N, vectorization_mode="sync", vector_kwargs=dict(autoreset_mode=mode), **parameters)
    assert ours.observation_space == sync.observation_space and ours.action_space == sync.action_space
    assert ours.single_observation_space == sync.single_observation_space and ours.metadata == sync.metadata
    draws, ended = np.random.default_rng(1), 0
    for seed in (0, [2**40, 7, *range(N - 2)]):
        ours.action_space.seed(3)
        assert_same(ours.reset(seed=seed), sync.reset(seed=seed))
        for _ in range(steps):
            actions = ours.action_space.sample()
            if actions.dtype == np.float32:
                actions *= draws.choice([1, 2], actions.shape).astype(np.float32)  # beyond the bounds, too
            found = ours.step(actions)
            assert_same(found, sync.step(actions))
            over = found[2] | found[3]
            ended += over.sum()
            if mode == AutoresetMode.DISABLED and over.any():
                again = dict(options={"reset_mask": over.copy()}, seed=None if over[0] else 100)
                assert_same(ours.reset(**again), sync.reset(options={"reset_mask": over.copy()}, seed=again["seed"]))
        assert_same(ours.reset(), sync.reset())
    return ended


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize("name", NAMES)
def test_lanes_are_sync_vector_envs(name, mode):
    assert play_both(name, mode, max_episode_steps=12) >= 2 * 2 * 19


@pytest.mark.parametrize("mode", AutoresetMode)
@pytest.mark.parametrize("name,parameters", [
    ("cohort/CartPole-v1", dict(sutton_barto_reward=True)),
    ("cohort/CartPole-v1", dict(precision="float64")),
    ("cohort/Acrobot-v1", dict(torque_noise=0.5, dynamics="nips", max_episode_steps=12)),
    ("cohort/linear_quadratic", dict(noise=1, max_episode_steps=9)),
    ("cohort/chain", dict(length=3)),
    ("cohort/bandit", dict(chances=[0.3, 0.8])),
    ("cohort/FrozenLake-v1", dict(map=["SFSF"] * 3 + ["SHGF"])),
])  # fmt: skip
def test_with_other_parameters_too(name, parameters, mode):
    assert play_both(name, mode, **parameters) > 19


def test_the_default_is_gymnasiums():
    lanes = make("CartPole-v1")
    assert isinstance(lanes, cohort.gymnasium.VectorEnvironment) and lanes.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    assert make("CartPole-v1", autoreset_mode="SameStep").metadata["autoreset_mode"] is AutoresetMode.SAME_STEP


def test_a_state_is_that_of_single_environments():
    lanes, one = make("Pendulum-v1", 5), gymnasium.make("cohort/Pendulum-v1").unwrapped
    lanes.reset(seed=8)
    for n in range(5):
        one.reset(seed=8 + n)
        assert np.array_equal(lanes.state[n], one.state)
    lanes.state = [[n, -n] for n in range(5)]
    found = lanes.step(np.full((5, 1), 0.5))
    for n in range(5):
        one.reset()
        one.state = [n, -n]
        seen, reward, *_ = one.step([0.5])
        assert np.array_equal(found[0][n], seen) and found[1][n] == reward


def test_lanes_without_seeds_start_otherwise_each_time():
    starts = [make("CartPole-v1", 4).reset()[0] for _ in range(2)] + [make("CartPole-v1", 4).reset(seed=[1, None, 3, None])[0] for _ in range(2)]
    assert np.array_equal(starts[2][[0, 2]], starts[3][[0, 2]])
    assert len(np.unique(np.concatenate(starts), axis=0)) == 16 - 2


@pytest.mark.parametrize("mode", AutoresetMode)
def test_what_a_step_gave_stays_and_copies_go_on_alike(mode):
    lanes = make("FrozenLake-v1", 33, autoreset_mode=mode, max_episode_steps=4)
    lanes.reset(seed=1)
    given = lanes.step(np.ones(33, int))
    before, clone = copy.deepcopy(given), copy.deepcopy(lanes)
    for _ in range(3):
        actions = lanes.action_space.sample()
        found = lanes.step(actions)
        assert_same(found, clone.step(actions))
        found[0][:] = 9
        if mode == AutoresetMode.DISABLED:
            assert_same(lanes.reset(), clone.reset())
    assert_same(given, before)


def test_an_action_that_is_refused_moves_nothing():
    lanes, other = make("CartPole-v1", 9), make("CartPole-v1", 9)
    lanes.reset(seed=1), other.reset(seed=1)
    for _ in range(30):
        actions = lanes.action_space.sample()
        with pytest.raises(ValueError):
            lanes.step(np.append(actions[:-1], 2))
        assert_same(lanes.step(actions), other.step(actions))


def test_a_reset_of_some_lanes_leaves_the_others():
    lanes = make("CartPole-v1", 6, autoreset_mode="Disabled")
    before = lanes.reset(seed=1)[0]
    mask = np.arange(6) % 2 == 0
    options = {"reset_mask": mask}
    after = lanes.reset(seed=50, options=options)[0]
    assert np.array_equal(after[~mask], before[~mask]) and options == {"reset_mask": mask}
    assert np.array_equal(after[mask], make("CartPole-v1", 6).reset(seed=50)[0][mask])


def stepped(name, actions):
    lanes = make(name, 3)
    lanes.reset(seed=1)
    return lanes.step(actions)


def masked(mask, **parameters):
    lanes = make("CartPole-v1", 3, **parameters)
    lanes.reset(seed=1)
    return lanes.reset(options={"reset_mask": mask})


def step_after_the_end():
    lanes = make("recall", 3, delay=0, autoreset_mode="Disabled")
    lanes.reset(seed=1)
    for _ in range(2):
        lanes.step([0, 1, 0])


MISTAKES = [
    (lambda: make("CartPole-v1", 0), ValueError, "CartPole-v1: num_envs is 0, expected a whole number from 1 to 2147483647"),
    (lambda: make("CartPole-v1", 2.5), ValueError, "num_envs is 2.5, expected a whole number"),
    (lambda: make("CartPole-v1", 2**31), ValueError, "num_envs is 2147483648, expected a whole number"),
    (lambda: make("CartPole-v1", autoreset_mode="never"), ValueError, "autoreset_mode is 'never', expected one of 'NextStep', 'SameStep', '"),
    (lambda: make("CartPole-v1", max_episode_steps=1.5), ValueError, "max_episode_steps is 1.5, expected a whole number from 1"),
    (lambda: make("CartPole-v1", gravty=9), ValueError, "there is no parameter named 'gravty'; the nearest are gravity"),
    (lambda: make("CartPole-v1", render_mode="rgb_array"), gymnasium.error.UnsupportedMode, "render_mode is 'rgb_array', expected None"),
    (lambda: make("CartPole-v1").step([0, 1, 0]), gymnasium.error.ResetNeeded, "a step before the first reset"),
    (step_after_the_end, gymnasium.error.ResetNeeded, r"a step after the end of the episode of lane 0, expected reset\(options=.*reset_mask"),
    (lambda: stepped("CartPole-v1", [0, 1]), ValueError, r"cohort/CartPole-v1: the action has the shape \(2,\), expected \(3,\)"),
    (lambda: stepped("CartPole-v1", [[0], [1], [0]]), ValueError, r"the action has the shape \(3, 1\), expected \(3,\)"),
    (lambda: stepped("CartPole-v1", [0, 1, 2]), ValueError, r"the action\[2\] is 2, expected an integer from 0 to 1"),
    (lambda: stepped("CartPole-v1", np.array([0, 2**64 - 1, 0], np.uint64)), ValueError, r"the action\[1\] is -1, expected an integer"),
    (lambda: stepped("CartPole-v1", np.zeros(3)), ValueError, "the action has elements of type float64, expected integers"),
    (lambda: stepped("CartPole-v1", np.zeros(3, bool)), ValueError, "the action has elements of type bool, expected integers"),
    (lambda: stepped("Pendulum-v1", [0.0, 1, 0]), ValueError, r"the action has the shape \(3,\), expected \(3, 1\)"),
    (lambda: stepped("Pendulum-v1", [[0], [math.nan], [0]]), ValueError, r"the action\[1, 0\] is nan, expected a finite number"),
    (lambda: stepped("Pendulum-v1", np.zeros((3, 1), complex)), ValueError, "the action has elements of type complex128, expected float32"),
    (lambda: make("CartPole-v1").reset(seed=[1, 2]), ValueError, r"seed is \[1, 2\], expected None, a whole number, or one for each of the 3 lanes"),
    (lambda: make("CartPole-v1").reset(seed=1.5), ValueError, "seed is 1.5, expected None, a whole number"),
    (lambda: make("CartPole-v1").reset(seed=[1, -2, 3]), ValueError, "a seed is -2, expected one from 0"),
    (lambda: make("CartPole-v1").reset(seed=2**64 - 2), ValueError, "a seed is 18446744073709551616, expected one from 0"),
    (lambda: make("CartPole-v1").reset(options={"low": 1}), ValueError, "reset has no option 'low', expected 'reset_mask'"),
    (lambda: masked([True, False, True]), ValueError, r"reset_mask is a list, expected an array of bools of the shape \(3,\), one of them True"),
    (lambda: masked(None), ValueError, "reset_mask is a NoneType, expected an array of bools"),
    (lambda: masked(np.ones(3)), ValueError, r"reset_mask is of type float64 and shape \(3,\), expected an array of bools"),
    (lambda: masked(np.ones(2, bool)), ValueError, r"reset_mask is of type bool and shape \(2,\), expected an array of bools of the shape \(3,\)"),
    (lambda: masked(np.zeros(3, bool), autoreset_mode="Disabled"), ValueError, r"shape \(3,\), all False, expected .* one of them True"),
    (lambda: make("CartPole-v1").reset(options={"reset_mask": np.array([True, False, True])}), gymnasium.error.ResetNeeded,
     "reset_mask leaves out lane 1, which has not begun, expected a reset of all first"),
]  # fmt: skip

test_mistakes_are_one_sentence = one_sentence_each(MISTAKES)
