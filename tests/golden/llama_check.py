"""Loads a folder that Cohort wrote with Hugging Face's transformers and compares its logits with Cohort's.

    build/transformers/bin/python tests/golden/llama_check.py FOLDER LINES [TOLERANCE]

LINES is a file with a line {"ids": [...], "logits": [[...], ...]} for each sequence, a row of logits for each of its tokens. TOLERANCE, 1e-4 if not
given, is the largest difference of two logits. Ends with exit status 1, and says where, if one is larger or if transformers misses anything in the folder.
The environment is that of llama.py; transformers 4.57 reads these folders too.
"""

import json
import sys

import torch
import transformers


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    tolerance = float(sys.argv[3]) if len(sys.argv) == 4 else 1e-4
    model, report = transformers.AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype="auto", output_loading_info=True)
    if any(report.values()):
        sys.exit(f"{sys.argv[1]} does not fit its config.json: {report}")
    model.eval()
    compared, worst = 0, 0.0
    with open(sys.argv[2]) as lines:
        for number, line in enumerate(lines, 1):
            given = json.loads(line)
            ours = torch.tensor(given["logits"], dtype=torch.float64)
            with torch.no_grad():
                theirs = model(torch.tensor([given["ids"]])).logits[0].double()
            if ours.shape != theirs.shape:
                sys.exit(f"line {number}: the logits are {tuple(ours.shape)}, expected {tuple(theirs.shape)}")
            difference = (ours - theirs).abs().max().item()
            if not difference <= tolerance:  # a NaN is no agreement
                sys.exit(f"line {number}: the logits differ by up to {difference}, and {tolerance} is allowed")
            compared, worst = compared + ours.numel(), max(worst, difference)
    if not compared:
        sys.exit(f"{sys.argv[2]} has no lines")
    print(f"{compared} logits in {model.dtype}, the largest difference {worst:.3g}")


main()
