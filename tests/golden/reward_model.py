"""Records a small reward model of Hugging Face's transformers: its files, and its scores.

    python3 -m venv build/transformers
    build/transformers/bin/pip install transformers==5.23.0 safetensors==0.8.0 torch==2.15.0 numpy==2.4.6
    build/transformers/bin/python -P tests/golden/reward_model.py

It writes into reward_model/ beside itself, or into the folder given as its argument:

    config.json, model.safetensors   of a LlamaForSequenceClassification with one label, as save_pretrained writes them
    expected.safetensors             in float64: ids.0, ids.1, ..., and score.0, ...: that of each, in one batch with padding behind the shorter ones

With a folder after --check it prints the scores of a reward model, one a line, for lines of token ids on stdin.

What transformers computes in float32 is replaced as in llama.py.
"""

import json
import pathlib
import sys

import safetensors.torch
import torch
import transformers

sys.path.append(str(pathlib.Path(__file__).parent))
import llama

LENGTHS = [5, 1, 12, 8]
PADDING = 3


def check(folder):
    model, report = transformers.AutoModelForSequenceClassification.from_pretrained(folder, dtype="auto", output_loading_info=True)
    if any(report.values()):
        sys.exit(f"{folder} does not fit its config.json: {report}")
    for line in sys.stdin:
        with torch.no_grad():
            print(repr(model.eval()(torch.tensor([json.loads(line)])).logits.item()))


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--check":
        return check(sys.argv[2])
    llama.check_versions()
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) == 2 else pathlib.Path(__file__).parent / "reward_model"
    config = transformers.LlamaConfig(vocab_size=40, hidden_size=16, intermediate_size=24, num_attention_heads=2, num_key_value_heads=1,
                                      num_hidden_layers=2, max_position_embeddings=32, tie_word_embeddings=False, num_labels=1, pad_token_id=PADDING,
                                      rope_parameters=llama.PLAIN)
    draws = torch.Generator().manual_seed(1)
    model = transformers.LlamaForSequenceClassification(config).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=draws) * 0.3 + (p.dim() == 1))
    model.save_pretrained(folder)
    # In the middle of a series padding is a token like others.
    series = [torch.randint(4, config.vocab_size, (n,), generator=draws) for n in LENGTHS]
    series[2][4] = PADDING
    batch = torch.nn.utils.rnn.pad_sequence(series, batch_first=True, padding_value=PADDING)
    with torch.no_grad():
        single = model(batch).logits[:, 0]
        scores = llama.in_float64(model, "Llama")(batch).logits[:, 0]
    torch.testing.assert_close(single.double(), scores, rtol=0, atol=1e-5)
    numbers = {}
    for n, (ids, score) in enumerate(zip(series, scores)):
        numbers |= {f"ids.{n}": ids.double(), f"score.{n}": score.clone()}
    safetensors.torch.save_file(numbers, folder / "expected.safetensors")
    for file in folder.glob("*.safetensors"):
        file.chmod(0o644)  # they are made for their owner only


main()
