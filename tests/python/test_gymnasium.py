"""Cohort's environments as Gymnasium makes them one by one: its checker, its own episodes in double, seeds, copies, mistakes."""

import copy
import math
import pathlib
import subprocess
import sys
import warnings

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import cohort
from arrays import one_sentence_each

NAMES = [name for name in gymnasium.registry if name.startswith("cohort/")]
CLASSIC = ["CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Acrobot-v1", "Pendulum-v1"]
GOLDEN = pathlib.Path(__file__).parents[1] / "golden/gymnasium"


def make(name, **parameters):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the bandit, where there is nothing to be seen
        return gymnasium.make("cohort/" + name.removeprefix("cohort/"), **parameters)


def checked(environment):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        check_env(environment.unwrapped, skip_render_check=True)
    return {str(one.message) for one in said}


def test_every_environment_of_the_library_is_registered():
    assert len(NAMES) == 11 and {"cohort/" + name for name in CLASSIC} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_checker_finds_no_fault(name):
    said = checked(make(name))
    if name.removeprefix("cohort/") in CLASSIC:
        assert said <= checked(gymnasium.make(name.removeprefix("cohort/")))
    environment = make(name)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        environment.reset(seed=1)
        for _ in range(30):
            if any(environment.step(environment.action_space.sample())[2:4]):
                environment.reset()


@pytest.mark.parametrize("name", CLASSIC)
def test_spaces_and_limits_are_gymnasiums(name):
    ours, theirs = make(name), gymnasium.make(name)
    assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space
    assert ours.spec.max_episode_steps == theirs.spec.max_episode_steps
    assert ours.spec.reward_threshold == theirs.spec.reward_threshold


LINKS = dict(length_1=1.25, mass_1=0.9, mass_2=1.1, center_1=0.6, center_2=0.45, moment=0.8, torques=(-1.5, 0.25, 2))


@pytest.mark.parametrize("name,file,parameters", [
    ("CartPole-v1", "cart_pole", {}),
    ("CartPole-v1", "cart_pole_sutton_barto", dict(sutton_barto_reward=True)),
    ("MountainCar-v0", "mountain_car", {}),
    ("MountainCar-v0", "mountain_car_goal_velocity", dict(goal_velocity=0.045)),
    ("MountainCarContinuous-v0", "continuous_mountain_car", {}),
    ("MountainCarContinuous-v0", "continuous_mountain_car_goal_velocity", dict(goal_velocity=0.045)),
    ("Acrobot-v1", "acrobot", {}),
    ("Acrobot-v1", "acrobot_nips", dict(dynamics="nips")),
    ("Acrobot-v1", "acrobot_links", LINKS),
    ("Pendulum-v1", "pendulum", {}),
    ("Pendulum-v1", "pendulum_g", dict(gravity=9.81)),
])  # fmt: skip
def test_in_double_recorded_episodes_of_gymnasium_come_out_bit_for_bit(name, file, parameters):
    environment = make(name, precision="float64", **parameters).unwrapped
    environment.reset(seed=1)
    F, D = len(environment.state), environment.observation_space.shape[0]
    for line in (GOLDEN / f"{file}.txt").read_text().splitlines()[1:]:
        kind, *words = line.split()
        if kind == "episode":
            environment.state = [float(word) for word in words[2 : 2 + F]]
            continue
        numbers = [float(word) for word in words]
        action = int(kind) if environment.action_space.shape == () else np.float32([kind])
        seen, reward, terminated, *_ = environment.step(action)
        assert environment.state.tolist() == numbers[:F]
        assert seen.dtype == np.float32 and np.array_equal(seen, np.float32(words[F : F + D]))
        assert (reward, terminated) == tuple(numbers[F + D :])


def test_frozen_lake_goes_as_gymnasiums_table_says():
    environment = make("FrozenLake8x8-v1", slippery=False).unwrapped
    environment.reset(seed=1)
    for line in (GOLDEN / "frozen_lake_sure.txt").read_text().splitlines()[1:]:
        place, action, _, to, reward, terminated = map(float, line.split())
        environment.state = [place]
        seen, *found, _, _ = environment.step(int(action))
        assert seen.argmax() == to == environment.state and seen.sum() == 1 and found == [reward, terminated]


