"""What the peers' PPO programs have in common: their tasks, when they evaluate, and their command line."""

import argparse
import json

EVALUATE_EVERY = 5_000
EVALUATION_EPISODES = 20
SCHEDULE_STEPS = 100_000  # the zoo's training length, over which its linear schedules reach 0, however early a run stops
CLIP = 0.2

# Values of rl-baselines3-zoo's ppo.yml; what is not named is Stable-Baselines3's default, here as there: two separate 64-64
# tanh networks, Adam with epsilon 1e-5, value loss times 0.5, gradient norm at most 0.5, no entropy bonus, advantages
# normalized in each minibatch. "falling": rate and clip fall to 0. Two points leave the zoo: Pendulum has a plain Gaussian
# whose noise is drawn anew in each step (use_sde is True there), and Acrobot's observations and rewards are not normalized.
TASKS = {
    "CartPole-v1": dict(threshold=475, lanes=8, steps=32, minibatch=256, epochs=20, gamma=0.98, gae_lambda=0.8,
                        rate=1e-3, falling=True),
    "Pendulum-v1": dict(threshold=-200, lanes=4, steps=1024, minibatch=64, epochs=10, gamma=0.9, gae_lambda=0.95,
                        rate=1e-3, falling=False),
    "Acrobot-v1": dict(threshold=-100, lanes=16, steps=256, minibatch=64, epochs=4, gamma=0.99, gae_lambda=0.94,
                       rate=3e-4, falling=False),
}


def next_evaluation(steps):
    return (steps // EVALUATE_EVERY + 1) * EVALUATE_EVERY


def record(environment, seed, steps, seconds, reached, curve):
    """What a program prints; "reached" is [steps, seconds] of the first evaluation at or over the threshold, or None."""
    return {
        "environment": environment,
        "seed": seed,
        "steps": steps,
        "seconds": round(seconds, 6),
        "steps_per_second": round(steps / seconds, 1),
        "steps_to_threshold": reached and reached[0],
        "seconds_to_threshold": reached and round(reached[1], 6),
        "curve": curve,
    }


def run_as_asked(description, train):
    """Prints train(environment, seed, steps, until_threshold) of the command line as one line of JSON."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--env", choices=TASKS, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=100_000, help="simulator steps (rounded up to whole rollouts)")
    parser.add_argument("--until-threshold", action="store_true", help="stop at the first evaluation that reaches it")
    options = parser.parse_args()
    if options.steps < 1:
        parser.error("--steps must be positive")
    print(json.dumps(train(options.env, options.seed, options.steps, options.until_threshold)))
