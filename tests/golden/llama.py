"""Records small language models of Hugging Face's transformers, of each family: their files, and what they compute.

    python3 -m venv build/transformers
    build/transformers/bin/pip install transformers==5.23.0 safetensors==0.8.0 torch==2.15.0 numpy==2.4.6
    build/transformers/bin/python -P tests/golden/llama.py

It writes into llama/ beside itself, or into the folder given as its argument:

    NAME/, of MODELS         config.json and model.safetensors (of qwen2 in several files, with their index) as save_pretrained writes them
    */expected.safetensors   in float64, for the sequences ids.0, ids.1, ...: logits.0, ... of T x V; loss, the sum over a sequence of -log p(next token);
                             gradient.NAME of the sum of all losses; and prompt with its greedy continuation
    types/*.safetensors      one tensor of special and of random numbers in each type, with what float makes of them in types/expected.txt

transformers computes its norms and its rotary positions in float32 whatever the model's type. What is expected here is in float64 throughout, by
replacing these two, stretched positions by formulas of their own; a finite difference shows that nothing else is in float32, and the float32 model that its logits are what transformers says.
"""

import math
import pathlib
import sys

import numpy
import safetensors
import safetensors.torch
import torch
import transformers
from transformers.models.llama import modeling_llama
from transformers.models.mistral import modeling_mistral
from transformers.models.qwen2 import modeling_qwen2

NEEDED = {"transformers": "5.23.0", "safetensors": "0.8.0", "torch": "2.15.0", "numpy": "2.4.6"}

FAMILIES = {
    "Llama": (modeling_llama.LlamaRMSNorm, modeling_llama.LlamaRotaryEmbedding),
    "Mistral": (modeling_mistral.MistralRMSNorm, modeling_mistral.MistralRotaryEmbedding),
    "Qwen2": (modeling_qwen2.Qwen2RMSNorm, modeling_qwen2.Qwen2RotaryEmbedding),
}
PLAIN = {"rope_type": "default", "rope_theta": 10000.0}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 100.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.5}
YARN = {"rope_type": "yarn", "rope_theta": 100.0, "factor": 4.0, "original_max_position_embeddings": 16, "beta_fast": 4.0}

# The family, the seed, and the fields of its config.
MODELS = {
    "untied": ("Llama", 3, dict(num_hidden_layers=2, head_dim=8, tie_word_embeddings=False, rope_parameters=PLAIN)),
    # heads x head_dim is not hidden_size
    "tied": ("Llama", 1, dict(num_hidden_layers=1, head_dim=16, tie_word_embeddings=True, rope_parameters=PLAIN)),
    "llama3": ("Llama", 5, dict(num_hidden_layers=1, head_dim=8, tie_word_embeddings=True, rope_parameters=LLAMA3)),
    "mistral": ("Mistral", 5, dict(num_hidden_layers=1, head_dim=8, tie_word_embeddings=True, sliding_window=48, rope_parameters=LINEAR)),
    "qwen2": ("Qwen2", 10, dict(num_hidden_layers=2, tie_word_embeddings=False, use_sliding_window=False, rope_parameters=YARN)),
}
LENGTHS = [2, 7, 19, 1]


def check_versions():
    found = {m.__name__: m.__version__.split("+")[0] for m in (transformers, safetensors, torch, numpy)}
    if found != NEEDED:
        sys.exit(f"these files are recorded with {NEEDED}, and here are {found}")


def norm(self, x):
    return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon))


def frequencies(config):
    """The speeds of the pairs of a head, and what sines and cosines are multiplied by."""
    rope, size = config.rope_parameters, getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    base, kind = rope["rope_theta"], rope["rope_type"]
    plain = base ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    if kind == "default":
        return plain, 1.0
    if kind == "linear":
        return plain / rope["factor"], 1.0
    if kind == "llama3":
        kept = []
        for frequency in plain.tolist():
            wavelength, original = 2 * math.pi / frequency, rope["original_max_position_embeddings"]
            if wavelength < original / rope["high_freq_factor"]:
                kept.append(1.0)
            elif wavelength > original / rope["low_freq_factor"]:
                kept.append(0.0)
            else:
                kept.append((original / wavelength - rope["low_freq_factor"]) / (rope["high_freq_factor"] - rope["low_freq_factor"]))
        kept = torch.tensor(kept, dtype=torch.float64)
        return (1 - kept) * plain / rope["factor"] + kept * plain, 1.0
    original = rope["original_max_position_embeddings"]
    first, last = (size * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(base))
                   for turns in (rope.get("beta_fast") or 32, rope.get("beta_slow") or 1))
    first, last = max(math.floor(first), 0), min(math.ceil(last), size - 1)
    falling = ((torch.arange(size // 2, dtype=torch.float64) - first) / (last - first)).clamp(0, 1)
    return plain / rope["factor"] * falling + plain * (1 - falling), 0.1 * math.log(rope["factor"]) + 1


def rotary(self, x, position_ids):
    speeds, length = frequencies(self.config)
    torch.testing.assert_close(self.inv_freq.double(), speeds, rtol=1e-6, atol=0)
    assert abs(self.attention_scaling - length) < 1e-12
    angle = position_ids[..., None].double() * speeds
    angle = torch.cat((angle, angle), dim=-1)
    return angle.cos() * length, angle.sin() * length


def make(family, changes, seed):
    config = getattr(transformers, family + "Config")(vocab_size=40, hidden_size=32, intermediate_size=48, num_attention_heads=4,
                                                      num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, **changes)
    draws = torch.Generator().manual_seed(seed)
    model = getattr(transformers, family + "ForCausalLM")(config)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=draws) * 0.3 + (p.dim() == 1))
    return model.eval(), draws


def losses(model, sequences):
    result = []
    for ids in sequences:
        logp = model(ids[None]).logits[0].log_softmax(-1)
        result.append(-logp[:-1].gather(1, ids[1:, None]).sum())
    return torch.stack(result)


def check_gradient(model, sequences, gradients):
    """Along a random direction, by five points 1e-5 apart: where anything were in float32 its rounding would be a hundredth of the result."""
    draws = torch.Generator().manual_seed(0)
    parameters = dict(model.named_parameters())
    direction = {name: torch.randn(p.shape, generator=draws, dtype=torch.float64) for name, p in parameters.items()}
    step = 1e-5

    def at(steps):
        with torch.no_grad():
            for name, p in parameters.items():
                p.add_(direction[name], alpha=steps * step)
            value = losses(model, sequences).sum().item()
            for name, p in parameters.items():
                p.sub_(direction[name], alpha=steps * step)
        return value

    numeric = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step)
    exact = sum((direction[name] * g).sum().item() for name, g in gradients.items())
    if abs(numeric - exact) > 1e-7 * abs(exact):
        sys.exit(f"the gradient along a direction is {exact}, and by differences {numeric}")


