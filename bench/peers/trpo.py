#!/usr/bin/env python3
"""Trains sb3-contrib's TRPO with the rl-zoo hyperparameters, one seed on one thread, and prints one line of JSON, as examples/trpo.cpp does for Cohort's.

    python3 -m venv build/trpo
    build/trpo/bin/pip install sb3-contrib==2.9.2 stable-baselines3==2.9.2 gymnasium==1.4.0 torch==2.15.0 numpy==2.4.6
    build/trpo/bin/python bench/peers/trpo.py Pendulum-v1 1

"curve" has the mean return of the last 100 episodes at the end of each update, as [steps, return]; "evaluation" is the mean return of 500 deterministic
episodes at the end. On Pendulum noise is drawn anew in each step (the zoo has use_sde, for which Cohort has nothing).
"""

import json
import sys
import time

import torch
from sb3_contrib import TRPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.utils import safe_mean

TASKS = {
    "CartPole-v1": dict(n_steps=512, batch_size=512, cg_damping=1e-3, gae_lambda=0.98, gamma=0.99, learning_rate=1e-3, n_critic_updates=20),
    "Pendulum-v1": dict(n_steps=1024, gamma=0.9, n_critic_updates=15),
}


class Curve(BaseCallback):
    def __init__(self):
        super().__init__()
        self.points = []

    def _on_rollout_end(self):
        self.points.append([self.num_timesteps, round(float(safe_mean([e["r"] for e in self.model.ep_info_buffer])), 2)])

    def _on_step(self):
        return True


def main():
    environment, seed = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(1)
    curve, started = Curve(), time.perf_counter()
    model = TRPO("MlpPolicy", make_vec_env(environment, n_envs=2, seed=seed), seed=seed, device="cpu", **TASKS[environment])
    model.learn(total_timesteps=100_000, callback=curve)
    seconds = time.perf_counter() - started
    mean, _ = evaluate_policy(model, make_vec_env(environment, n_envs=100, seed=1_000 * seed), n_eval_episodes=500, deterministic=True)
    print(json.dumps({"environment": environment, "seed": seed, "seconds": round(seconds, 2), "evaluation": round(float(mean), 2), "curve": curve.points}))


if __name__ == "__main__":
    main()
