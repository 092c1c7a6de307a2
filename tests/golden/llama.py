"""Records small Llamas of Hugging Face's transformers: their files, and what they compute.

    python3 -m venv build/transformers
    build/transformers/bin/pip install transformers==5.23.0 safetensors==0.8.0 torch==2.15.0 numpy==2.4.6
    build/transformers/bin/python tests/golden/llama.py

It writes into llama/ beside itself, or into the folder given as its argument:

    untied/, tied/           config.json and model.safetensors as save_pretrained writes them
    */expected.safetensors   in float64, for the sequences ids.0, ids.1, ...: logits.0, ... of T x V; loss, the sum over a sequence of -log p(next token);
                             gradient.NAME of the sum of all losses; and prompt with its greedy continuation
    types/*.safetensors      one tensor of special and of random numbers in each type, with what float makes of them in types/expected.txt

transformers computes its norms and its rotary positions in float32 whatever the model's type. What is expected here is in float64 throughout, by
replacing these two; a finite difference shows that nothing else is in float32, and the float32 model that its logits are what transformers says.
"""

import pathlib
import sys

import numpy
import safetensors
import safetensors.torch
import torch
import transformers
from transformers.models.llama import modeling_llama

NEEDED = {"transformers": "5.23.0", "safetensors": "0.8.0", "torch": "2.15.0", "numpy": "2.4.6"}

MODELS = {
    "untied": dict(num_hidden_layers=2, head_dim=8, tie_word_embeddings=False),
    "tied": dict(num_hidden_layers=1, head_dim=16, tie_word_embeddings=True),  # heads x head_dim is not hidden_size
}
LENGTHS = [2, 7, 19, 1]


def check_versions():
    found = {m.__name__: m.__version__.split("+")[0] for m in (transformers, safetensors, torch, numpy)}
    if found != NEEDED:
        sys.exit(f"these files are recorded with {NEEDED}, and here are {found}")


def norm(self, x):
    return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon))


def rotary(self, x, position_ids):
    size, base = self.config.head_dim, self.config.rope_parameters["rope_theta"]
    frequency = base ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)
    angle = position_ids[..., None].double() * frequency
    angle = torch.cat((angle, angle), dim=-1)
    return angle.cos(), angle.sin()


def make(changes, seed):
    config = transformers.LlamaConfig(vocab_size=40, hidden_size=32, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2,
                                      max_position_embeddings=64, rms_norm_eps=1e-5, rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
                                      **changes)
    draws = torch.Generator().manual_seed(seed)
    model = transformers.LlamaForCausalLM(config)
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


def record(name, folder, seed):
    model, draws = make(MODELS[name], seed)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    sequences = [torch.randint(model.config.vocab_size, (n,), generator=draws) for n in LENGTHS]
    with torch.no_grad():
        single = [model(ids[None]).logits[0] for ids in sequences]

    model = model.double()
    for module in model.modules():
        if isinstance(module, modeling_llama.LlamaRMSNorm):
            module.forward = norm.__get__(module)
        elif isinstance(module, modeling_llama.LlamaRotaryEmbedding):
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
    record("untied", folder / "untied", 3)
    record("tied", folder / "tied", 1)
    record_types(folder / "types")
    for file in folder.glob("*/*.safetensors"):
        file.chmod(0o644)  # they are made for their owner only


main()