@pytest.mark.parametrize("name", NAMES)
def test_single_precision_is_near_double(name):
    single, double = make(name), make(name, precision="float64")
    double.action_space.seed(2)
    for seed in range(3):
        a, b = single.reset(seed=seed)[0], double.reset(seed=seed)[0]
        over = False
        for _ in range(10):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
            if over:
                break
            action = double.action_space.sample()
            (a, x, *ends), (b, y, *expected) = single.step(action), double.step(action)
            assert x == pytest.approx(y, rel=1e-4, abs=1e-4) and ends == expected
            over = any(ends[:2])


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_fixes_what_follows(name):
    def play(environment, seed):
        all, environment = [environment.reset(seed=seed)[0]], environment
        environment.action_space.seed(4)
        for _ in range(40):
            seen, *rest = environment.step(environment.action_space.sample())
            all += [seen, np.array(rest[:3], float)]
            if any(rest[1:3]):
                all.append(environment.reset()[0])
        return np.concatenate(all)

    environment = make(name, max_episode_steps=15)
    first = play(environment, 3)
    assert np.array_equal(first, play(environment, 3)) and np.array_equal(first, play(make(name, max_episode_steps=15), 3))
    if name.removeprefix("cohort/") in CLASSIC:
        starts = [environment.reset(seed=3)[0], environment.reset()[0], environment.reset()[0], environment.reset(seed=4)[0]]
        starts += [make(name).reset()[0], make(name).reset()[0]]  # without a seed
        assert len({start.tobytes() for start in starts}) == 6
        np.testing.assert_equal(starts[0], first[: len(starts[0])])


def test_cart_pole_starts_in_gymnasiums_range_evenly():
    starts = np.array([make("CartPole-v1").unwrapped.reset(seed=seed)[0] for seed in range(400)])
    assert (np.abs(starts) <= 0.05).all()
    assert (np.abs(starts.mean(0)) < 4 * 0.05 / math.sqrt(3 * 400)).all()
    assert (np.abs(starts.std(0) * math.sqrt(3) - 0.05) < 0.005).all()


def test_the_bandits_arms_pay_by_their_chances():
    environment = make("bandit", chances=(0, 1))
    for seed in range(20):
        for arm in (0, 1):
            environment.reset(seed=seed)
            assert environment.step(arm)[1:4] == (arm, True, False)


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_in_mid_episode_goes_on_alike(name):
    original = make(name)
    original.reset(seed=5)
    clone = copy.deepcopy(original)
    for _ in range(30):
        action = original.action_space.sample()
        (a, *x), (b, *y) = original.step(action), clone.step(action)
        assert np.array_equal(a, b) and x == y
        if any(x[1:3]):
            assert np.array_equal(original.reset()[0], clone.reset()[0])


def test_what_a_step_gave_stays():
    environment = make("CartPole-v1")
    first = environment.reset(seed=1)[0]
    before = first.copy()
    second = environment.step(1)[0]
    after = second.copy()
    second[:] = 7
    assert np.array_equal(environment.step(0)[0].shape, (4,)) and np.array_equal(first, before)
    environment.reset(seed=1)
    assert np.array_equal(environment.step(1)[0], after)


def test_a_chain_is_cut_by_its_length_and_no_later():
    for limits, expected in (({}, 12), (dict(max_episode_steps=5), 5), (dict(max_episode_steps=50), 12)):
        environment = make("chain", length=3, **limits)
        environment.reset(seed=1)
        ends = [environment.step(0)[2:4] for _ in range(expected)]
        assert ends == [(False, False)] * (expected - 1) + [(False, True)]


def stepped(name, action, **parameters):
    environment = make(name, **parameters).unwrapped
    environment.reset(seed=1)
    return environment.step(action)


def step_after_the_end():
    environment = make("bandit").unwrapped
    environment.reset(seed=1)
    environment.step(0)
    environment.step(0)


def set_state(given):
    environment = make("CartPole-v1").unwrapped
    environment.reset(seed=1)
    environment.state = given