def continuation(model, prompt, count):
    ids = prompt.clone()
    for _ in range(count):
        with torch.no_grad():
            best = model(ids[None]).logits[0, -1].topk(2)
        if best.values[0] - best.values[1] < 1e-2:
            sys.exit("two tokens are nearly as likely, so that float and double could differ: take another seed")
        ids = torch.cat((ids, best.indices[:1]))
    return ids[len(prompt):]


def record(name, folder):
    family, seed, changes = MODELS[name]
    model, draws = make(family, changes, seed)
    model.save_pretrained(folder, **(dict(max_shard_size="20KB") if name == "qwen2" else {}))
    (folder / "generation_config.json").unlink(missing_ok=True)
    sequences = [torch.randint(model.config.vocab_size, (n,), generator=draws) for n in LENGTHS]
    with torch.no_grad():
        single = [model(ids[None]).logits[0] for ids in sequences]

    model = model.double()
    of_norm, of_rotary = FAMILIES[family]
    for module in model.modules():
        if isinstance(module, of_norm):
            module.forward = norm.__get__(module)
        elif isinstance(module, of_rotary):
            module.forward = rotary.__get__(module)
    values = losses(model, sequences)
    values.sum().backward()
    gradients = {n: p.grad for n, p in model.named_parameters()}
    check_gradient(model, sequences, gradients)

    prompt = sequences[1][:5]
    greedy = continuation(model, prompt, 20)
    if len(set(greedy.tolist())) < 8:
        sys.exit(f"the continuation {greedy.tolist()} is dull: take another seed")
    numbers = {"loss": values.detach(), "prompt": prompt.double(), "continuation": greedy.double()}
    for k, ids in enumerate(sequences):
        with torch.no_grad():
            logits = model(ids[None]).logits[0]
        torch.testing.assert_close(single[k].double(), logits, rtol=0, atol=2e-4)
        numbers |= {f"ids.{k}": ids.double(), f"logits.{k}": logits}
    numbers |= {f"gradient.{n}": g for n, g in gradients.items()}
    safetensors.torch.save_file(numbers, folder / "expected.safetensors")


def record_types(folder):
    folder.mkdir(parents=True, exist_ok=True)
    draws = torch.Generator().manual_seed(3)
    special = torch.tensor([0.0, -0.0, 1.0, -1.5, 65504.0, 1e5, 3e38, 2.0**-14, 2.0**-24, -3 * 2.0**-24, 1023 * 2.0**-24, 1e-40, 1 / 3,
                            float("inf"), -float("inf"), float("nan")], dtype=torch.float64)
    numbers = torch.cat((special, torch.randn(32, generator=draws, dtype=torch.float64))).reshape(6, 8)
    with open(folder / "expected.txt", "w") as file:
        file.write(f"# recorded by llama.py with {NEEDED}\n")
        for type in ("float16", "bfloat16", "float32", "float64"):
            stored = numbers.to(getattr(torch, type))
            safetensors.torch.save_file({"numbers": stored}, folder / f"{type}.safetensors", metadata={"type": type})
            file.write(" ".join([type] + [repr(float(x)) for x in stored.double().ravel()]) + "\n")
            if type == "float64":
                file.write(" ".join(["float64_as_float"] + [repr(float(x)) for x in stored.float().ravel()]) + "\n")


def main():
    check_versions()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "llama")
    for name in MODELS:
        record(name, folder / name)
    record_types(folder / "types")
    for file in folder.glob("*/*.safetensors"):
        file.chmod(0o644)  # they are made for their owner only


main()
