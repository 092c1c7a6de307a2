"""What one action of a 64-64 policy costs in ONNX Runtime, called from Python, beside Cohort's controller.

    cmake --workflow --preset peers                                     writes the policy, and has onnx and onnxruntime
    cmake --preset release && cmake --build --preset release --target bench_controller
    taskset -c 1 build/peers/tests/peers/environment/bin/python bench/peers/controller.py

A call from Python costs mostly Python: so a model that only copies its input is called in turn with it, and what it takes is
subtracted. Both are said, of `run` and of `run_with_iobinding`, whose input and output are bound once. Every time is the least
of 400 rounds, each a millisecond long, in which another process disturbed it least.
"""

import argparse
import json
import pathlib
import subprocess
import time

import numpy
import onnx.helper
import onnxruntime

ROOT = pathlib.Path(__file__).parents[2]
ROUNDS, CALLS = 400, 50


def session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def identity():
    value = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", 4])
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["observation"], ["action"])], "copy", [value("observation")], [value("action")])
    return onnx.helper.make_model(graph, ir_version=6, opset_imports=[onnx.helper.make_opsetid("", 11)]).SerializeToString()


def calls(one):
    """The session's call with a fresh dictionary, and the one with everything bound."""
    seen = numpy.array([[0.1, 0.2, 0.03, -0.1]], dtype=numpy.float32)
    bound = one.io_binding()
    bound.bind_cpu_input("observation", seen)
    bound.bind_output("action")
    return {"run": lambda: one.run(["action"], {"observation": seen}), "run_with_iobinding": lambda: one.run_with_iobinding(bound)}


def nanoseconds(call):
    begin = time.perf_counter_ns()
    for _ in range(CALLS):
        call()
    return (time.perf_counter_ns() - begin) / CALLS


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--policy", type=pathlib.Path, default=ROOT / "build/peers/tests/peers/onnx/push.onnx")
    arguments.add_argument("--cohort", type=pathlib.Path, default=ROOT / "build/release/bench/bench_controller")
    given = arguments.parse_args()
    network, copy = calls(session(given.policy)), calls(session(identity()))
    times = {(name, what): [] for name in network for what in ("policy", "copy")}
    for _ in range(ROUNDS):
        for name in network:
            for what, all_calls in (("policy", network), ("copy", copy)):
                times[name, what].append(nanoseconds(all_calls[name]))
    print(f"onnxruntime {onnxruntime.__version__}, nanoseconds a call (the least of {ROUNDS} rounds)")
    for name in network:
        policy, overhead = (min(times[name, what]) for what in ("policy", "copy"))
        print(f"{name:20} {policy:8,.0f}, of which a call that copies takes {overhead:,.0f}: {policy - overhead:,.0f} are left")
    command = [given.cohort, "--benchmark_format=json", f"--benchmark_repetitions={ROUNDS}", "--benchmark_min_time=0.001"]
    least = {}
    for one in json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["benchmarks"]:
        if one["run_type"] == "iteration":
            least[one["run_name"]] = min(one["real_time"], least.get(one["run_name"], one["real_time"]))
    for name, taken in least.items():
        print(f"{'bench_controller':20} {taken:8,.0f}, {name}")


if __name__ == "__main__":
    main()
