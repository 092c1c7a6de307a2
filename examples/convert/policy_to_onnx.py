"""A policy that Stable-Baselines3 or CleanRL trained, as an ONNX file that load_onnx reads. Needs numpy alone.

    python policy_to_onnx.py ppo_cart_pole.zip cart_pole.onnx           model.save() of PPO or A2C with MlpPolicy
    python policy_to_onnx.py ppo.cleanrl_model cart_pole.onnx           torch.save(agent.state_dict()) of CleanRL's ppo.py,
                                                                        ppo_continuous_action.py, and those made like them
    python policy_to_onnx.py policy.pth cart_pole.onnx --activation relu

Outputs are "logits" or "mean", "value", and "log_std" where the policy has it. A state dict does not say its activation: tanh
unless --activation says another; a zip of Stable-Baselines3 does. Statistics of VecNormalize are in a file of their own and
not in the policy: load_onnx folds them into the first layer if you put them before it as Sub and Div.
"""

import argparse
import collections
import io
import json
import math
import pickle
import re
import struct
import sys
import zipfile

import numpy

ELEMENTS = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8"}


class Refused(Exception):
    pass


class TensorReader(pickle.Unpickler):
    """The tensors that torch.save writes, and nothing else: no other name is looked up, so no code of the file's runs."""

    def __init__(self, archive, folder):
        super().__init__(io.BytesIO(archive.read(folder + "data.pkl")))
        self.archive, self.folder = archive, folder

    def find_class(self, module, name):
        known = {"_rebuild_tensor_v2": self.tensor, "_rebuild_parameter": lambda data, *_: data, "OrderedDict": collections.OrderedDict}
        if name in known and module in ("torch._utils", "collections"):
            return known[name]
        if name in ELEMENTS and module == "torch":
            return numpy.dtype(ELEMENTS[name])
        raise Refused(f"the state dict holds a {module}.{name}, expected tensors of {', '.join(ELEMENTS)}")

    def persistent_load(self, key):
        _, dtype, name, _, _ = key
        return numpy.frombuffer(self.archive.read(f"{self.folder}data/{name}"), dtype)

    @staticmethod
    def tensor(storage, offset, size, stride, *_):
        last = offset + sum((n - 1) * s for n, s in zip(size, stride))
        if math.prod(size) and not 0 <= offset <= last < len(storage):
            raise Refused(f"a tensor reaches to element {last} of a storage of {len(storage)}")
        return numpy.lib.stride_tricks.as_strided(storage[offset:], size, [s * storage.itemsize for s in stride]).astype(numpy.float32)


def state_dict(archive):
    pickles = [name for name in archive.namelist() if name.endswith("data.pkl")]
    if len(pickles) != 1:
        raise Refused("this is no file of torch.save (since PyTorch 1.6)")
    folder = pickles[0].removesuffix("data.pkl")
    if folder + "byteorder" in archive.namelist() and archive.read(folder + "byteorder") != b"little":
        raise Refused("the tensors are big-endian, expected little-endian")
    state = TensorReader(archive, folder).load()
    if not isinstance(state, dict) or not all(isinstance(x, numpy.ndarray) for x in state.values()):
        raise Refused("this is no state dict; save one with torch.save(model.state_dict(), file)")
    return dict(state)


def of_stable_baselines3(archive):
    """The state dict, the activation, and the distribution that data says."""
    said = json.loads(archive.read("data"))
    options = said.get("policy_kwargs", {})
    function = re.search(r"(\w+)'>", str(options.get("activation_fn", "'Tanh'>"))).group(1)
    if function not in ("Tanh", "ReLU"):
        raise Refused(f"the activation is {function}, expected Tanh or ReLU")
    if options.get("squash_output"):
        raise Refused("squash_output has no counterpart")
    space = re.search(r"(\w+)'>", said["action_space"][":type:"]).group(1)
    box = "gsde" if said.get("use_sde") else "diagonal_gaussian"
    distribution = {"Discrete": "categorical", "MultiDiscrete": "multi_categorical", "MultiBinary": "bernoulli", "Box": box}[space]
    return state_dict(zipfile.ZipFile(io.BytesIO(archive.read("policy.pth")))), function.lower(), distribution


def take_layers(state, hidden, last):
    """Pairs of weight and bias: hidden.0, hidden.2, ..., and last, which is taken out of `state` too."""
    numbers = sorted(int(m.group(1)) for m in (re.fullmatch(re.escape(hidden) + r"\.(\d+)\.weight", key) for key in state) if m)
    names = [f"{hidden}.{k}" for k in numbers] + ([last] if last else [])
    layers = [(state.pop(name + ".weight"), state.pop(name + ".bias")) for name in names]
    for (_, bias), (weight, _) in zip(layers, layers[1:]):
        if weight.shape[1:] != bias.shape:
            raise Refused(f"a layer of {hidden} reads {weight.shape[1:]} numbers, and the one before it gives {bias.shape}")
    return layers


