#!/usr/bin/env python3
"""Trains Stable-Baselines3's PPO with the rl-zoo hyperparameters, one seed on one thread, and prints one line of JSON.

The clock counts collecting and updating. Evaluation stands outside of it: 20 deterministic episodes at the first end of an update
at or after each multiple of 5,000 steps, on environments and starts of its own, so that it changes nothing in the training.
"""

import argparse
import json
import time

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

EVALUATE_EVERY = 5_000
EVALUATION_EPISODES = 20

# Values of rl-baselines3-zoo's ppo.yml; what is not named is SB3's default, here as there: two separate 64-64 tanh networks,
# Adam with epsilon 1e-5, vf_coef 0.5, max_grad_norm 0.5, advantages normalized in each minibatch, batch_size 64 on Pendulum.
# "schedule_steps" is the zoo's training length, over which its linear schedules reach 0, however early a run here stops.
# Two points leave the zoo: Pendulum has use_sde=False, a plain Gaussian whose noise is drawn anew in each step, and Acrobot's
# observations and rewards are not normalized.
TASKS = {
    "CartPole-v1": dict(
        threshold=475.0,
        lanes=8,
        schedule_steps=100_000,
        linear=dict(learning_rate=1e-3, clip_range=0.2),
        constant=dict(n_steps=32, batch_size=256, n_epochs=20, gamma=0.98, gae_lambda=0.8, ent_coef=0.0),
    ),
    "Pendulum-v1": dict(
        threshold=-200.0,
        lanes=4,
        schedule_steps=100_000,
        linear=dict(),
        constant=dict(n_steps=1024, n_epochs=10, gamma=0.9, gae_lambda=0.95, ent_coef=0.0, learning_rate=1e-3,
                      clip_range=0.2, use_sde=False),
    ),
    "Acrobot-v1": dict(
        threshold=-100.0,
        lanes=16,
        schedule_steps=100_000,
        linear=dict(),
        constant=dict(n_steps=256, n_epochs=4, gamma=0.99, gae_lambda=0.94, ent_coef=0.0),
    ),
}


class Clock(BaseCallback):
    """Times collecting and updating, and evaluates at its multiples with the clock stopped."""

    def __init__(self, environment, seed, threshold, until_threshold):
        super().__init__()
        self.evaluation = make_vec_env(environment, n_envs=EVALUATION_EPISODES, seed=seed + 10_000)
        self.threshold = threshold
        self.until_threshold = until_threshold
        self.next_evaluation = EVALUATE_EVERY
        self.seconds = 0.0
        self.steps = 0
        self.curve = []
        self.reached = None  # [steps, seconds] of the first evaluation at or over the threshold

    def _on_training_start(self):
        self.started = time.perf_counter()

    # SB3 starts the next collection when an update has ended, so this is the first moment at which all steps so far are learned.
    def _on_rollout_start(self):
        self._pause()
        self.started = time.perf_counter()

    def _on_training_end(self):
        if not self._stopped():
            self._pause()

    def _on_step(self):
        return not self._stopped()

    def _stopped(self):
        return self.until_threshold and self.reached is not None

    def _pause(self):
        self.seconds += time.perf_counter() - self.started
        self.steps = self.num_timesteps
        if self.steps < self.next_evaluation:
            return
        self.next_evaluation = (self.steps // EVALUATE_EVERY + 1) * EVALUATE_EVERY
        mean, _ = evaluate_policy(self.model, self.evaluation, n_eval_episodes=EVALUATION_EPISODES, deterministic=True)
        self.curve.append([self.steps, round(self.seconds, 6), round(float(mean), 3)])
        if self.reached is None and mean >= self.threshold:
            self.reached = [self.steps, self.seconds]


def train(environment, seed, steps, until_threshold):
    task = TASKS[environment]

    def linear(initial):
        # SB3 hands over the share of this run that remains; the zoo's schedule is a line over its own training length.
        length = max(steps, task["schedule_steps"])
        return lambda remaining: initial * (1 - (1 - remaining) * steps / length)

    model = PPO(
        "MlpPolicy",
        make_vec_env(environment, n_envs=task["lanes"], seed=seed),
        seed=seed,
        device="cpu",
        **task["constant"],
        **{name: linear(initial) for name, initial in task["linear"].items()},
    )
    clock = Clock(environment, seed, task["threshold"], until_threshold)
    model.learn(total_timesteps=steps, callback=clock)
    reached_steps, reached_seconds = clock.reached or (None, None)
    return {
        "environment": environment,
        "seed": seed,
        "steps": clock.steps,
        "seconds": round(clock.seconds, 6),
        "steps_per_second": round(clock.steps / clock.seconds, 1),
        "steps_to_threshold": reached_steps,
        "seconds_to_threshold": None if reached_seconds is None else round(reached_seconds, 6),
        "curve": clock.curve,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", choices=TASKS, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=100_000, help="simulator steps (rounded up to whole rollouts)")
    parser.add_argument("--until-threshold", action="store_true", help="stop at the first evaluation that reaches it")
    options = parser.parse_args()
    if options.steps < 1:
        parser.error("--steps must be positive")
    torch.set_num_threads(1)
    print(json.dumps(train(options.env, options.seed, options.steps, options.until_threshold)))


if __name__ == "__main__":
    main()
