#!/usr/bin/env python3
"""Trains A2C or PPO of Stable-Baselines3 or TRPO of sb3-contrib with the rl-zoo hyperparameters, one seed on one thread, and prints one line of JSON, as
examples/a2c.cpp and examples/trpo.cpp do for Cohort's. docs/results.md has those of PPO on HalfCheetah-v5.

    python3 -m venv build/zoo
    build/zoo/bin/pip install sb3-contrib==2.9.2 stable-baselines3==2.9.2 "gymnasium[mujoco]==1.4.0" mujoco==4.0.0 torch==2.15.0 numpy==2.4.6
    build/zoo/bin/python bench/peers/zoo.py trpo Pendulum-v1 1        a fourth word is the steps, 100,000 where there is none

"curve" has the mean return of the last 100 episodes, at the end of an update and at most once in 1,000 steps, as [steps, return]; "evaluation" is the mean return
of 500 deterministic episodes at the end, of HalfCheetah of 100. On Pendulum noise is drawn anew in each step (the zoo has use_sde).
"""

import json
import sys
import time

import torch
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.utils import safe_mean
from stable_baselines3.common.vec_env import VecNormalize
from sb3_contrib import TRPO

TASKS = {
    ("a2c", "CartPole-v1"): (A2C, 8, dict(ent_coef=0.0)),
    ("trpo", "CartPole-v1"): (TRPO, 2, dict(n_steps=512, batch_size=512, cg_damping=1e-3, gae_lambda=0.98, gamma=0.99, learning_rate=1e-3, n_critic_updates=20)),
    ("trpo", "Pendulum-v1"): (TRPO, 2, dict(n_steps=1024, gamma=0.9, n_critic_updates=15)),
    ("ppo", "HalfCheetah-v5"): (PPO, 1, dict(n_steps=512, batch_size=64, n_epochs=20, gamma=0.98, gae_lambda=0.92, learning_rate=2.0633e-05, ent_coef=0.000401762,
                                             clip_range=0.1, max_grad_norm=0.8, vf_coef=0.58096,
                                             policy_kwargs=dict(log_std_init=-2, ortho_init=False, activation_fn=torch.nn.ReLU,
                                                                net_arch=dict(pi=[256, 256], vf=[256, 256])))),
}
EPISODES = {"HalfCheetah-v5": 100}  # at the end, where these are not 500
NORMALIZED = {"HalfCheetah-v5"}  # observations and rewards


class Curve(BaseCallback):
    def __init__(self):
        super().__init__()
        self.points = []

    def _on_rollout_end(self):
        if self.model.ep_info_buffer and (not self.points or self.num_timesteps - self.points[-1][0] >= 1_000):
            self.points.append([self.num_timesteps, round(float(safe_mean([e["r"] for e in self.model.ep_info_buffer])), 2)])

    def _on_step(self):
        return True


def main():
    algorithm, environment, seed = sys.argv[1], sys.argv[2], int(sys.argv[3])
    kind, lanes, values = TASKS[algorithm, environment]
    torch.set_num_threads(1)
    curve, started = Curve(), time.perf_counter()
    training = make_vec_env(environment, n_envs=lanes, seed=seed)
    if environment in NORMALIZED:
        training = VecNormalize(training, gamma=values["gamma"])
    model = kind("MlpPolicy", training, seed=seed, device="cpu", **values)
    model.learn(total_timesteps=int(sys.argv[4]) if len(sys.argv) > 4 else 100_000, callback=curve)
    seconds = time.perf_counter() - started
    episodes = EPISODES.get(environment, 500)
    judged = make_vec_env(environment, n_envs=min(100, episodes), seed=1_000 * seed)
    if environment in NORMALIZED:
        judged = VecNormalize(judged, training=False, norm_reward=False)
        judged.obs_rms = training.obs_rms
    mean, _ = evaluate_policy(model, judged, n_eval_episodes=episodes, deterministic=True)
    print(json.dumps({"environment": environment, "seed": seed, "seconds": round(seconds, 2), "evaluation": round(float(mean), 2), "curve": curve.points}))


if __name__ == "__main__":
    main()
