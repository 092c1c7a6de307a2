"""Records what the Python package gguf makes of numbers, and two small language models as GGUF files.

    python3 -m venv build/gguf
    build/gguf/bin/pip install gguf==0.19.0 numpy==2.4.6
    build/gguf/bin/python tests/golden/gguf_types.py

It writes into gguf/ beside itself, or into the folder given as its argument:

    types.gguf    of each type NAME: blocks of random bytes, of which some have special scales, as the tensor NAME, and
                  as NAME.floats what gguf.quants.dequantize makes of them; the tensor numbers, and as numbers.NAME what
                  gguf.quants.quantize makes of its finite ones
    llama3.gguf   of llama/llama3 in F32, with Llama 3's factors
    qwen2.gguf    of llama/qwen2 in F16, with YaRN

The order of rows and the factors are by the formulas of llama.cpp's convert_hf_to_gguf.py, which is no package.
"""

import importlib.metadata
import json
import math
import pathlib
import sys

import gguf
import numpy

NEEDED = {"gguf": "0.19.0", "numpy": "2.4.6"}
TYPES = "F16 BF16 Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q2_K Q3_K Q4_K Q5_K Q6_K".split()
# Where a block of each type has its halves.
HALVES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q2_K": [80, 82], "Q3_K": [108], "Q4_K": [0, 2],
          "Q5_K": [0, 2], "Q6_K": [208]}
# 0, -0, the smallest and the largest subnormal, the smallest normal, 1, the largest, infinities, a NaN
SPECIAL = [0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x3C00, 0x7BFF, 0x7C00, 0xFC00, 0x7E01]


def check_versions():
    found = {name: importlib.metadata.version(name) for name in NEEDED}
    if found != NEEDED:
        sys.exit(f"these files are recorded with {NEEDED}, and here are {found}")


def blocks_of(name, draws):
    elements, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
    if elements == 1:
        bits = numpy.concatenate((numpy.array(SPECIAL, dtype=numpy.uint16), draws.integers(0, 65536, 246, dtype=numpy.uint16)))
        return bits.view(numpy.uint8).reshape(1, -1)
    blocks = draws.integers(0, 256, (len(SPECIAL) + 4, size), dtype=numpy.uint8)
    for n, bits in enumerate(SPECIAL):
        for k, place in enumerate(HALVES[name]):
            bits_here = bits if k == 0 else SPECIAL[(3 * n + 1) % len(SPECIAL)]
            blocks[n, place : place + 2] = numpy.array([bits_here], dtype=numpy.uint16).view(numpy.uint8)
    return blocks.reshape(1, -1)


def numbers_of(draws):
    """Ties of each type, what overflows a half, subnormals, and blocks of all sizes; 32 to a block of Q8_0."""
    halves = numpy.array([1 + 2.0**-11, 1 + 3 * 2.0**-11, 65519.0, 65520.0, 1e5, 2.0**-25, 3 * 2.0**-25, 2.0**-26, 2.0**-14 - 2.0**-26, 6e-8])
    bfloats = numpy.array([1 + 2.0**-8, 1 + 3 * 2.0**-8, 3.38e38, 1e-40, 2.0**-133, 3 * 2.0**-134])
    special = numpy.concatenate((halves, -halves, bfloats, -bfloats))
    ties = numpy.concatenate(([127.0], numpy.arange(31) - 15.5))
    zeros = numpy.where(numpy.arange(32) % 2, 0.0, -0.0)
    tiny = draws.standard_normal(32) * 1e-39
    random = draws.standard_normal((24, 32)) * 10.0 ** numpy.arange(-12, 12)[:, None] / 1e6
    return numpy.concatenate([special, ties, zeros, tiny, random.ravel()]).astype(numpy.float32)


