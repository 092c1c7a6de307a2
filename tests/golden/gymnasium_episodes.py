"""Records episodes of Gymnasium's CartPole-v1 and Pendulum-v1 for the tests of the environments.

    python3 -m venv build/gymnasium
    build/gymnasium/bin/pip install gymnasium==1.4.0 numpy==2.4.6
    build/gymnasium/bin/python tests/golden/gymnasium_episodes.py

It writes gymnasium/cart_pole.txt and gymnasium/pendulum.txt beside itself, or into the folder given as its argument.

    episode POLICY SEED STATE... OBSERVATION...               after the reset
    ACTION STATE... OBSERVATION... REWARD TERMINATED          a line for each step, with the state after it

Each number is the shortest decimal that reads back as the same bits, a float32 for an observation and for Pendulum's action, a float64 elsewhere.
"""

import math
import pathlib
import sys

import gymnasium
import numpy

NEEDED = {"gymnasium": "1.4.0", "numpy": "2.4.6"}


def check_versions():
    found = {"gymnasium": gymnasium.__version__, "numpy": numpy.__version__}
    if found != NEEDED:
        sys.exit(f"these files are recorded with {NEEDED}, and here are {found}")
    # With AVX-512 numpy has a sine of its own, and so other last digits than the C library.
    points = numpy.random.default_rng(0).uniform(-10, 10, 10000)
    if any(numpy.sin(x) != math.sin(x) or numpy.cos(x) != math.cos(x) for x in points):
        sys.exit("numpy's sine is not the C library's here: set NPY_DISABLE_CPU_FEATURES to the AVX512 groups of numpy.show_runtime()")


def cart_pole_policies():
    def balance(step, state, draws):
        return int(state[2] + 0.25 * state[3] + 0.01 * state[0] + 0.05 * state[1] > 0)

    return {
        "random": (lambda step, state, draws: int(draws.integers(2)), [0, 1, 2, 3, 4, 5]),
        "always_right": (lambda step, state, draws: 1, [10, 11]),
        "always_left": (lambda step, state, draws: 0, [12]),
        "alternate": (lambda step, state, draws: step % 2, [13, 14]),
        "balance": (balance, [20, 21]),
        # Balanced about a lean, so that the cart leaves the track and not the pole falls.
        "drift_right": (lambda step, state, draws: int(state[2] + 0.25 * state[3] > 0.05), [30]),
        "drift_left": (lambda step, state, draws: int(state[2] + 0.25 * state[3] > -0.05), [31]),
    }


def pendulum_policies():
    # Of seeds 2118 and 3101 the rewards tell numpy's x ** 2 from x * x, for the angle and for the speed.
    return {
        "random": (lambda step, state, draws: draws.uniform(-2, 2), [0, 1]),
        "beyond_the_limits": (lambda step, state, draws: draws.uniform(-5, 5), [2]),
        "coarse": (lambda step, state, draws: draws.integers(-12000, 12000) / 4096, [2118]),  # squares halfway between two floats
        "pump": (lambda step, state, draws: math.copysign(2, state[1]), [3101]),
        "spin_forward": (lambda step, state, draws: 3, [5], {"x_init": math.pi, "y_init": 8}),
        "spin_backward": (lambda step, state, draws: -1.7, [6], {"x_init": 0.5, "y_init": 8}),
    }


def numbers(values):
    return " ".join(str(x) for x in values)


def record(name, policies, action_type, folder):
    lines = [f"# {name} of gymnasium {NEEDED['gymnasium']} with numpy {NEEDED['numpy']}, written by gymnasium_episodes.py"]
    for policy, (act, seeds, *options) in policies.items():
        for seed in seeds:
            environment = gymnasium.make(name, disable_env_checker=True)
            observation, _ = environment.reset(seed=seed, options=options[0] if options else None)
            draws = numpy.random.default_rng(seed)
            lines.append(f"episode {policy} {seed} {numbers(environment.unwrapped.state)} {numbers(observation)}")
            steps, ended = 0, False
            while not ended:
                action = action_type(act(steps, environment.unwrapped.state, draws))
                given = numpy.array([action]) if action_type is numpy.float32 else action
                observation, reward, terminated, truncated, _ = environment.step(given)
                state = environment.unwrapped.state
                assert state.dtype == numpy.float64 and observation.dtype == numpy.float32
                reward = float(reward)
                lines.append(f"{action} {numbers(state)} {numbers(observation)} {reward} {int(terminated)}")
                steps, ended = steps + 1, terminated or truncated
            print(f"{name} {policy} {seed}: {steps} steps", "terminated" if terminated else "")
    (folder / (name.split("-")[0].replace("CartPole", "cart_pole").lower() + ".txt")).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    check_versions()
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "gymnasium"
    folder.mkdir(parents=True, exist_ok=True)
    record("CartPole-v1", cart_pole_policies(), int, folder)
    record("Pendulum-v1", pendulum_policies(), numpy.float32, folder)
