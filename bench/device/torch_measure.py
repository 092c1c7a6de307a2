"""How torch_ops.py measures, as timing.hpp and result.hpp do."""

import json
import statistics
import time

import torch

arguments = None


def device():
    return arguments.device


def size(full, tried):
    return tried if arguments.small else full


def synchronize():
    if device() == "cuda":
        torch.cuda.synchronize()


def seconds_of(call):
    """As timing.hpp: the median over rounds of as many calls as last 20 ms, after calls for 0.2 s that do not count."""

    def a_round(calls):
        synchronize()
        start = time.perf_counter()
        for _ in range(calls):
            call()
        synchronize()
        return (time.perf_counter() - start) / calls

    one, start = a_round(1), time.perf_counter()
    while time.perf_counter() - start < size(0.2, 0):
        one = a_round(1)
    calls = min(max(int(size(0.02, 0) / one), 1), 10_000)
    return statistics.median(a_round(calls) for _ in range(size(11, 3)))


def report(what, how_much, value, unit):
    print(json.dumps({"what": what, "size": how_much, "value": float(f"{value:.6g}"), "unit": unit}), flush=True)


def random(*shape):
    return torch.rand(*shape, device=device()) - 0.5