def write(path, values, tensors):
    writer = gguf.GGUFWriter(path, values.pop("general.architecture", "types"))
    for key, value in values.items():
        add = {str: writer.add_string, int: writer.add_uint32, float: writer.add_float32, bool: writer.add_bool, list: writer.add_array}
        add[type(value)](key, value)
    for name, (array, type_of) in tensors.items():
        writer.add_tensor(name, numpy.ascontiguousarray(array), raw_dtype=type_of)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def record_types(path):
    draws = numpy.random.default_rng(5)
    F32, tensors = gguf.GGMLQuantizationType.F32, {}
    for name in TYPES:
        of = gguf.GGMLQuantizationType[name]
        blocks = blocks_of(name, draws)
        with numpy.errstate(all="ignore"):
            floats = gguf.quants.dequantize(blocks, of)
        tensors[name] = blocks, of
        tensors[f"{name}.floats"] = floats, F32
    numbers = numbers_of(draws).reshape(1, -1)
    tensors["numbers"] = numbers, F32
    for name in ("F16", "BF16", "Q8_0"):
        of = gguf.GGMLQuantizationType[name]
        with numpy.errstate(all="ignore"):
            tensors[f"numbers.{name}"] = gguf.quants.quantize(numbers, of).view(numpy.uint8), of
    values = {"test.text": "caf\u00e9", "test.flag": True, "test.texts": ["a", "", "\u4e2d"], "test.integers": [1, -2, 3], "test.number": 1e-5}
    write(path, values, tensors)


def read_safetensors(folder):
    all = {}
    for path in sorted(folder.glob("model*.safetensors")):
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        for name, entry in json.loads(data[8 : 8 + length]).items():
            if name != "__metadata__":
                first, last = (8 + length + n for n in entry["data_offsets"])
                all[name] = numpy.frombuffer(data[first:last], dtype=numpy.float32).reshape(entry["shape"])
    return all


def interleaved(rows, heads):
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def llama3_factors(rope, size):
    original, factors = rope["original_max_position_embeddings"], []
    for d in range(0, size, 2):
        wavelength = 2 * math.pi * rope["rope_theta"] ** (d / size)
        if wavelength < original / rope["high_freq_factor"]:
            factors.append(1)
        elif wavelength > original / rope["low_freq_factor"]:
            factors.append(rope["factor"])
        else:
            smooth = (original / wavelength - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"])
            factors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return numpy.array(factors, dtype=numpy.float32)


def record_model(folder, architecture, type_name, path):
    config = json.loads((folder / "config.json").read_text())
    heads, keys = config["num_attention_heads"], config["num_key_value_heads"]
    size = config.get("head_dim") or config["hidden_size"] // heads
    rope = config["rope_parameters"]
    arch = gguf.MODEL_ARCH[architecture.upper()]
    names = gguf.get_tensor_name_map(arch, config["num_hidden_layers"])
    values = {"general.architecture": architecture, "tokenizer.ggml.eos_token_id": 3, "tokenizer.ggml.eot_token_id": 7}
    for key, field in {"block_count": "num_hidden_layers", "context_length": "max_position_embeddings", "embedding_length": "hidden_size",
                       "feed_forward_length": "intermediate_size", "attention.head_count": "num_attention_heads",
                       "attention.head_count_kv": "num_key_value_heads", "attention.layer_norm_rms_epsilon": "rms_norm_eps"}.items():
        values[f"{architecture}.{key}"] = config[field]
    values[f"{architecture}.attention.key_length"] = values[f"{architecture}.attention.value_length"] = size
    values[f"{architecture}.rope.freq_base"] = rope["rope_theta"]
    values[f"{architecture}.rope.dimension_count"] = size
    F32, tensors = gguf.GGMLQuantizationType.F32, {}
    if rope["rope_type"] == "llama3":
        tensors["rope_freqs.weight"] = llama3_factors(rope, size), F32
    if rope["rope_type"] == "yarn":
        values[f"{architecture}.rope.scaling.type"] = "yarn"
        values[f"{architecture}.rope.scaling.factor"] = rope["factor"]
        values[f"{architecture}.rope.scaling.original_context_length"] = rope["original_max_position_embeddings"]
        values[f"{architecture}.rope.scaling.yarn_beta_fast"] = rope["beta_fast"]
    for name, array in read_safetensors(folder).items():
        if architecture == "llama" and ".q_proj." in name:
            array = interleaved(array, heads)
        if architecture == "llama" and ".k_proj." in name:
            array = interleaved(array, keys)
        of = gguf.GGMLQuantizationType[type_name] if array.ndim > 1 else F32
        tensors[names.get_name(name, try_suffixes=(".weight", ".bias"))] = gguf.quants.quantize(array, of), of
    write(path, values, tensors)


def main():
    check_versions()
    here = pathlib.Path(__file__).parent
    to = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "gguf"
    to.mkdir(parents=True, exist_ok=True)
    record_types(to / "types.gguf")
    record_model(here / "llama" / "llama3", "llama", "F32", to / "llama3.gguf")
    record_model(here / "llama" / "qwen2", "qwen2", "F16", to / "qwen2.gguf")


main()
