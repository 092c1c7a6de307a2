"""Records low-rank adapters of PEFT beside small models that llama.py made: their files, and what they compute.

    python3 -m venv build/peft
    build/peft/bin/pip install peft==0.21.2 transformers==5.23.0 safetensors==0.8.0 torch==2.15.0 numpy==2.4.6
    build/peft/bin/python -P tests/golden/lora.py

It writes into lora/ beside itself, or into the folder given as its argument, for each of ADAPTERS:

    NAME/adapter_config.json, adapter_model.safetensors   as save_pretrained writes them, A and B drawn at random
    NAME/expected.safetensors                             in float64: ids; logits (T x V); loss, the sum of -log p(next token); gradient.NAME of each A and B

NAME is that of the model in llama/. What transformers computes in float32 is replaced as in llama.py.
"""

import importlib.metadata
import pathlib
import sys

import peft
import safetensors.torch
import torch
import transformers

sys.path.append(str(pathlib.Path(__file__).parent))
import llama

NEEDED = {"peft": "0.21.2"} | llama.NEEDED

# The family of the model, and the fields of its adapters.
ADAPTERS = {
    "untied": ("Llama", dict(r=3, lora_alpha=5, target_modules="all-linear")),
    "qwen3": ("Qwen3", dict(r=4, lora_alpha=6, target_modules=["q_proj", "v_proj", "down_proj"], use_rslora=True)),
}


def record(name, folder, draws):
    family, fields = ADAPTERS[name]
    base = transformers.AutoModelForCausalLM.from_pretrained(pathlib.Path(__file__).parent / "llama" / name, dtype=torch.float32)
    base.__dict__["name_or_path"] = f"llama/{name}"  # else the path on this machine
    model = peft.get_peft_model(base, peft.LoraConfig(task_type="CAUSAL_LM", **fields)).eval()
    with torch.no_grad():
        for p in model.parameters():
            if p.requires_grad:
                p.copy_(torch.randn(p.shape, generator=draws) * 0.3)
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    ids = torch.randint(base.config.vocab_size, (9,), generator=draws)
    with torch.no_grad():
        single = model(ids[None]).logits[0]
    model = llama.in_float64(model, family)
    loss = llama.losses(model, [ids]).sum()
    loss.backward()
    with torch.no_grad():
        logits = model(ids[None]).logits[0]
    torch.testing.assert_close(single.double(), logits, rtol=0, atol=5e-4)
    numbers = {"ids": ids.double(), "logits": logits, "loss": loss.detach()}
    for n, p in model.named_parameters():
        if p.requires_grad:
            numbers["gradient." + n.replace(".default", "")] = p.grad
    safetensors.torch.save_file(numbers, folder / "expected.safetensors")


def main():
    found = {name: importlib.metadata.version(name).split("+")[0] for name in NEEDED}
    if found != NEEDED:
        sys.exit(f"these files are recorded with {NEEDED}, and here are {found}")
    torch.set_num_threads(1)
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "lora")
    draws = torch.Generator().manual_seed(7)
    for name in ADAPTERS:
        record(name, folder / name, draws)
    for file in folder.glob("*/*.safetensors"):
        file.chmod(0o644)  # they are made for their owner only


main()
