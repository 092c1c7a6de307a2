#!/usr/bin/env python3
"""Trains PPO wholly under jax.jit (gymnax's environment, network, optax's Adam), one seed, and prints one line of JSON.

The hyperparameters are those of ppo_task.py, the way of writing is PureJaxRL's: one compiled program collects and
updates, as often as asked. The clock counts collecting and updating; "compile_seconds" are tracing, XLA's compilation
and a first update, which is thrown away. Evaluation stands outside of the clock: 20 deterministic episodes at the first
end of an update at or after each multiple of 5,000 steps.

A time limit bootstraps from the true last observation, as in Stable-Baselines3.
"""

import os
import time
from functools import partial

if len(os.sched_getaffinity(0)) == 1:
    os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_cpu_multi_thread_eigen=false"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import gymnax
import jax
import jax.numpy as jnp
import optax
from jax.nn.initializers import orthogonal

import ppo_task
from ppo_task import CLIP, EVALUATION_EPISODES, SCHEDULE_STEPS, TASKS

VALUE_WEIGHT, MAX_GRADIENT_NORM = 0.5, 0.5


def layers(key, inputs, outputs, last_gain):
    sizes = [(inputs, 64, 2**0.5), (64, 64, 2**0.5), (64, outputs, last_gain)]
    return [(orthogonal(gain)(k, (i, o)), jnp.zeros(o)) for k, (i, o, gain) in zip(jax.random.split(key, 3), sizes)]


def network(parameters, x):
    for weight, bias in parameters[:-1]:
        x = jnp.tanh(x @ weight + bias)
    weight, bias = parameters[-1]
    return x @ weight + bias


