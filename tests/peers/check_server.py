"""Completions of llama.cpp's real server, asked as training asks it: their tokens end where they should, and their
log-probabilities are those that our own model of the same file gives; and its greedy tokens are our most probable ones.

    python check_server.py FOLDER ASK_SERVER SCORE

ASK_SERVER is ask_server.cpp, SCORE the program `cohort score`. One random model has tokens of whole characters, the
other has bytes for tokens, most of which are no characters by themselves.
"""

import json
import os
import pathlib
import subprocess
import sys
import urllib.request

import gguf
import numpy
import xllamacpp

STOP, OTHER_STOP, TOLERANCE = 257, 45, 1e-4


def byte_tokens():
    """GPT-2's characters for bytes: those that print are themselves."""
    prints = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte if byte in prints else next(others)) for byte in range(256)]


def write_model(path, tokens, hidden=32, feed=48, layers=2, heads=4, kv_heads=2):
    tokens = [*tokens, "<|im_start|>", "<|im_end|>"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(hidden)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(hidden // heads)
    writer.add_rope_freq_base(500)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * (len(tokens) - 2) + [3, 3])
    writer.add_token_merges(["a b"])
    writer.add_eos_token_id(STOP)
    writer.add_add_bos_token(False)
    draws, kv = numpy.random.default_rng(1), hidden // heads * kv_heads
    table = (len(tokens), hidden)
    shapes = {"token_embd": table, "output_norm": (hidden,), "output": table}
    for n in range(layers):
        shapes |= {f"blk.{n}.{name}": shape for name, shape in {
            "attn_norm": (hidden,), "attn_q": (hidden, hidden), "attn_k": (kv, hidden), "attn_v": (kv, hidden),
            "attn_output": (hidden, hidden), "ffn_norm": (hidden,), "ffn_gate": (feed, hidden),
            "ffn_up": (feed, hidden), "ffn_down": (hidden, feed)}.items()}
    for name, shape in shapes.items():
        values = .25 * draws.normal(size=shape) + ("norm" in name)
        writer.add_tensor(name + ".weight", values.astype(numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def server_of(path):
    how = xllamacpp.CommonParams()
    how.model.path, how.port = str(path), 0
    how.n_ctx, how.n_parallel, how.n_gpu_layers, how.warmup = 128, 1, 0, False
    how.cpuparams.n_threads = how.cpuparams_batch.n_threads = 1
    how.cache_type_k = how.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    how.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED  # it rounds to F16
    return xllamacpp.Server(how)


def ask(server, path, group, tokens, stop=STOP):
    port = server.listening_address.rsplit(":", 1)[1]
    words = [ask_server, port, path, str(stop), str(group), str(tokens), "1"]
    return subprocess.run(words, capture_output=True, text=True, timeout=300)


def completions(*arguments, **named):
    done = ask(*arguments, **named)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def our_scores(model, series):
    lines = "".join(json.dumps({"ids": ids}) + "\n" for ids in series)
    done = subprocess.run([score, "--model", str(model)], input=lines, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["logp"] for line in done.stdout.splitlines()]


def compare(model, all, tokens, stop=STOP):
    """How many log-probabilities are told, and how many are not; those that are have to be ours."""
    ours = our_scores(model, [one["prompt"] + one["tokens"] for one in all])
    told, worst = [], 0
    for one, logp in zip(all, ours, strict=True):
        assert one["stopped"] == (one["tokens"][-1] == stop) and stop not in one["tokens"][:-1], one
        assert one["stopped"] or len(one["tokens"]) == tokens, one
        for x, y in zip(one["logp"], logp[len(one["prompt"]) - 1:], strict=True):
            told.append(x is not None)
            worst = max(worst, abs(x - y) if x is not None else 0)
    print(f"{model.stem}: {sum(told)} log-probabilities of {len(told)} are told, off by {worst:.1e}")
    assert worst < TOLERANCE, worst
    return sum(told), len(told)


def check_whole_softmax(model, all):
    """A server that cuts or heats has other first tokens: their mean log-probability is the negative entropy."""
    for prompt in {tuple(one["prompt"]) for one in all}:
        logp = numpy.array([x[-1] for x in our_scores(model, [[*prompt, v] for v in range(STOP + 1)])])
        drawn = logp[[one["tokens"][0] for one in all if tuple(one["prompt"]) == prompt]]
        p = numpy.exp(logp)
        mean, deviation = p @ logp, numpy.sqrt(p @ (logp - p @ logp) ** 2 / len(drawn))
        assert abs(drawn.mean() - mean) < 4 * deviation, (drawn.mean(), mean, deviation)


def check_greedy(model, server, prompt, tokens):
    """Up to where two tokens are as likely."""
    request = {"prompt": prompt, "n_predict": tokens, "temperature": 0, "return_tokens": True, "cache_prompt": False}
    with urllib.request.urlopen(server.listening_address + "/completion", json.dumps(request).encode(), 60) as answer:
        drawn = json.load(answer)["tokens"]
    assert len(drawn) == tokens or drawn[-1] == STOP, drawn
    before = [[*prompt, *drawn[:n]] for n in range(len(drawn))]
    logp = [x[-1] for x in our_scores(model, [[*ids, v] for ids in before for v in range(STOP + 1)])]
    for token, place in zip(drawn, numpy.array(logp).reshape(len(drawn), -1), strict=True):
        second, best = numpy.sort(place)[-2:]
        if best - second < 1e-3:
            return
        assert token == place.argmax(), (drawn, token, place.argmax())


folder, ask_server, score = pathlib.Path(sys.argv[1]), *sys.argv[2:]
sys.stderr = os.fdopen(os.dup(2), "w")  # for what is said here; llama.cpp's own goes into a file
os.dup2(os.open(folder / "llama.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)

letters, parts = folder / "letters.gguf", folder / "bytes.gguf"
write_model(letters, [f"<{n}>" for n in range(256)])
write_model(parts, byte_tokens())

server = server_of(letters)
for path in ("/v1/completions", "/completion"):
    all = completions(server, path, 100, 40)
    told, count = compare(letters, all, 40)
    assert told == count and any(one["stopped"] for one in all), (told, count)
    assert all[0]["tokens"] != all[1]["tokens"], "one seed for all"
    cut = completions(server, path, 40, 24, stop=OTHER_STOP)
    short = [one for one in cut if one["tokens"][-1] == OTHER_STOP]
    assert short, "none ends by the stop token that only http_sampler knows"
    compare(letters, short, 24, OTHER_STOP)
    check_whole_softmax(letters, completions(server, path, 200, 1))
check_greedy(letters, server, [17, 4, 250, 33, 6], 16)
check_greedy(letters, server, [1], 16)

server = server_of(parts)
check_greedy(parts, server, [17, 4, 250, 33, 6], 16)
told, count = compare(parts, completions(server, "/completion", 40, 24), 24)
assert count / 2 < told < count, (told, count)
refused = ask(server, "/v1/completions", 4, 24)
assert refused.returncode == 1 and "of its 24 tokens" in refused.stderr, refused
