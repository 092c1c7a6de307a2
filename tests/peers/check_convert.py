"""examples/convert on the recorded policies: the files that the tests of load_onnx read, sound, and what they compute is what
Stable-Baselines3 and torch computed to 1e-6. And what it refuses.

    python check_convert.py FOLDER
"""

import io
import os
import pathlib
import pickle
import subprocess
import sys
import zipfile

import numpy
import onnx
import onnxruntime

root = pathlib.Path(__file__).parents[2]
golden, folder = root / "tests/golden/onnx", pathlib.Path(sys.argv[1])
recorded = {}
for line in (golden / "expected.txt").read_text().splitlines()[1:]:
    name, *numbers = line.split()
    recorded[name] = numpy.array(numbers, dtype=numpy.float64)


def convert(source, *options):
    made = folder / (source.stem + ".onnx")
    made.unlink(missing_ok=True)
    done = subprocess.run([sys.executable, root / "examples/convert/policy_to_onnx.py", source, made, *options], capture_output=True, text=True)
    return made, done


sources = sorted([*golden.glob("*.zip"), *golden.glob("*.pth")])
assert len(sources) == 5, sources
for source in sources:
    made, done = convert(source)
    assert done.returncode == 0, done.stderr
    assert made.read_bytes() == (golden / made.name).read_bytes(), f"{made.name} is not what is recorded"
    onnx.checker.check_model(onnx.load(made), full_check=True)
    session = onnxruntime.InferenceSession(made)
    seen = recorded[source.stem + "/observation"].reshape(-1, session.get_inputs()[0].shape[1])
    for output, found in zip(session.get_outputs(), session.run(None, {"observation": seen.astype(numpy.float32)})):
        expected = recorded[f"{source.stem}/{output.name if output.name in ('value', 'log_std') else 'output'}"]
        error = numpy.abs(found.ravel() - expected).max()
        print(f"{source.name:22} {output.name:8} off by {error:.1e}")
        assert error <= 1e-6
    if f"{source.stem}/log_std" in recorded:
        assert "log_std" in [x.name for x in session.get_outputs()]


class Attack:
    def __reduce__(self):
        return os.system, ("touch " + str(folder / "attacked"),)


def refused(content, expected, *options):
    source = folder / "odd.zip"
    source.write_bytes(content)
    made, done = convert(source, *options)
    assert done.returncode == 1 and expected in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not made.exists()


def archive(**entries):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as file:
        for name, content in entries.items():
            file.writestr(name.replace("__", "/").replace("_pkl", ".pkl"), content)
    return whole.getvalue()


refused(b"no zip", "not a zip file")
refused(archive(x=b""), "no file of torch.save")
refused(archive(x__data_pkl=pickle.dumps(Attack())), "holds a posix.system, expected tensors")
assert not (folder / "attacked").exists()
refused(archive(x__data_pkl=pickle.dumps({"conv.weight": 1})), "no state dict")
refused(archive(x__data_pkl=pickle.dumps({})), "it has no actor")
refused((golden / "sb3_box.zip").read_bytes()[:-40], "the zip is damaged")
refused(archive(x__data_pkl=b"cut"), "odd.zip")
