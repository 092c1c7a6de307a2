"""Records small language models of Hugging Face's transformers, of each family: their files, and what they compute.

    python3 -m venv build/transformers
    build/transformers/bin/pip install transformers==5.23.0 safetensors==0.8.0 torch==2.15.0 numpy==2.4.6
    build/transformers/bin/python tests/golden/llama.py

It writes into llama/ beside itself, or into the folder given as its argument:

    NAME/, of MODELS         config.json and model.safetensors (of qwen2 in several files, with their index) as save_pretrained writes them
    */expected.safetensors   in float64, for the sequences ids.0, ids.1, ...: logits.0, ... of T x V; loss, the sum over a sequence of -log p(next token);
                             gradient.NAME of the sum of all losses; and prompt with its greedy continuation
    types/*.safetensors      one tensor of special and of random numbers in each type, with what float makes of them in types/expected.txt

transformers computes its norms, its rotary positions and capped attention in float32 whatever the model's type. What is expected here is in float64
throughout, by replacing these, stretched positions by formulas of their own; a finite difference shows that nothing else is in float32, and the float32 model that its logits are what transformers says.
"""

import math
import pathlib
import sys

import numpy
import safetensors
import safetensors.torch
import torch
import transformers
from transformers.models.gemma import modeling_gemma
from transformers.models.gemma2 import modeling_gemma2
from transformers.models.gemma3 import modeling_gemma3
from transformers.models.llama import modeling_llama
from transformers.models.mistral import modeling_mistral
from transformers.models.phi3 import modeling_phi3
from transformers.models.qwen2 import modeling_qwen2
from transformers.models.qwen3 import modeling_qwen3

NEEDED = {"transformers": "5.23.0", "safetensors": "0.8.0", "torch": "2.15.0", "numpy": "2.4.6"}

# The norms and the rotary positions of each family.
FAMILIES = {
    "Llama": (modeling_llama.LlamaRMSNorm, modeling_llama.LlamaRotaryEmbedding),
    "Mistral": (modeling_mistral.MistralRMSNorm, modeling_mistral.MistralRotaryEmbedding),
    "Qwen2": (modeling_qwen2.Qwen2RMSNorm, modeling_qwen2.Qwen2RotaryEmbedding),
    "Qwen3": (modeling_qwen3.Qwen3RMSNorm, modeling_qwen3.Qwen3RotaryEmbedding),
    "Gemma": (modeling_gemma.GemmaRMSNorm, modeling_gemma.GemmaRotaryEmbedding),
    "Gemma2": (modeling_gemma2.Gemma2RMSNorm, modeling_gemma2.Gemma2RotaryEmbedding),
    "Gemma3": (modeling_gemma3.Gemma3RMSNorm, modeling_gemma3.Gemma3RotaryEmbedding),
    "Phi3": (modeling_phi3.Phi3RMSNorm, modeling_phi3.Phi3RotaryEmbedding),
    "GPT2": ((), ()),
}
PLAIN = {"rope_type": "default", "rope_theta": 10000.0}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 100.0, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 2.5}
HALF = {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5}
TWO_KINDS = {"full_attention": {"rope_type": "linear", "rope_theta": 1000.0, "factor": 4.0},
             "sliding_attention": {"rope_type": "default", "rope_theta": 100.0}}
UNNAMED = dict(pad_token_id=None, bos_token_id=None, eos_token_id=None)  # else tokens that a small vocabulary has not
YARN = {"rope_type": "yarn", "rope_theta": 100.0, "factor": 4.0, "original_max_position_embeddings": 16, "beta_fast": 4.0}

