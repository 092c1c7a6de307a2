#!/usr/bin/env python3
"""What device_bench measures, by PyTorch's own operations, and printed as it does: lines of JSON of the same names and
sizes.

    torch_ops.py --device cuda|cpu [--small] [PART...]
"""

import argparse
import json
import signal
import sys

import torch
import torch_llama
import torch_measure
from torch_measure import device, random, report, seconds_of, size


def copy():
    n = size(1 << 27, 1 << 14)
    source, target = random(n), random(n)
    seconds = seconds_of(lambda: target.copy_(source))
    report("copy by cudaMemcpyAsync", f"{4 * n >> 10:,} KiB", 8 * n / seconds / 1e9, "GB/s")


def cublas():
    n = size(8192, 64)
    a, b = random(n, n), random(n, n)

    def square(what, tf32, x, y):
        torch.backends.cuda.matmul.allow_tf32 = tf32
        report(what, f"{n} x {n}", 2 * n**3 / seconds_of(lambda: torch.mm(x, y)) / 1e12, "TFLOP/s")

    square("cuBLAS in TF32", True, a, b)
    square("cuBLAS in bfloat16", False, a.bfloat16(), b.bfloat16())
    square("cuBLAS in float", False, a, b)
    full = [(n, n, n, "square"), (4096, 64, 64, "a policy's layer, 4,096 steps"),
            (64, 4096, 64, "its weights' gradient"), (5120, 256, 1024, "a small Llama's layer, 5,120 tokens"),
            (64, 256, 1024, "the same, 64 tokens")]
    for rows, depth, columns, of in size(full, [(n, n, n, "square"), (40, 16, 16, "a policy's layer")]):
        x, y = random(rows, depth), random(depth, columns)
        rate = 2 * rows * depth * columns / seconds_of(lambda: torch.mm(x, y)) / 1e12
        report("matmul", f"{rows} x {depth} x {columns}, {of}", rate, "TFLOP/s")


def clipped_ratio_and_k3(logp, old_logp, ref_logp, advantage):
    ratio = (logp - old_logp).exp()
    away = ref_logp - logp
    return -torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage) + 0.04 * (away.exp() - away - 1)


def objectives():
    """The two of objective.cu: their names, and what computes their losses; then what is to be differentiated."""
    n = size(1 << 24, 80 * 256)
    old_logp, ref_logp, advantage, target = (random(n) for _ in range(4))
    logp, entropy, value = (random(n).requires_grad_() for _ in range(3))

    def two():
        return clipped_ratio_and_k3(logp, old_logp, ref_logp, advantage)

    def four():
        return clipped_ratio_and_k3(logp, old_logp, ref_logp, advantage) + 0.5 * (value - target) ** 2 - 0.01 * entropy

    return [("clipped_ratio + k3, with gradient", two),
            ("clipped_ratio + value_loss + entropy_bonus + k3, with gradient", four)], (logp, entropy, value)


def measure_objective(what, losses, variables):
    def call():
        for variable in variables:
            variable.grad = None
        losses().sum().backward()

    n = variables[0].numel()
    report(what, f"{n:,} steps", n / seconds_of(call) / 1e9, "G steps/s")


def objective():
    both, variables = objectives()
    for what, losses in both:
        measure_objective(what, losses, variables)


def compiled_objective():
    """It needs a C compiler and Triton, which a machine may lack, and may take its time."""

    def too_long(*_):
        raise TimeoutError("torch.compile took longer than 20 s")

    both, variables = objectives()
    for what, losses in both:
        what += ", torch.compile"
        try:
            if device() == "cpu":
                raise RuntimeError("only on a GPU")
            signal.signal(signal.SIGALRM, too_long)
            signal.alarm(20)
            measure_objective(what, torch.compile(losses), variables)
        except Exception as error:
            why = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            print(json.dumps({"skipped": what, "why": why.replace('"', "'").replace("\\", "/")[:200]}), flush=True)
        finally:
            signal.alarm(0)


