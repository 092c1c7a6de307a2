"""The programs in backends/python/README.md run."""

import pathlib
import re


def test_the_programs_run(capsys):
    page = pathlib.Path(__file__).parents[2] / "backends/python/README.md"
    for program in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        exec(program, {})
    said = capsys.readouterr().out
    assert "(1024, 4) 1024.0" in said
    assert "clipped_ratio: -min(r A" in said and "advantage 64 (R - mean) / (std + 1e-4)" in said