# The family, the seed, and the fields of its config.
MODELS = {
    "untied": ("Llama", 3, dict(num_hidden_layers=2, head_dim=8, tie_word_embeddings=False, rope_parameters=PLAIN)),
    # heads x head_dim is not hidden_size
    "tied": ("Llama", 1, dict(num_hidden_layers=1, head_dim=16, tie_word_embeddings=True, rope_parameters=PLAIN)),
    "llama3": ("Llama", 5, dict(num_hidden_layers=1, head_dim=8, tie_word_embeddings=True, rope_parameters=LLAMA3)),
    "mistral": ("Mistral", 2, dict(num_hidden_layers=1, head_dim=8, tie_word_embeddings=True, sliding_window=6, rope_parameters=LINEAR)),
    "qwen2": ("Qwen2", 10, dict(num_hidden_layers=2, tie_word_embeddings=False, use_sliding_window=False, rope_parameters=YARN)),
    "biased": ("Llama", 3, dict(num_hidden_layers=1, head_dim=8, tie_word_embeddings=True, rope_parameters=PLAIN, attention_bias=True, mlp_bias=True)),
    "qwen3": ("Qwen3", 1, dict(num_hidden_layers=2, head_dim=16, tie_word_embeddings=True, rope_parameters=PLAIN, use_sliding_window=True,
                               sliding_window=7, max_window_layers=1)),
    "gemma": ("Gemma", 1, dict(num_hidden_layers=1, head_dim=16, rope_parameters=PLAIN, **UNNAMED)),
    "gemma2": ("Gemma2", 4, dict(num_hidden_layers=2, head_dim=16, rope_parameters=PLAIN, sliding_window=5, query_pre_attn_scalar=24,
                                 attn_logit_softcapping=3.0, final_logit_softcapping=4.0, **UNNAMED)),
    "gemma3": ("Gemma3", 1, dict(num_hidden_layers=2, head_dim=16, rope_parameters=TWO_KINDS, sliding_window=5, query_pre_attn_scalar=16,
                                 layer_types=["sliding_attention", "full_attention"], **UNNAMED)),
    "phi3": ("Phi3", 1, dict(num_hidden_layers=1, tie_word_embeddings=False, rope_parameters=HALF, sliding_window=9, **UNNAMED)),
    "gpt2": ("GPT2", 11, dict(n_inner=48, **UNNAMED)),
}
LENGTHS = [2, 7, 19, 1]


def check_versions():
    found = {m.__name__: m.__version__.split("+")[0] for m in (transformers, safetensors, torch, numpy)}
    if found != NEEDED:
        sys.exit(f"these files are recorded with {NEEDED}, and here are {found}")


def norm(self, x):
    gemma = hasattr(self, "eps")
    normal = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + (self.eps if gemma else self.variance_epsilon))
    return normal * (1 + self.weight) if gemma else normal * self.weight


def attention(module, query, key, value, mask, scaling, softcap=None, **unused):
    """In the type of the queries."""
    groups = query.shape[1] // key.shape[1]
    scores = query @ key.repeat_interleave(groups, 1).transpose(2, 3) * scaling
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    weights = (scores if mask is None else scores + mask).softmax(-1)
    return (weights @ value.repeat_interleave(groups, 1)).transpose(1, 2).contiguous(), weights


transformers.AttentionInterface.register("exact", attention)
transformers.masking_utils.AttentionMaskInterface.register("exact", transformers.masking_utils.eager_mask)


def frequencies(config, layer_type):
    """The speeds of the pairs of a head, and what sines and cosines are multiplied by."""
    rope = config.rope_parameters[layer_type] if layer_type else config.rope_parameters
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    size = int(size * rope.get("partial_rotary_factor", 1))
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


def rotary(self, x, position_ids, layer_type=None):
    speeds, length = frequencies(self.config, layer_type)
    own = layer_type + "_" if layer_type else ""
    torch.testing.assert_close(getattr(self, own + "inv_freq").double(), speeds, rtol=1e-6, atol=0)
    assert abs(getattr(self, own + "attention_scaling") - length) < 1e-12
    angle = position_ids[..., None].double() * speeds
    angle = torch.cat((angle, angle), dim=-1)
    return angle.cos() * length, angle.sin() * length


def make(family, changes, seed):
    extents = dict(vocab_size=40, hidden_size=32, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
                   rms_norm_eps=1e-5)
    if family == "GPT2":
        extents = dict(vocab_size=40, n_embd=32, n_head=4, n_layer=2, n_positions=64)
    make_config = transformers.Gemma3TextConfig if family == "Gemma3" else getattr(transformers, family + "Config")
    config = make_config(**extents, **changes)
    draws = torch.Generator().manual_seed(seed)
    model = transformers.AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(torch.randn(p.shape, generator=draws) * 0.3 + (p.dim() == 1 and not (family == "GPT2" and name.endswith("bias"))))
        if family.startswith("G"):  # else each token is followed by itself
            model.get_input_embeddings().weight.mul_(0.15 if family != "GPT2" else 0.5)
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
    if family == "Gemma2":
        model.set_attn_implementation("exact")
    if hasattr(model.get_input_embeddings(), "embed_scale"):
        model.get_input_embeddings().embed_scale.fill_(model.config.hidden_size**0.5)
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
