#!/usr/bin/env python3
"""A peer's side of generation.py: tokens that a model generates a second, as cohort_generation does it. Prints a line of JSON.

    generation_peer.py llama|openvino|transformers MODEL TYPE BATCH TOKENS REPEATS

Peers take the most probable token at all batches, which is the least that they can do. llama.cpp gets as many requests at once as the
batch has; OpenVINO GenAI runs as it does by itself, and with its other attention, and the faster counts.
"""

import json
import os
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"
PROMPT = [1, 403, 198, 504, 357, 282, 464, 314]
THREADS = 2


def llama(model, kind, batch, tokens):
    from concurrent.futures import ThreadPoolExecutor

    import xllamacpp

    how = xllamacpp.CommonParams()
    how.model.path = model
    how.n_parallel, how.n_ctx, how.n_gpu_layers = batch, batch * 256, 0
    how.cpuparams.n_threads = how.cpuparams_batch.n_threads = THREADS
    server = xllamacpp.Server(how)
    pool = ThreadPoolExecutor(batch)

    def one(_):
        said = server.handle_completions({"prompt": PROMPT, "max_tokens": tokens, "n_predict": tokens, "temperature": 0,
                                          "ignore_eos": True, "cache_prompt": False})
        said = json.loads(said) if isinstance(said, (str, bytes)) else said
        return said["usage"]["completion_tokens"]

    yield lambda: sum(pool.map(one, range(batch)))


def openvino(model, kind, batch, tokens):
    import numpy
    import openvino
    import openvino_genai

    precision = {} if kind == "int8" else {"INFERENCE_PRECISION_HINT": "bf16" if kind == "bf16" else "f32"}
    inputs = openvino_genai.TokenizedInputs(openvino.Tensor(numpy.array([PROMPT] * batch, dtype=numpy.int64)),
                                            openvino.Tensor(numpy.ones((batch, len(PROMPT)), dtype=numpy.int64)))
    for attention in ("PA", "SDPA"):
        pipe = openvino_genai.LLMPipeline(model, "CPU", ATTENTION_BACKEND=attention, INFERENCE_NUM_THREADS=THREADS, **precision)
        config = pipe.get_generation_config()
        config.max_new_tokens, config.ignore_eos, config.do_sample = tokens, True, False
        yield lambda: sum(len(one) for one in pipe.generate(inputs, config).tokens)


def transformers(model, kind, batch, tokens):
    import torch
    import transformers

    torch.set_num_threads(THREADS)
    network = transformers.AutoModelForCausalLM.from_pretrained(model, dtype={"f32": torch.float32, "bf16": torch.bfloat16}[kind]).eval()
    ids = torch.tensor([PROMPT] * batch)

    def call():
        with torch.inference_mode():
            said = network.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False)
        return said.numel() - ids.numel()

    yield call


def main():
    if len(sys.argv) != 7 or sys.argv[1] not in ("llama", "openvino", "transformers"):
        sys.exit(__doc__)
    who, model, kind = sys.argv[1:4]
    batch, tokens, repeats = map(int, sys.argv[4:])
    best = None
    for call in globals()[who](model, kind, batch, tokens):
        made = call()
        assert made == batch * tokens, f"{made} tokens, expected {batch * tokens}"
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
        best = min(best or seconds, seconds, key=min)
    print(json.dumps({"tokens": batch * tokens, "seconds": best}), flush=True)
    os._exit(0)  # a server's threads would go on


main()