class Trainer:
    """One task's program: `start(seed)` is its state, `update(state)` collects and learns once."""

    def __init__(self, environment, steps):
        self.task = task = TASKS[environment]
        self.environment, self.parameters = gymnax.make(environment)
        self.inputs = self.environment.observation_space(self.parameters).shape[0]
        actions = self.environment.action_space(self.parameters)
        self.discrete = hasattr(actions, "n")
        self.outputs = actions.n if self.discrete else actions.shape[0]  # logits, or means
        self.step = jax.vmap(self.environment.step, in_axes=(0, 0, 0, None))
        self.reset = jax.vmap(self.environment.reset, in_axes=(0, None))
        self.length = max(steps, SCHEDULE_STEPS)
        self.batch = task["lanes"] * task["steps"]
        adam = optax.inject_hyperparams(partial(optax.adam, eps=1e-5))(learning_rate=task["rate"])
        self.optimizer = optax.chain(optax.clip_by_global_norm(MAX_GRADIENT_NORM), adam)

    def start(self, seed):
        task, keys = self.task, jax.random.split(jax.random.key(seed), 4)
        policy = dict(actor=layers(keys[0], self.inputs, self.outputs, 0.01),
                      critic=layers(keys[1], self.inputs, 1, 1.0))
        if not self.discrete:
            policy["log_std"] = jnp.zeros(1)
        observation, lanes = self.reset(jax.random.split(keys[2], task["lanes"]), self.parameters)
        return dict(policy=policy, optimizer=self.optimizer.init(policy), observation=observation, lanes=lanes,
                    key=keys[3], steps=jnp.zeros((), jnp.int32))

    def log_probability(self, policy, observation, action):
        out = network(policy["actor"], observation)
        if self.discrete:
            return jnp.take_along_axis(jax.nn.log_softmax(out), action[..., None], -1)[..., 0]
        log_std = policy["log_std"]
        terms = -0.5 * ((action - out) / jnp.exp(log_std)) ** 2 - log_std - 0.5 * jnp.log(2 * jnp.pi)
        return jnp.sum(terms, -1)

    def act(self, policy, observation, key):
        out = network(policy["actor"], observation)
        if self.discrete:
            action = jax.random.categorical(key, out)
        else:
            action = out + jnp.exp(policy["log_std"]) * jax.random.normal(key, out.shape)
        return action, self.log_probability(policy, observation, action)

    def to_environment(self, action):
        return action if self.discrete else jnp.clip(action[..., 0], -2.0, 2.0)

    def value(self, policy, observation):
        return network(policy["critic"], observation)[..., 0]

    def collect(self, state):
        def one(state, _):
            key, action_key, step_key = jax.random.split(state["key"], 3)
            action, logp = self.act(state["policy"], state["observation"], action_key)
            step_keys = jax.random.split(step_key, self.task["lanes"])
            observation, lanes, reward, terminated, truncated, info = self.step(
                step_keys, state["lanes"], self.to_environment(action), self.parameters)
            row = dict(observation=state["observation"], action=action, logp=logp, reward=reward,
                       terminated=terminated, over=terminated | truncated, last=info["final_observation"])
            return {**state, "observation": observation, "lanes": lanes, "key": key}, row

        return jax.lax.scan(one, state, None, self.task["steps"])

    def advantages(self, policy, rows):
        gamma = self.task["gamma"]
        value, next_value = (self.value(policy, rows[name]) for name in ("observation", "last"))
        delta = rows["reward"] + gamma * jnp.where(rows["terminated"], 0.0, next_value) - value
        decay = gamma * self.task["gae_lambda"] * (1.0 - rows["over"])

        def one(advantage, row):
            advantage = row[0] + row[1] * advantage
            return advantage, advantage

        zeros = jnp.zeros(self.task["lanes"])
        _, advantage = jax.lax.scan(one, zeros, (delta, decay), reverse=True, unroll=8)
        return advantage, advantage + value

    def loss(self, policy, rows, clip):
        advantage = (rows["advantage"] - rows["advantage"].mean()) / (rows["advantage"].std(ddof=1) + 1e-8)
        ratio = jnp.exp(self.log_probability(policy, rows["observation"], rows["action"]) - rows["logp"])
        gain = jnp.minimum(ratio * advantage, jnp.clip(ratio, 1 - clip, 1 + clip) * advantage).mean()
        return VALUE_WEIGHT * ((self.value(policy, rows["observation"]) - rows["target"]) ** 2).mean() - gain

    def update(self, state):
        state, rows = self.collect(state)
        advantage, target = self.advantages(state["policy"], rows)
        names = ("observation", "action", "logp")
        rows = {name: rows[name] for name in names} | dict(advantage=advantage, target=target)
        rows = {name: x.reshape(self.batch, *x.shape[2:]) for name, x in rows.items()}
        steps = state["steps"] + self.batch
        left = 1.0 - steps / self.length if self.task["falling"] else 1.0
        optimizer = state["optimizer"]
        optimizer[1].hyperparams["learning_rate"] = jnp.float32(self.task["rate"] * left)

        def minibatch(learned, part):
            policy, optimizer = learned
            gradient = jax.grad(self.loss)(policy, part, CLIP * left)
            change, optimizer = self.optimizer.update(gradient, optimizer, policy)
            return (optax.apply_updates(policy, change), optimizer), None

        def epoch(learned, key):
            order, size = jax.random.permutation(key, self.batch), self.task["minibatch"]
            parts = jax.tree.map(lambda x: x[order].reshape(self.batch // size, size, *x.shape[1:]), rows)
            return jax.lax.scan(minibatch, learned, parts)

        key, order_key = jax.random.split(state["key"])
        epoch_keys = jax.random.split(order_key, self.task["epochs"])
        (policy, optimizer), _ = jax.lax.scan(epoch, (state["policy"], optimizer), epoch_keys)
        return {**state, "policy": policy, "optimizer": optimizer, "key": key, "steps": steps}

    def evaluate(self, policy, key):
        first, steps = jax.random.split(key)
        observation, lanes = self.reset(jax.random.split(first, EVALUATION_EPISODES), self.parameters)

        def one(run, key):
            observation, lanes, alive, total = run
            out = network(policy["actor"], observation)
            action = self.to_environment(out.argmax(-1) if self.discrete else out)
            observation, lanes, reward, terminated, truncated, _ = self.step(
                jax.random.split(key, EVALUATION_EPISODES), lanes, action, self.parameters)
            return (observation, lanes, alive & ~(terminated | truncated), total + jnp.where(alive, reward, 0.0)), None

        begin = (observation, lanes, jnp.ones(EVALUATION_EPISODES, bool), jnp.zeros(EVALUATION_EPISODES))
        return jax.lax.scan(one, begin, jax.random.split(steps, self.parameters.max_steps_in_episode))[0][3].mean()


def train(environment, seed, steps, until_threshold):
    trainer = Trainer(environment, steps)
    batch, threshold = trainer.batch, trainer.task["threshold"]
    start, evaluate = jax.jit(trainer.start), jax.jit(trainer.evaluate)
    updates = jax.jit(lambda state, n: jax.lax.fori_loop(0, n, lambda _, s: trainer.update(s), state), donate_argnums=0)

    began = time.perf_counter()
    state = start(seed)
    program = updates.lower(state, 1).compile()
    jax.block_until_ready(program(state, 1))
    compile_seconds = time.perf_counter() - began
    state = jax.block_until_ready(start(seed))

    total = -(-steps // batch) * batch
    done, seconds, curve, reached = 0, 0.0, [], None
    while done < total and not (until_threshold and reached):
        target = ppo_task.next_evaluation(done)
        n = min(-(-target // batch) * batch, total) // batch - done // batch
        started = time.perf_counter()
        state = jax.block_until_ready(program(state, n))
        seconds += time.perf_counter() - started
        done += n * batch
        if done < target:
            break
        mean = float(evaluate(state["policy"], jax.random.key(10_000 + seed + done)))
        curve.append([done, round(seconds, 6), round(mean, 3)])
        if reached is None and mean >= threshold:
            reached = [done, seconds]
    return ppo_task.record(environment, seed, done, seconds, reached, curve) | {"compile_seconds": round(compile_seconds, 3)}


if __name__ == "__main__":
    ppo_task.run_as_asked(__doc__, train)
