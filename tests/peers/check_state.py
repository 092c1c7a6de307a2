"""A run's file, read by the package safetensors: the parameters, their names and places, and what the file says."""
import json
import sys

import numpy as np
from safetensors import safe_open

folder = sys.argv[1]
lines = open(folder + "/expected.txt").read().split()
updates, count = int(lines[0]), int(lines[1])
expected = np.array(lines[2:], np.float32)

with safe_open(folder + "/run.cohort", "np") as file:
    about = json.loads(file.metadata()["cohort"])
    parameters = file.get_tensor("parameters")
    names = set(file.keys())
assert parameters.dtype == np.float32 and parameters.shape == (count,), parameters
assert np.array_equal(parameters, expected)
assert about["kind"] == "run" and about["updates"] == updates, about
assert about["policy"]["kind"] == "actor_critic" and about["policy"]["network"]["hidden"] == [8, 4]
assert {"learner/optimizer/m", "learner/optimizer/v", "collector/environment/states/numbers"} <= names, names
covered = np.zeros(count, int)
for offset, rows, columns in about["policy"]["arrays"].values():
    covered[offset : offset + rows * columns] += 1
assert (covered == 1).all()
print(len(names), "arrays,", count, "parameters")
