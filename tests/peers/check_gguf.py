"""What write_gguf wrote, with the real packages: gguf reads it, and llama.cpp continues each prompt by the same tokens.

    python check_gguf.py FOLDER

llama.cpp rounds what a layer is given to the type of the layer's weights. So of a file in another type than F32 it has to
run the file itself, and to agree to 1e-4 on what the package gguf makes of it in F32. FOLDER may have any other NAME.gguf
with its NAME.txt.
"""

import json
import math
import os
import pathlib
import sys

import gguf
import numpy
import xllamacpp


def in_f32(path, to):
    reader = gguf.GGUFReader(path)
    writer = gguf.GGUFWriter(to, reader.get_field("general.architecture").contents())
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.file_type"):
            continue
        array = field.types[0] == gguf.GGUFValueType.ARRAY
        writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=field.types[-1] if array else None)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, numpy.ascontiguousarray(gguf.quants.dequantize(tensor.data, tensor.tensor_type), dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return {tensor.tensor_type.name for tensor in reader.tensors}


def server_of(path):
    how = xllamacpp.CommonParams()
    how.model.path = str(path)
    how.n_ctx, how.n_parallel, how.n_gpu_layers, how.warmup = 128, 1, 0, False
    how.cpuparams.n_threads = how.cpuparams_batch.n_threads = 2
    how.cache_type_k = how.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    how.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED  # it rounds to F16
    return xllamacpp.Server(how)


def continuation(server, prompt, count):
    """Of each place the most probable tokens and their log-probabilities, the taken one first."""
    said = server.handle_completions({"prompt": prompt, "n_predict": count, "temperature": 0, "logprobs": 3, "cache_prompt": False})
    said = json.loads(said) if isinstance(said, (str, bytes)) else said
    return [{t["id"]: t["logprob"] for t in place["top_logprobs"]} for place in said["choices"][0]["logprobs"]["content"]]


def difference(found, tokens, logp, tolerance):
    """The largest of log-probabilities, up to where two tokens are as likely; a stop token, with which ours may end, is none of theirs."""
    assert len(found) >= len(tokens) - 1, (tokens, found)
    worst = 0
    for place, token, x in zip(found, tokens, logp):
        assert token in place, (token, place)
        worst = max(worst, abs(place[token] - x))
        if token != next(iter(place)):
            assert max(place.values()) - place[token] < tolerance, (token, place)
            break
    return worst


def tolerance(path):
    """llama.cpp looks GELU up in a table of halves."""
    if not ours:
        return 1e-3
    return 1e-2 if path.name.startswith(("gemma", "gpt2")) else 1e-4


folder = pathlib.Path(sys.argv[1])
files = sorted(path for path in folder.glob("*.gguf") if not path.name.endswith(".as_f32.gguf"))
assert files, f"no GGUF files in {folder}"
sys.stderr = os.fdopen(os.dup(2), "w")  # for what is said here; llama.cpp's own goes into a file
os.dup2(os.open(folder / "llama.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
ours = "llama_F32" in {path.stem for path in files}
types = set()
for path in files:
    wide = path.with_suffix(".as_f32.gguf")
    types |= in_f32(path, wide)
    itself, exact = server_of(path), server_of(wide)
    worst = 0
    for line in path.with_suffix(".txt").read_text().splitlines():
        prompt, tokens, logp = ([float(x) for x in part.split()] for part in line.split("|"))
        found = continuation(exact, [int(t) for t in prompt], len(tokens))
        worst = max(worst, difference(found, tokens, logp, tolerance(path)))
        rounded = max(continuation(itself, [int(t) for t in prompt], 1)[0].values())
        assert math.isfinite(rounded) and abs(rounded - logp[0]) < 0.5, (path.name, rounded, logp[0])
    print(f"{path.stem:24} off by {worst:.1e}")
    assert worst < tolerance(path), path.name
    wide.unlink()
if ours:
    assert types == {"F32", "F16", "BF16", "Q8_0"} and len(files) == 56, (types, len(files))
