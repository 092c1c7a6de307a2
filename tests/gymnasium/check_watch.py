"""`cohort watch` on Gymnasium's environments, as a user calls it; Pillow reads what it wrote."""

import os
import pathlib
import subprocess
import sys

import numpy
from PIL import Image, ImageSequence


def run(program, *arguments, **more):
    return subprocess.run([program, *arguments], capture_output=True, text=True, env=os.environ | more)


def pictures(path):
    """Size, pictures, and for how many milliseconds each is seen."""
    with Image.open(path) as film:
        assert film.info["loop"] == 0
        frames = [(numpy.asarray(f.convert("RGB")), f.info["duration"]) for f in ImageSequence.Iterator(film)]
        return film.size, [f[0] for f in frames], [f[1] for f in frames]


def train(program, name, *more):
    quick = ["--updates", "1", "--update.epochs", "1", "--evaluation.every", "0", "--overwrite", "--quiet"]
    done = run(program, "train", "--environment", "gymnasium:" + name, "--out", "run", *quick, *more)
    assert done.returncode == 0, done.stderr


def refused(program, status, what, *arguments, **more):
    done = run(program, "watch", "run", "--out", "no.gif", *arguments, **more)
    assert done.returncode == status and done.stderr.count("\n") == 1 and what in done.stderr, done
    assert not pathlib.Path("no.gif").exists()


def main(program, folder):
    os.chdir(folder)
    train(program, "LunarLander-v3")
    done = run(program, "watch", "run", "--out", "lander.gif", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "" and done.stdout.count("\n") == 1, done
    steps = int(done.stdout.split()[1]) - 1
    size, frames, times = pictures("lander.gif")
    assert size == (600, 400) and 50 < len(frames) <= steps + 1  # where nothing moves one is seen longer
    assert sum(times) == 20 * (steps + 1) + 1000 and all(t % 20 == 0 for t in times)
    black, white, yellow, purple = (0, 0, 0), (255, 255, 255), (204, 204, 0), (128, 102, 230)
    for frame in frames:
        assert tuple(frame[200, 5]) == black and tuple(frame[395, 300]) == white
        assert (frame == yellow).all(-1).sum() > 100  # the flags, and of the lander what the window shows
    assert (frames[0] == purple).all(-1).sum() > 100
    assert all((a != b).any() for a, b in zip(frames, frames[1:]))

    train(program, "odd_environments:Painted-v0")  # 30 steps at 8 a second, in whole hundredths on the whole
    done = run(program, "watch", "run", "--out", "painted.gif", "--episodes", "2")
    assert done.stdout.startswith("painted.gif: 62 pictures of run"), done
    size, frames, times = pictures("painted.gif")
    assert size == (3, 2) and sum(times) == 62 * 125 + 1000
    steps = [int(f[1, 2, 2]) for f in frames]
    assert steps == 2 * list(range(31)) and all(tuple(f[1, 2, :2]) == (1, 2) for f in frames)
    done = run(program, "watch", "run", "--out", "painted.svg")  # its numbers
    assert done.returncode == 0 and "observation[1]" in pathlib.Path("painted.svg").read_text(), done
    train(program, "odd_environments:Painted-v0", "--with.how", "gray")
    refused(program, 1, "Painted-v0, step 0 of the episode of seed")

    train(program, "odd_environments:Walk-v0")
    refused(program, 1, 'odd_environments:Walk-v0: its render modes are [], expected "rgb_array" among them')
    here = pathlib.Path(__file__).parent
    refused(program, 2, "`import gymnasium` fails", PYTHONPATH=str(here / "missing"))


main(*sys.argv[1:])
