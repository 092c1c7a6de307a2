"""Records short episodes under Gymnasium's wrappers for the tests of ours.

    python3 -m venv build/gymnasium
    build/gymnasium/bin/pip install gymnasium==1.4.0 numpy==2.4.6
    build/gymnasium/bin/python tests/golden/gymnasium_wrappers.py

It writes gymnasium/wrappers.txt beside itself, or into the folder given as its argument, lines of `CASE.WHAT number number ...`:

    start            the state after the reset
    actions          of all steps
    observations     after the reset and after each step, a float32 each
    rewards, terminated, truncated
"""

import pathlib
import sys

import gymnasium
import numpy
from gymnasium import wrappers
from gymnasium_episodes import NEEDED, check_versions, numbers


class Echo(gymnasium.Env):
    """Shows the action that it was given, of two numbers with uneven bounds."""

    action_space = gymnasium.spaces.Box(numpy.float32([-0.3, 0.1]), numpy.float32([0.7, 3]))
    observation_space = gymnasium.spaces.Box(-10, 10, (2,))
    state = numpy.zeros(2)

    def reset(self, *, seed=None, options=None):
        return numpy.zeros(2, numpy.float32), {}

    def step(self, action):
        assert action.dtype == numpy.float32
        return action, float(action[0]) - float(action[1]), False, False, {}


def make(name, **options):
    return Echo() if name == "Echo" else gymnasium.make(name, disable_env_checker=True, **options)


def floats(count, low, high):
    return [numpy.float32([x]) for x in numpy.random.default_rng(1).uniform(low, high, count)]


def record(name, environment, actions):
    rows = {what: [] for what in ("actions", "observations", "rewards", "terminated", "truncated")}
    observation, _ = environment.reset(seed=7)
    start = numpy.array(environment.unwrapped.state)
    rows["observations"] += list(numpy.ravel(observation))
    for action in actions:
        observation, reward, terminated, truncated, _ = environment.step(action)
        assert observation.dtype == numpy.float32
        rows["actions"] += list(numpy.ravel(action))
        rows["observations"] += list(numpy.ravel(observation))
        rows["rewards"].append(float(reward))
        rows["terminated"].append(int(terminated))
        rows["truncated"].append(int(truncated))
        if terminated or truncated:
            break
    rows = {"start": start} | rows
    print(f"{name}: {len(rows['rewards'])} steps, the last", "terminated" if terminated else "truncated" if truncated else "open")
    return [f"{name}.{what} {numbers(values)}" for what, values in rows.items()]


def cases():
    bits = [int(x) for x in numpy.random.default_rng(0).integers(2, size=40)]
    pairs = [numpy.float32(x) for x in numpy.random.default_rng(2).uniform(-1, 1, (40, 2))]
    choices = [numpy.array(x) for x in numpy.random.default_rng(3).integers(7, size=(40, 2))]
    tenth = wrappers.TransformReward(make("CartPole-v1"), lambda r: 0.1 * r)
    yield "cart_pole_frames", wrappers.FrameStackObservation(tenth, 4), bits
    yield "cart_pole_repeat", wrappers.RepeatAction(wrappers.ClipReward(make("CartPole-v1"), 0, 0.5), 3), [1] * 40
    clipped = wrappers.TransformObservation(make("Pendulum-v1"), lambda o: numpy.clip(o, -0.5, 0.5), None)
    yield "pendulum_rescale", wrappers.ClipReward(wrappers.RescaleAction(clipped, -1, 1), -6, -2), floats(40, -1, 1)
    seven = wrappers.DiscretizeAction(make("Pendulum-v1", max_episode_steps=100), 7)
    yield "pendulum_repeat", wrappers.RepeatAction(seven, 3), [int(x) for x in numpy.random.default_rng(4).integers(7, size=40)]
    yield "echo_clip", wrappers.ClipAction(Echo()), [numpy.float32(4) * x for x in pairs]
    yield "echo_rescale", wrappers.RescaleAction(Echo(), -1, 1), pairs
    yield "echo_discretize", wrappers.DiscretizeAction(Echo(), 7, multidiscrete=True), choices


if __name__ == "__main__":
    check_versions()
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "gymnasium"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"# gymnasium {NEEDED['gymnasium']} with numpy {NEEDED['numpy']}, written by gymnasium_wrappers.py"]
    for case in cases():
        lines += record(*case)
    (folder / "wrappers.txt").write_text("\n".join(lines) + "\n")
