"""The peers' side of gae.py: for each shape a line of JSON with nanoseconds a step of generalized advantage estimation on one core, float32.

    gae_peer.py NAME REPEATS T,N ...      NAME: numpy (Stable-Baselines3's buffer), torch (a loop as in CleanRL), torchrl, torchrl_vectorized
"""

import json
import statistics
import sys
import time

GAMMA, LAMBDA = 0.99, 0.95


def inputs(T, N):
    import numpy

    draws = numpy.random.default_rng(1)
    f = lambda *shape: draws.normal(0, 1, shape).astype(numpy.float32)
    index = numpy.arange(T * N).reshape(T, N)
    return {"reward": f(T, N), "value": f(T, N), "next_value": f(T, N), "last": f(N), "done": index % 97 == 0}


def of_numpy(b):
    import numpy
    import torch
    from gymnasium import spaces
    from stable_baselines3.common.buffers import RolloutBuffer

    T, N = b["reward"].shape
    box = spaces.Box(-1, 1, (1,))
    buffer = RolloutBuffer(T, box, box, device="cpu", gae_lambda=LAMBDA, gamma=GAMMA, n_envs=N)
    buffer.rewards[:], buffer.values[:] = b["reward"], b["value"]
    buffer.episode_starts[1:] = b["done"][:-1]
    last = torch.tensor(b["last"])
    return lambda: buffer.compute_returns_and_advantage(last, b["done"][-1].astype(numpy.float32))


def of_torch(b):
    import torch

    torch.set_num_threads(1)
    reward, value, last = (torch.tensor(b[k]) for k in ("reward", "value", "last"))
    going = 1 - torch.tensor(b["done"], dtype=torch.float32)

    @torch.no_grad()
    def run():
        advantage, carry, after = torch.zeros_like(reward), 0, last
        for t in range(len(reward) - 1, -1, -1):
            carry = reward[t] + GAMMA * after * going[t] - value[t] + GAMMA * LAMBDA * going[t] * carry
            advantage[t], after = carry, value[t]
        return advantage, advantage + value

    return run


def of_torchrl(b, vectorized=False):
    import torch
    from torchrl.objectives.value import functional

    torch.set_num_threads(1)
    turned = lambda k: torch.tensor(b[k]).T.contiguous().unsqueeze(-1)  # lanes x time x 1, as it likes them
    reward, value, after, done = (turned(k) for k in ("reward", "value", "next_value", "done"))
    f = functional.vec_generalized_advantage_estimate if vectorized else functional.generalized_advantage_estimate
    return lambda: f(GAMMA, LAMBDA, value, after, reward, done, done)


PEERS = {"numpy": of_numpy, "torch": of_torch, "torchrl": of_torchrl, "torchrl_vectorized": lambda b: of_torchrl(b, True)}


def main():
    name, repeats = sys.argv[1], int(sys.argv[2])
    for shape in sys.argv[3:]:
        T, N = map(int, shape.split(","))
        run = PEERS[name](inputs(T, N))
        run()
        calls = max(1, 20_000_000 // (T * N * 100))
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            for _ in range(calls):
                run()
            seconds.append((time.perf_counter() - start) / calls)
        print(json.dumps({"shape": shape, "ns_a_step": 1e9 * statistics.median(seconds) / (T * N)}), flush=True)


if __name__ == "__main__":
    main()
