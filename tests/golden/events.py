"""Records the bytes of TensorBoard's own writer.

    python3 -m venv build/events
    build/events/bin/pip install tensorboard==2.21.0
    build/events/bin/python tests/golden/events.py

It writes hook/events.txt beside itself, or into the folder given as its argument: lines of `name byte byte ...`.

    record/nothing, record/text      the records of no bytes and of "brain.Event:2"
    file                             the events of tests/hook/tensorboard_log.cpp: at 1.5e9 seconds the version, then the scalars at two steps
"""

import importlib.metadata
import io
import pathlib
import sys

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

NEEDED = "2.21.0"
NAMES = """time/total_timesteps time/iterations time/episodes time/time_elapsed time/fps time/collect time/estimate time/learn rollout/ep_rew_mean train/loss
train/entropy_loss train/approx_kl train/reference_kl train/kl_weight train/clip_fraction clip_ratio/low_mean clip_ratio/high_mean ratio/mean ratio/min ratio/max
train/effective_sample_size train/grad_norm train/optimizer_steps train/skipped_steps mine""".split()
DEFAULTS = {"ratio/mean": 1, "ratio/min": 1, "ratio/max": 1, "train/effective_sample_size": 1, "train/entropy_loss": -0.5, "train/loss": 0.1}


def records(*all_data):
    file = io.BytesIO()
    writer = RecordWriter(file)
    for data in all_data:
        writer.write(data)
    return list(file.getvalue())


def update(steps, number, values):
    values = {**DEFAULTS, "time/total_timesteps": steps, "time/iterations": number, "mine": number, **values}
    scalars = [Summary.Value(tag=name, simple_value=values.get(name, 0)) for name in NAMES]
    return Event(wall_time=1.5e9, step=steps, summary=Summary(value=scalars)).SerializeToString()


if __name__ == "__main__":
    if importlib.metadata.version("tensorboard") != NEEDED:
        sys.exit(f"this file is recorded with tensorboard {NEEDED}")
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    rows = {"record/nothing": records(b""), "record/text": records(b"brain.Event:2"),
            "file": records(Event(wall_time=1.5e9, file_version="brain.Event:2").SerializeToString(), update(300, 1, {"rollout/ep_rew_mean": -3}),
                            update(70000, 2, {"rollout/ep_rew_mean": 1.5}))}
    (folder / "hook").mkdir(exist_ok=True)
    with open(folder / "hook/events.txt", "w") as file:
        file.write(f"# recorded by events.py with tensorboard {NEEDED}\n")
        for name, data in rows.items():
            file.write(" ".join([name] + [str(byte) for byte in data]) + "\n")
