"""What the scripts share that run a library's own functions: versions, text files, float64, packages without their heavy dependencies, padding."""

import ast
import contextlib
import importlib.metadata
import importlib.util
import sys
import types
import unittest.mock

import numpy
import torch


def check_versions(needed):
    found = {name: importlib.metadata.version(name).split("+")[0] for name in needed}
    if found != needed:
        sys.exit(f"these files are recorded with {needed}, and here are {found}")


def write(path, about, rows):
    """Lines of `name number number ...`, each number the shortest decimal that reads back as the same float64."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        file.write(f"# {about}\n")
        for name, values in rows.items():
            values = values.detach().numpy() if isinstance(values, torch.Tensor) else values
            file.write(" ".join([name] + [repr(float(x)) for x in numpy.ravel(values)]) + "\n")


@contextlib.contextmanager
def float64():
    """Where a library names float32 or lets a dtype be chosen, it gets float64, so that what it computes can be compared to 1e-10."""
    with contextlib.ExitStack() as stack:
        stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        torch.set_default_dtype(torch.float64)
        stack.enter_context(unittest.mock.patch.object(torch, "float32", torch.float64))
        stack.enter_context(unittest.mock.patch.object(numpy, "float32", numpy.float64))
        stack.enter_context(unittest.mock.patch.object(torch.Tensor, "float", torch.Tensor.double))
        yield


def leave_out(*names):
    """Modules that a library imports and that the functions recorded here never call."""
    for name in names:
        module = unittest.mock.MagicMock(name=name)
        module.__path__, module.__spec__ = [], importlib.util.spec_from_loader(name, None)
        sys.modules[name] = module


def bare_package(name, **contents):
    """A package whose modules can be imported, without its own __init__.py, which would import everything else."""
    parent, _, last = name.rpartition(".")
    if parent:
        path = [f"{folder}/{last}" for folder in sys.modules[parent].__path__]
    else:
        path = list(importlib.util.find_spec(name).submodule_search_locations)
    module = types.ModuleType(name)
    module.__path__ = path
    vars(module).update(contents)
    sys.modules[name] = module
    if parent:
        setattr(sys.modules[parent], last, module)
    return module


def function(path, name, **room):
    """A function of a file by itself, without the file's imports; `room` has what it calls."""
    found = [x for x in ast.parse(path.read_text()).body if isinstance(x, ast.FunctionDef) and x.name == name]
    for x in ast.walk(found[0]):
        if isinstance(x, ast.arg):
            x.annotation = None
    exec(compile(ast.Module(found, []), str(path), "exec"), room)
    return room[name]


class packing:
    """Packed series, step t of series n at offsets[n] + t, against rows that are padded at their end to the longest."""

    def __init__(self, lengths):
        self.lengths = numpy.asarray(lengths)
        self.offsets = numpy.concatenate([[0], numpy.cumsum(self.lengths)])
        self.own = torch.arange(int(self.lengths.max())) < torch.tensor(self.lengths)[:, None]

    def pad(self, packed, padding=0.0):
        padded = torch.full(self.own.shape, padding, dtype=torch.float64)
        padded[self.own] = torch.tensor(numpy.asarray(packed, dtype=numpy.float64))
        return padded

    def pack(self, padded):
        return padded.expand(self.own.shape)[self.own].numpy()
