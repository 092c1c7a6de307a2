"""What write_onnx wrote, with the real packages: each file is sound, standard, and gives the policy's actions to 1e-6.

    python check_onnx.py FOLDER
"""

import pathlib
import sys

import numpy
import onnx
import onnxruntime

files = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
assert len(files) == 14, files


def mask_logits(logits, mask):
    """What onnxruntime's "masked_logits" have to be; of a bit there are two columns of the mask."""
    if logits.shape == mask.shape:
        return numpy.where(mask == 0, -numpy.inf, logits)
    may_be_0, may_be_1 = mask[:, ::2] != 0, mask[:, 1::2] != 0
    return numpy.where(may_be_1, numpy.where(may_be_0, logits, numpy.inf), -numpy.inf)


masked = 0
for file in files:
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    assert [(x.domain, x.version) for x in model.opset_import] == [("", 11)] and model.ir_version == 6
    said = {x.key: x.value for x in model.metadata_props}
    named = said.keys() - {"observation_names", "action_names"}  # which not every environment gives
    assert named == {"library", "distribution", "observations", "actions"}, said

    rows = [line.split("|") for line in file.with_suffix(".txt").read_text().splitlines()]
    seen, done = (numpy.array([row[k].split() for row in rows], dtype=numpy.float64) for k in (0, 1))
    assert len(numpy.unique(done)) > 1, "the policy always does the same, which shows nothing"
    session = onnxruntime.InferenceSession(file)
    names = [x.name for x in session.get_outputs()]
    given, column = {}, 0
    for x in session.get_inputs():
        given[x.name] = seen[:, column : column + x.shape[1]].astype(numpy.float32)
        column += x.shape[1]
    assert column == seen.shape[1], (file, given.keys())
    found = dict(zip(names, session.run(None, given)))
    for output in session.get_outputs():
        shape = [len(seen) if x == "N" else x for x in output.shape]
        assert list(found[output.name].shape) == shape, (file, output.name, shape)
    error = numpy.abs(found["action"].reshape(done.shape) - done).max()
    print(f"{file.stem:16} {said['distribution']:50} {', '.join(names):30} off by {error:.1e}")
    assert error <= 1e-6
    if "action_mask" in given:
        masked += 1
        assert not given["action_mask"].all(axis=1).all(), "nothing is forbidden, which shows nothing"
        assert (mask_logits(found["logits"], given["action_mask"]) == found["masked_logits"]).all(), file
assert masked == 3
