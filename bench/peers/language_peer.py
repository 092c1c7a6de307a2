#!/usr/bin/env python3
"""The peers' side of language.py: does what cohort_llama does, by PyTorch, transformers, TRL and Liger, and prints a line of JSON for it.

    language_peer.py REPEATS generate|train|grpo|head|head_liger
"""

import ctypes
import json
import os
import re
import statistics
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ["HF_HUB_OFFLINE"] = "1"  # everything is made here

import torch

PROMPTS, PROMPT, NEW, VOCABULARY = 64, 16, 64, 512


def memory(name):
    with open("/proc/self/status") as status:
        return float(re.search(rf"^{name}:\s*(\d+) kB", status.read(), re.MULTILINE).group(1)) / 1024


def report(what, tokens, seconds, cores, **more):
    middle = statistics.median(seconds)
    print(json.dumps({"what": what, "tokens": tokens, "seconds": middle, "tokens_per_second": tokens / middle, "cores": round(cores, 2),
                      "peak_mib": round(memory("VmHWM")), **more}), flush=True)


def measure(repeats, call):
    """Seconds of each call after one that is not counted, and how many cores they had."""
    call()
    seconds = []
    wall, used = time.perf_counter(), time.process_time()
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return seconds, (time.process_time() - used) / (time.perf_counter() - wall)


def llama():
    import transformers

    torch.manual_seed(1)
    config = transformers.LlamaConfig(vocab_size=VOCABULARY, hidden_size=256, intermediate_size=1024, num_hidden_layers=4, num_attention_heads=4,
                                      max_position_embeddings=256, tie_word_embeddings=True, bos_token_id=None, eos_token_id=None)
    return transformers.LlamaForCausalLM(config)


def generate(repeats):
    model = llama().eval()
    ids = torch.randint(VOCABULARY, (PROMPTS, PROMPT))
    how = dict(attention_mask=torch.ones_like(ids), max_new_tokens=NEW, do_sample=True, temperature=1.0, top_k=0, top_p=1.0, pad_token_id=0)

    def call():
        with torch.no_grad():
            assert model.generate(ids, **how).shape == (PROMPTS, PROMPT + NEW)

    report("generate", PROMPTS * NEW, *measure(repeats, call))


def train(repeats):
    model = llama()
    ids = torch.randint(VOCABULARY, (PROMPTS, PROMPT + NEW))

    def call():
        model.zero_grad(set_to_none=True)
        model(input_ids=ids, labels=ids, use_cache=False).loss.backward()

    report("train", ids.numel(), *measure(repeats, call))


def grpo(repeats):
    import datasets
    import tokenizers
    import transformers
    import trl

    class clock(transformers.TrainerCallback):
        ends, used = [], []

        def on_step_end(self, *_, **__):
            self.ends.append(time.perf_counter())
            self.used.append(time.process_time())

    lengths = []

    def near_twenty(completion_ids, **_):
        lengths.append(sum(map(len, completion_ids)))
        return [-abs(20.0 - ids.count(7)) for ids in completion_ids]

    with tempfile.TemporaryDirectory() as folder:
        llama().save_pretrained(folder)
        words = tokenizers.Tokenizer(tokenizers.models.WordLevel({f"t{i}": i for i in range(VOCABULARY)}, unk_token="t0"))
        words.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
        tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=words, pad_token="t0", eos_token="t1")
        texts = [" ".join(f"t{i}" for i in torch.randint(2, VOCABULARY, (PROMPT,)).tolist()) for _ in range(256)]
        arguments = trl.GRPOConfig(
            output_dir=folder, per_device_train_batch_size=64, num_generations=8, max_completion_length=NEW, beta=0.04, loss_type="grpo",
            learning_rate=1e-6, gradient_checkpointing=False, max_steps=repeats + 1, temperature=1.0, generation_kwargs={"min_new_tokens": NEW},
            use_cpu=True, bf16=False, model_init_kwargs={"dtype": "float32"}, logging_strategy="no", save_strategy="no", report_to="none",
            disable_tqdm=True)
        trainer = trl.GRPOTrainer(model=folder, reward_funcs=near_twenty, args=arguments, processing_class=tokenizer,
                                  train_dataset=datasets.Dataset.from_dict({"prompt": texts}), callbacks=[clock()])
        trainer.train()
    ends, used = clock.ends, clock.used
    assert set(lengths) == {64 * NEW}, lengths
    report("grpo", 64 * NEW, [b - a for a, b in zip(ends, ends[1:])], (used[-1] - used[0]) / (ends[-1] - ends[0]))