def gae():
    full = [(128, 1024, "128 steps of 1,024 lanes"), (128, 131_072, "128 steps of 131,072 lanes"),
            (1000, 1 << 14, "16,384 packed series of 1,000 steps")]
    small = [(20, 256, "20 steps of 256 lanes"), (7, 512, "7 steps of 512 lanes"),
             (30, 256, "256 packed series of 30 steps")]
    for steps, lanes, how_much in size(full, small):  # packed series of one length are lanes here
        reward, value, next_value = (random(steps, lanes) for _ in range(3))
        number = torch.arange(steps * lanes, device=device()).reshape(steps, lanes)
        goes_on, bootstraps = ((number % 97 != 0) & (number % 501 != 0)).float(), (number % 97 != 0).float()

        def call():  # as CleanRL has it
            advantage, after = torch.empty_like(reward), 0
            for t in reversed(range(steps)):
                delta = reward[t] + 0.99 * next_value[t] * bootstraps[t] - value[t]
                advantage[t] = after = delta + 0.99 * 0.95 * goes_on[t] * after
            return advantage, advantage + value

        report("GAE", how_much, steps * lanes / seconds_of(call) / 1e9, "G steps/s")


def sampling():
    rows = size(1 << 22, 5 * 256)
    logits, mean, log_std = random(rows, 4), random(rows, 4), torch.full((4,), -0.5, device=device())

    def of_logits(given):
        logp = given.log_softmax(-1)
        action = torch.multinomial(logp.exp(), 1)
        return action, logp.gather(-1, action)

    def gaussian():
        noise = torch.randn_like(mean)
        return mean + log_std.exp() * noise, (-0.5 * noise * noise - log_std - 0.9189385332).sum(-1)

    seconds = seconds_of(lambda: of_logits(logits))
    report("categorical samples with logp", f"{rows:,} rows of 4", rows / seconds / 1e9, "G samples/s")
    report("Gaussian samples with logp", f"{rows:,} rows of 4", rows / seconds_of(gaussian) / 1e9, "G samples/s")
    rows, vocabulary = size(256, 16), size(49_152, 768)
    logits = random(rows, vocabulary)
    seconds = seconds_of(lambda: of_logits(logits))
    report("tokens with logp", f"{rows:,} of {vocabulary:,}", rows / seconds / 1e6, "M tokens/s")


def adam():
    for n in size([1 << 26, 100_096], [20 * 256, 512]):
        parameters = random(n).requires_grad_()
        parameters.grad = random(n)
        how = {"fused": True} if device() == "cuda" else {}
        optimizer = torch.optim.Adam([parameters], lr=1e-3, eps=1e-5, **how)
        report("Adam", f"{n:,} parameters", n / seconds_of(optimizer.step) / 1e9, "G parameters/s")


def llama():
    torch.backends.cuda.matmul.allow_tf32 = False
    shape = size(torch_llama.Shape(512, 256, 1024, 4, 4, 256), torch_llama.Shape(64, 16, 32, 1, 2, 32))
    prompts, prompt, tokens = size((64, 16, 64), (4, 4, 4))
    text = f"{prompts} completions of {tokens} tokens, hidden {shape.hidden}"
    work = torch_llama.Work(shape, prompts, prompt, tokens, size(8, 2), device())
    report("Llama, tokens generated", text, prompts * tokens / seconds_of(work.generate) / 1e3, "k tokens/s")
    length = prompt + tokens
    report("Llama, tokens forward and backward", f"{prompts} series of {length} tokens, hidden {shape.hidden}",
           prompts * length / seconds_of(work.train) / 1e3, "k tokens/s")
    report("Llama, tokens of GRPO steps", text, prompts * tokens / seconds_of(work.grpo) / 1e3, "k tokens/s")


def main():
    parts = {f.__name__: f for f in (copy, cublas, objective, gae, sampling, adam, llama, compiled_objective)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), required=True)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    arguments = torch_measure.arguments = parser.parse_args()
    for name in arguments.parts or parts:
        if name not in parts:
            parser.error(f"there is no part {name}")
    print(json.dumps({"torch": torch.__version__, "cuda": torch.version.cuda}), flush=True)
    failed = False
    for name in arguments.parts or parts:
        try:
            parts[name]()
        except Exception as error:
            failed = True
            print(f"torch_ops.py {name}: {type(error).__name__}: {error}", file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
