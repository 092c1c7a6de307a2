"""The program in backends/python/README.md runs."""

import pathlib
import re


def test_the_program_runs(capsys):
    page = pathlib.Path(__file__).parents[2] / "backends/python/README.md"
    (program,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    exec(program, {})
    said = capsys.readouterr().out
    assert "clipped_ratio: -min(r A" in said and "advantage 64 (R - mean) / (std + 1e-4)" in said