def hashed(array, count, scale=1.0):
    """(-1, 1), the same in cohort_llama.cpp."""
    import numpy

    x = numpy.arange(count, dtype=numpy.uint32) + numpy.uint32(array * 0x9E3779B9 % 2**32)
    x = (x ^ x >> 16) * numpy.uint32(0x85EBCA6B)
    x = (x ^ x >> 13) * numpy.uint32(0xC2B2AE35)
    x = x ^ x >> 16
    return torch.from_numpy(((x >> 8).astype(numpy.float32) * numpy.float32(2.0**-23) - 1) * numpy.float32(scale))


def head(repeats, liger=False):
    steps, width, vocabulary, length = 2048, 576, 49_152, 128
    hidden, weight = hashed(1, steps * width).reshape(steps, width), hashed(2, vocabulary * width, 0.1).reshape(vocabulary, width)
    ids = ((hashed(6, steps) + 1) / 2 * vocabulary).long()
    with torch.no_grad():
        parts = [(h @ weight.T).log_softmax(-1).gather(1, i[:, None])[:, 0] for h, i in zip(hidden.split(64), ids.split(64))]
    logp = torch.cat(parts)
    old, ref = logp + hashed(7, steps, 0.4), logp + hashed(4, steps, 0.4)
    del parts, logp
    ctypes.CDLL(None).malloc_trim(0)  # what was freed is not to be there when memory is measured
    shape = (steps // length, length)
    hidden, ids, old, ref, advantages = hidden.reshape(*shape, width), ids.reshape(shape), old.reshape(shape), ref.reshape(shape), hashed(5, shape[0])
    mask = torch.ones(shape)
    hidden.requires_grad_(), weight.requires_grad_()
    if liger:
        from liger_kernel.chunked_loss import LigerFusedLinearGRPOLoss

        fused = LigerFusedLinearGRPOLoss(beta=0.04, compiled=False, loss_type="grpo")

        def loss_of():
            result = fused(hidden, weight, ids, mask, advantages, ref_per_token_logps=ref, old_per_token_logps=old)
            return result[0] if isinstance(result, tuple) else result
    else:
        from trl.trainer.utils import selective_log_softmax

        def loss_of():  # as in GRPOTrainer._compute_loss, where there is nothing but this
            per_token_logps = selective_log_softmax(hidden @ weight.T, ids)
            log_ratio = per_token_logps - old
            ratio = torch.exp(log_ratio)
            gain = torch.min(ratio * advantages[:, None], torch.clamp(ratio, 0.8, 1.2) * advantages[:, None])
            kl = torch.exp(ref - per_token_logps) - (ref - per_token_logps) - 1
            return ((0.04 * kl - gain) * mask).sum(-1).div(mask.sum(-1)).mean()

    last = []

    def call():
        hidden.grad = weight.grad = None
        loss = loss_of()
        loss.backward()
        last[:] = [loss.item()]

    with open("/proc/self/clear_refs", "w") as peak:
        peak.write("5")  # it begins anew
    before = memory("VmRSS")
    call()
    outputs = 4 * (hidden.numel() + weight.numel()) / 2**20  # made by the call; cohort_llama's are there before
    extra = memory("VmHWM") - before - outputs
    seconds, cores = measure(repeats, call)
    report("head_liger" if liger else "head", steps, seconds, cores, extra_mib=round(extra, 1), loss=last[0], hidden_gradient=hidden.grad.double().norm().item(),
           weight_gradient=weight.grad.double().norm().item())


def main():
    known = {"generate": generate, "train": train, "grpo": grpo, "head": head, "head_liger": lambda repeats: head(repeats, liger=True)}
    if len(sys.argv) != 3 or not sys.argv[1].isdigit() or int(sys.argv[1]) < 1 or sys.argv[2] not in known:
        sys.exit(__doc__)
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    known[sys.argv[2]](int(sys.argv[1]))


if __name__ == "__main__":
    main()