def network(state):
    """Layers of the actor and of the critic, and log_std or None."""
    state = dict(state)
    if "action_net.weight" in state:
        actor, critic = (take_layers(state, f"mlp_extractor.{part}_net", last) for part, last in (("policy", "action_net"), ("value", "value_net")))
        log_std = state.pop("log_std", None)
    else:
        log_std = state.pop("actor_logstd", None)
        actor = take_layers(state, "actor" if log_std is None else "actor_mean", None)
        critic = take_layers(state, "critic", None)
        log_std = log_std if log_std is None else log_std[0]
    if not actor or state:
        odd = f"it has {', '.join(list(state)[:3])}" if state else "it has no actor"
        raise Refused(f"this is no actor-critic of full layers as Stable-Baselines3's PPO and A2C or CleanRL's ppo.py have it: {odd}")
    return actor, critic, log_std


def variable(x):
    """An integer of protobuf: seven bits a byte, the lowest first."""
    parts = []
    while x > 127:
        parts.append(x & 127 | 128)
        x >>= 7
    return bytes(parts + [x])


def number(field, x):
    return variable(field << 3) + variable(x)


def text(field, *parts):
    """A field that is bytes: a message of fields, or a text."""
    whole = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return variable(field << 3 | 2) + variable(len(whole)) + whole


def tensor(name, values):
    return text(5, *(number(1, n) for n in values.shape), number(2, 1), text(8, name), text(9, values.astype("<f4").tobytes()))


def node(op, inputs, output, **attributes):
    fields = [text(5, text(1, key), number(3, x), number(20, 2)) for key, x in attributes.items()]
    return text(1, *(text(1, x) for x in inputs), text(2, output), text(3, f"{op} {output}"), text(4, op), *fields)


def value(field, name, shape):
    extents = [text(1, text(2, n) if isinstance(n, str) else number(1, n)) for n in shape]
    return text(field, text(1, name), text(2, text(1, number(1, 1), text(2, *extents))))


def onnx(actor, critic, log_std, activation, distribution):
    graph = []

    def layers(part, all_layers, output):
        seen = "observation"
        for k, (weight, bias) in enumerate(all_layers):
            made = output if k + 1 == len(all_layers) else f"{part}.{k}"
            graph.extend([tensor(f"{part}.{k}.weight", weight), tensor(f"{part}.{k}.bias", bias)])
            graph.append(node("Gemm", [seen, f"{part}.{k}.weight", f"{part}.{k}.bias"], made, transB=1))
            if made != output:
                graph.append(node({"tanh": "Tanh", "relu": "Relu"}[activation], [made], seen := f"{made}.{activation}"))
        graph.append(value(12, output, ["N", len(all_layers[-1][1])]))

    graph.append(value(11, "observation", ["N", actor[0][0].shape[1]]))
    layers("actor", actor, "logits" if log_std is None else "mean")
    if critic:
        layers("critic", critic, "value")
    if log_std is not None:
        graph.extend([tensor("log_std_value", log_std), node("Identity", ["log_std_value"], "log_std"), value(12, "log_std", log_std.shape)])
    said = {"distribution": distribution} if distribution else {}
    about = [text(14, text(1, key), text(2, x)) for key, x in said.items()]
    return b"".join([number(1, 6), text(2, "policy_to_onnx"), text(8, text(1, ""), number(2, 11)), *about, text(7, *graph, text(2, "policy"))])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("source")
    arguments.add_argument("target")
    arguments.add_argument("--activation", choices=["tanh", "relu"])
    given = arguments.parse_args()
    try:
        with zipfile.ZipFile(given.source) as archive:
            if min((x.header_offset for x in archive.infolist()), default=1) > 0:  # the one in a zip that is cut off, say
                raise Refused("the zip is damaged: it does not begin with its first entry")
            if "policy.pth" in archive.namelist():
                state, activation, distribution = of_stable_baselines3(archive)
            else:
                state, activation, distribution = state_dict(archive), "tanh", None
        model = onnx(*network(state), given.activation or activation, distribution)
    except (Refused, zipfile.BadZipFile, OSError, KeyError, ValueError, pickle.UnpicklingError) as error:
        sys.exit(f"policy_to_onnx: {given.source}: {error or type(error).__name__}")
    with open(given.target, "wb") as file:
        file.write(model)


if __name__ == "__main__":
    main()
