"""Records a GIF as Pillow writes it, and its pictures as Pillow reads them, for the reader that the tests read GIFs with.

    build/pillow/bin/python tests/golden/gif.py

with Pillow 13.0.0 and numpy 2.4.6. It writes picture/gif.txt beside itself, or into the folder given as an argument: the file's bytes, and of
each picture the gray of its pixels. The first is noise of 250 grays, more strings than a table of codes has; in the second a part changes.
"""

import importlib.metadata
import io
import pathlib
import sys

import numpy
from PIL import Image

NEEDED = {"pillow": "13.0.0", "numpy": "2.4.6"}
WIDTH, HEIGHT, DELAYS = 90, 60, [30, 70, 500]


def main(folder):
    found = {name: importlib.metadata.version(name) for name in NEEDED}
    if found != NEEDED:
        sys.exit(f"this file is recorded with {NEEDED}, and here are {found}")
    draws = numpy.random.default_rng(1)
    first = draws.integers(250, size=(HEIGHT, WIDTH), dtype=numpy.uint8)
    second, third = first.copy(), numpy.full_like(first, 7)
    second[20:31, 40:] = numpy.arange(50, dtype=numpy.uint8)
    file = io.BytesIO()
    pictures = [Image.fromarray(p) for p in (first, second, third)]
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:], duration=DELAYS, loop=0)
    read = Image.open(file)
    rows = {"size": read.size, "delays": [d // 10 for d in DELAYS], "bytes": file.getvalue()}
    for k in range(read.n_frames):
        read.seek(k)
        rows[f"gray{k}"] = numpy.asarray(read.convert("RGB"))[:, :, 0].ravel().tolist()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "gif.txt", "w") as out:
        out.write("# Pillow 13.0.0: a GIF of three pictures; tests/golden/gif.py\n")
        for name, values in rows.items():
            out.write(" ".join([name] + [str(int(x)) for x in values]) + "\n")


main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "picture"))