Environment = cohort.gymnasium.Environment
MISTAKES = [
    (lambda: gymnasium.make("cohort/CartPol-v1"), gymnasium.error.NameNotFound, "Did you mean: `CartPole`"),
    (lambda: Environment("CartPol"), ValueError, "no environment named 'CartPol'; the nearest are CartPole-v1, .* and"),
    (lambda: make("CartPole-v1", gravty=9), ValueError, "cohort/CartPole-v1: there is no parameter named 'gravty'; the nearest are gravity"),
    (lambda: make("CartPole-v1", gravity="high"), ValueError, 'cohort/CartPole-v1: gravity is "high", expected a number'),
    (lambda: make("CartPole-v1", gravity=[1]), ValueError, r"cohort/CartPole-v1: gravity is \[1\], expected a number, a bool or a word"),
    (lambda: make("CartPole-v1", gravity=math.nan), ValueError, "gravity is nan, expected a number"),
    (lambda: make("CartPole-v1", pole_mass=0), ValueError, "cart_pole: pole_mass is 0, expected a finite number > 0"),
    (lambda: make("Acrobot-v1", dynamics="nip"), ValueError, 'dynamics is "nip", expected "book" or "nips"; the nearest is "nips"'),
    (lambda: make("Acrobot-v1", torques=[1, 2]), ValueError, r"torques is \[1, 2\], expected 3 numbers"),
    (lambda: make("FrozenLake-v1", map=["SG"]), ValueError, r"map is \['SG'\], expected 4 words"),
    (lambda: make("FrozenLake-v1", map=["S", "F", "F", "G"]), ValueError, 'a row of the map is "S", expected 4 letters of S, F, H and G'),
    (lambda: make("bandit", chances=[2, 0]), ValueError, r"a chance is 2, expected a number in \[0, 1\]"),
    (lambda: make("chain", length=2.5), ValueError, "length is 2.5, expected a whole number"),
    (lambda: make("CartPole-v1", precision="half"), ValueError, "precision is 'half', expected 'float32' or 'float64'"),
    (lambda: Environment("CartPole-v1", render_mode="human"), gymnasium.error.UnsupportedMode, "render_mode is 'human', expected None"),
    (lambda: Environment("CartPole-v1", max_episode_steps=0), ValueError, "max_episode_steps is 0, expected a whole number from 1"),
    (lambda: Environment("CartPole-v1").step(0), gymnasium.error.ResetNeeded, r"a step before the first reset, expected reset\(\) first"),
    (lambda: make("CartPole-v1").step(0), gymnasium.error.ResetNeeded, "reset"),
    (step_after_the_end, gymnasium.error.ResetNeeded, r"a step after the end of the episode, expected reset\(\) before it"),
    (lambda: stepped("CartPole-v1", 2), ValueError, "cohort/CartPole-v1: the action is 2, expected an integer from 0 to 1"),
    (lambda: stepped("CartPole-v1", -1), ValueError, "the action is -1, expected an integer from 0 to 1"),
    (lambda: stepped("CartPole-v1", 1.0), ValueError, "the action has elements of type float64, expected integers"),
    (lambda: stepped("CartPole-v1", None), ValueError, "the action has elements of type object, expected integers"),
    (lambda: stepped("CartPole-v1", [1]), ValueError, r"the action has the shape \(1,\), expected \(\)"),
    (lambda: stepped("Pendulum-v1", 1.0), ValueError, r"the action has the shape \(\), expected \(1,\)"),
    (lambda: stepped("Pendulum-v1", [math.nan]), ValueError, r"cohort/Pendulum-v1: the action\[0\] is nan, expected a finite number"),
    (lambda: stepped("Pendulum-v1", [1e300]), ValueError, r"the action\[0\] is inf, expected a finite number"),
    (lambda: stepped("Pendulum-v1", ["a"]), ValueError, "the action has elements of type <U1, expected float32"),
    (lambda: make("CartPole-v1").reset(seed=-1), gymnasium.error.Error, "[Ss]eed"),
    (lambda: make("CartPole-v1").reset(seed=2**64), ValueError, r"a seed is 18446744073709551616, expected one from 0 to 2\^64 - 1"),
    (lambda: make("CartPole-v1").reset(options={"low": -0.1}), ValueError, "reset has no option 'low', expected none"),
    (lambda: set_state([1, 2]), ValueError, r"the state has the shape \(2,\), expected \(4,\)"),
    (lambda: set_state([1, 2, 3, math.inf]), ValueError, "the state has the number inf, expected finite numbers"),
]  # fmt: skip

test_mistakes_are_one_sentence = one_sentence_each(MISTAKES)


def test_without_gymnasium_the_rest_of_the_module_works():
    program = """
import sys
sys.modules["gymnasium"] = None
import cohort
assert cohort.group_relative([1, 0], 2)[0] > 0 and not hasattr(cohort, "gymnasium")
try:
    import cohort.gymnasium
except ImportError as error:
    assert "pip install gymnasium" in str(error) and "\\n" not in str(error), error
else:
    raise SystemExit("no error")
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_name_may_bring_the_module():
    subprocess.run([sys.executable, "-c", "import gymnasium; gymnasium.make('cohort:cohort/CartPole-v1').reset(seed=1)"], check=True)
