"""Records episodes of Gymnasium's classic control for the tests of the environments, and the transitions of its FrozenLake.

    python3 -m venv build/gymnasium
    build/gymnasium/bin/pip install gymnasium==1.4.0 numpy==2.4.6
    build/gymnasium/bin/python tests/golden/gymnasium_episodes.py

It writes gymnasium/*.txt beside itself, or into the folder given as its argument: a file for each environment, and one for each with other
parameters than its own.

    episode POLICY SEED STATE... OBSERVATION...               after the reset
    ACTION STATE... OBSERVATION... REWARD TERMINATED          a line for each step, with the state after it

Each number is the shortest decimal that reads back as the same bits, a float32 for an observation and for a box's action, a float64
elsewhere. frozen_lake_*.txt has lines of `PLACE ACTION PROBABILITY NEXT_PLACE REWARD TERMINATED`.
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


def valley(state):
    """With the swing: where the car already goes."""
    return math.copysign(1, state[1] if state[1] != 0 else -1)


def mountain_car_policies():
    return {
        "random": (lambda step, state, draws: int(draws.integers(3)), [0]),
        "swing": (lambda step, state, draws: int(1 + valley(state)), [1, 2]),
        "mostly_swing": (lambda step, state, draws: int(1 + valley(state)) if draws.random() < 0.8 else 1, [3]),
    }


def continuous_mountain_car_policies():
    return {
        "random": (lambda step, state, draws: draws.uniform(-1, 1), [0]),
        "beyond_the_limits": (lambda step, state, draws: draws.uniform(-3, 3), [1]),
        "swing": (lambda step, state, draws: valley(state), [2]),
        "weak_swing": (lambda step, state, draws: 0.7 * valley(state), [3, 4]),
        "strong_swing": (lambda step, state, draws: 1.5 * valley(state), [5]),
    }


def acrobot_policies():
    def pump(step, state, draws):
        return 2 if state[3] > 0 else 0

    fast = {
        f"fast_{k}": (lambda step, state, draws: int(draws.integers(3)), [20 + k], None, 3, start)
        for k, start in enumerate(
            [
                [-1.15625, 1.29212, 4 * math.pi, 9 * math.pi],
                [1.15625, -1.29212, -4 * math.pi, -9 * math.pi],
                [3.0, 0.5, 4 * math.pi, -9 * math.pi],
                [-3.0, 2.5, -10.0, 25.0],
                [0.3, -3.1, 9.0, 28.0],
                [-2.0, 1.0, 12.0, 20.0],
            ]
        )
    }
    return {
        "random": (lambda step, state, draws: int(draws.integers(3)), [0], None, 150),
        "pump": (pump, [1, 2]),
        "mostly_pump": (lambda step, state, draws: pump(step, state, draws) if draws.random() < 0.8 else int(draws.integers(3)), [3]),
        # The first observation, in single precision: starts of which numpy's cosine or sine is not the float next to the true one.
        **{f"start_{seed}": (lambda step, state, draws: 1, [seed], None, 1) for seed in odd_starts(8)},
        **fast,
    }


def odd_starts(count):
    environment, found, seed = gymnasium.make("Acrobot-v1"), [], 0
    while len(found) < count:
        observation, _ = environment.reset(seed=seed)
        first, second = environment.unwrapped.state[:2].astype(float)
        exact = numpy.array([math.cos(first), math.sin(first), math.cos(second), math.sin(second)], dtype=numpy.float32)
        if any(observation[:4] != exact):
            found.append(seed)
        seed += 1
    return found


def numbers(values):
    return " ".join(str(x) for x in values)


def record(name, file, policies, action_type, folder, attributes=None, **parameters):
    about = f", {parameters | (attributes or {})}" if parameters or attributes else ""
    lines = [f"# {name}{about} of gymnasium {NEEDED['gymnasium']} with numpy {NEEDED['numpy']}, written by gymnasium_episodes.py"]
    for policy, (act, seeds, *more) in policies.items():
        options, most, start = (more + [None] * 3)[:3]
        for seed in seeds:
            environment = gymnasium.make(name, disable_env_checker=True, **parameters)
            inside = environment.unwrapped
            for attribute, value in (attributes or {}).items():
                assert hasattr(inside, attribute)
                setattr(inside, attribute, value)
            observation, _ = environment.reset(seed=seed, options=options)
            if start:
                inside.state = numpy.array(start)
                observation = inside._get_ob()
            draws = numpy.random.default_rng(seed)
            lines.append(f"episode {policy} {seed} {numbers(numpy.array(inside.state, dtype=float))} {numbers(observation)}")
            steps, ended = 0, False
            while not ended and steps != most:
                action = action_type(act(steps, inside.state, draws))
                given = numpy.array([action]) if action_type is numpy.float32 else action
                observation, reward, terminated, truncated, _ = environment.step(given)
                assert observation.dtype == numpy.float32
                state = numpy.array(inside.state, dtype=float)
                lines.append(f"{action} {numbers(state)} {numbers(observation)} {float(reward)} {int(terminated)}")
                steps, ended = steps + 1, terminated or truncated
            print(f"{file} {policy} {seed}: {steps} steps", "terminated" if terminated else "")
    (folder / f"{file}.txt").write_text("\n".join(lines) + "\n")


def record_lake(file, folder, **parameters):
    lake = gymnasium.make("FrozenLake-v1", **parameters).unwrapped
    lines = [f"# FrozenLake-v1, {parameters} of gymnasium {NEEDED['gymnasium']}, written by gymnasium_episodes.py"]
    for place, actions in lake.P.items():
        for action, transitions in actions.items():
            lines += [f"{place} {action} {float(p)} {to} {float(reward)} {int(over)}" for p, to, reward, over in transitions]
    (folder / f"{file}.txt").write_text("\n".join(lines) + "\n")


def some(policies, *names):
    return {name: policies[name] for name in names}


if __name__ == "__main__":
    check_versions()
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "gymnasium"
    folder.mkdir(parents=True, exist_ok=True)
    record("CartPole-v1", "cart_pole", cart_pole_policies(), int, folder)
    record("CartPole-v1", "cart_pole_sutton_barto", some(cart_pole_policies(), "always_right", "always_left"), int, folder, sutton_barto_reward=True)
    record("Pendulum-v1", "pendulum", pendulum_policies(), numpy.float32, folder)
    heavy = {"random": (lambda step, state, draws: draws.uniform(-2, 2), [7], None, 60)}
    record("Pendulum-v1", "pendulum_g", heavy, numpy.float32, folder, g=9.81)
    record("MountainCar-v0", "mountain_car", mountain_car_policies(), int, folder)
    record("MountainCar-v0", "mountain_car_goal_velocity", some(mountain_car_policies(), "mostly_swing"), int, folder, goal_velocity=0.045)
    continuous = continuous_mountain_car_policies()
    continuous["random"] += (None, 100)
    continuous["beyond_the_limits"] += (None, 100)
    record("MountainCarContinuous-v0", "continuous_mountain_car", continuous, numpy.float32, folder)
    record("MountainCarContinuous-v0", "continuous_mountain_car_goal_velocity", some(continuous, "weak_swing"), numpy.float32, folder, goal_velocity=0.045)
    record("Acrobot-v1", "acrobot", acrobot_policies(), int, folder)
    nips = some(acrobot_policies(), "pump", "fast_0", "fast_3")
    nips["pump"] = (nips["pump"][0], [2])
    record("Acrobot-v1", "acrobot_nips", nips, int, folder, {"book_or_nips": "nips"})
    links = {"LINK_LENGTH_1": 1.25, "LINK_MASS_1": 0.9, "LINK_MASS_2": 1.1, "LINK_COM_POS_1": 0.6, "LINK_COM_POS_2": 0.45, "LINK_MOI": 0.8}
    record("Acrobot-v1", "acrobot_links", some(acrobot_policies(), "mostly_pump"), int, folder, links | {"AVAIL_TORQUE": [-1.5, 0.25, 2.0]})
    record_lake("frozen_lake_slippery", folder, map_name="4x4", success_rate=0.7, reward_schedule=(2, -1, -0.125))
    record_lake("frozen_lake_sure", folder, map_name="8x8", is_slippery=False)
