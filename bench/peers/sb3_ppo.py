#!/usr/bin/env python3
"""Trains Stable-Baselines3's PPO with the rl-zoo hyperparameters, one seed on one thread, and prints one line of JSON.

The clock counts collecting and updating. Evaluation stands outside of it: 20 deterministic episodes at the first end of an update
at or after each multiple of 5,000 steps, on environments and starts of its own, so that it changes nothing in the training.
"""

import time

import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

import ppo_task
from ppo_task import CLIP, EVALUATION_EPISODES, SCHEDULE_STEPS, TASKS

class Clock(BaseCallback):
    """Times collecting and updating, and evaluates at its multiples with the clock stopped."""

    def __init__(self, environment, seed, threshold, until_threshold):
        super().__init__()
        self.evaluation = make_vec_env(environment, n_envs=EVALUATION_EPISODES, seed=seed + 10_000)
        self.threshold = threshold
        self.until_threshold = until_threshold
        self.next_evaluation = ppo_task.next_evaluation(0)
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
        self.next_evaluation = ppo_task.next_evaluation(self.steps)
        mean, _ = evaluate_policy(self.model, self.evaluation, n_eval_episodes=EVALUATION_EPISODES, deterministic=True)
        self.curve.append([self.steps, round(self.seconds, 6), round(float(mean), 3)])
        if self.reached is None and mean >= self.threshold:
            self.reached = [self.steps, self.seconds]


def train(environment, seed, steps, until_threshold):
    task = TASKS[environment]

    def schedule(initial):
        if not task["falling"]:
            return initial
        # SB3 hands over the share of this run that remains; the zoo's schedule is a line over its own training length.
        length = max(steps, SCHEDULE_STEPS)
        return lambda remaining: initial * (1 - (1 - remaining) * steps / length)

    model = PPO(
        "MlpPolicy",
        make_vec_env(environment, n_envs=task["lanes"], seed=seed),
        seed=seed,
        device="cpu",
        n_steps=task["steps"],
        batch_size=task["minibatch"],
        n_epochs=task["epochs"],
        gamma=task["gamma"],
        gae_lambda=task["gae_lambda"],
        learning_rate=schedule(task["rate"]),
        clip_range=schedule(CLIP),
    )
    clock = Clock(environment, seed, task["threshold"], until_threshold)
    model.learn(total_timesteps=steps, callback=clock)
    return ppo_task.record(environment, seed, clock.steps, clock.seconds, clock.reached, clock.curve)


if __name__ == "__main__":
    torch.set_num_threads(1)
    ppo_task.run_as_asked(__doc__, train)
