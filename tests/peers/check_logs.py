"""Reads what write_logs.cpp wrote, as its readers do: TensorBoard the events, Python's json and csv the other two. All three say the same."""

import csv
import json
import pathlib
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

UPDATES, STEPS = 40, 256
MINE = 'mine/"quoted", ü\tand odd'


def no_constant(name):
    raise ValueError(f"{name} is no JSON")


def float32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


def main(folder):
    lines = (folder / "run.jsonl").read_text("utf-8").split("\n")
    assert lines.pop() == ""
    rows = [json.loads(line, parse_constant=no_constant) for line in lines]
    assert len(rows) == UPDATES
    assert all(list(row) == list(rows[0]) for row in rows)
    assert [row["time/total_timesteps"] for row in rows] == [STEPS * (k + 1) for k in range(UPDATES)]
    assert all(row["mine/never"] is None and row[MINE] == row["rollout/ep_rew_mean"] * 1e-7 for row in rows[5:])
    assert rows[0]["train/learning_rate"] == 1e-3 and rows[-1]["train/learning_rate"] < 1e-4
    assert all(row["ratio/min"] < row["ratio/mean"] < row["ratio/max"] for row in rows)

    with open(folder / "run.csv", newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert [list(row) for row in table] == [list(row) for row in rows]
    for row, of_json in zip(table, rows):
        for name, text in row.items():
            assert text == "nan" if of_json[name] is None else float(text) == of_json[name], (name, text)

    events = EventAccumulator(str(folder / "events"), size_guidance={"scalars": 0})
    events.Reload()
    found = {name: {e.step: e.value for e in events.Scalars(name)} for name in events.Tags()["scalars"]}
    assert len(found) == len(rows[0]) - 1 and "mine/never" not in found
    for name, scalars in found.items():
        expected = {row["time/total_timesteps"]: float32(row[name]) for row in rows if row[name] is not None}
        assert scalars == expected, name
    print(f"{len(found)} scalars of {UPDATES} updates read back alike from events, JSON lines and CSV")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
