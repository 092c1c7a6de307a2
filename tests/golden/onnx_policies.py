"""Records policies of Stable-Baselines3 and CleanRL, and ONNX files of other writers, and what they compute.

    python3 -m venv build/onnx
    build/onnx/bin/pip install stable-baselines3==2.9.2 gymnasium==1.4.0 torch==2.15.0 numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 onnxscript==0.7.2
    build/onnx/bin/pip install --no-deps --ignore-requires-python cleanrl==1.2.0
    build/onnx/bin/python tests/golden/onnx_policies.py

It writes into onnx/ beside itself, or into the folder given as its argument:

    sb3_*.zip          what PPO.save writes, of which only policy.pth and the entries of `data` are kept that say what the policy is (the others hold paths of this machine)
    cleanrl_*.pth      what torch.save writes of the state dict of the Agent of CleanRL's ppo.py and ppo_continuous_action.py
    sb3_*.onnx, cleanrl_*.onnx   what examples/convert/policy_to_onnx.py makes of these
    torch.onnx         a Sequential by PyTorch's exporter; torch_of_sb3.onnx a whole policy of Stable-Baselines3 by its older one
    by_hand.onnx       of onnx.helper: Sub and Div, MatMul and Add in both orders, a transposed weight, a Constant, doubles, numbers that are not raw
    expected.txt       NAME/observation (rows one after another), NAME/output (logits or means), and where the file has them NAME/value and NAME/log_std: by the
                       libraries of their own policies, by onnxruntime of by_hand
"""

import ast
import importlib.metadata
import io
import json
import pathlib
import subprocess
import sys
import types
import zipfile

import gymnasium
import numpy
import onnx
import onnx.helper
import onnx.numpy_helper
import onnxruntime
import torch
from common import check_versions, write
from stable_baselines3 import PPO
from torch import nn

NEEDED = {"stable-baselines3": "2.9.2", "torch": "2.15.0", "numpy": "2.4.6", "onnx": "1.23.2", "onnxruntime": "1.32.0", "cleanrl": "1.2.0"}
ROWS = 16
CONVERTER = pathlib.Path(__file__).parents[2] / "examples/convert/policy_to_onnx.py"
draws = numpy.random.default_rng(20)


def observations(columns):
    return draws.uniform(-1, 1, (ROWS, columns)).astype(numpy.float32)


def stirred(module):
    """Numbers that are nowhere 0 or equal, as those of a trained network."""
    torch.manual_seed(20)
    with torch.no_grad():
        for p in module.parameters():
            p += 0.3 * torch.randn_like(p)
    return module.eval()


def kept(source, target):
    """Of a zip only what the converter reads, and no paths."""
    said = json.loads(source.read("data"))
    said = {key: said[key] for key in ("policy_kwargs", "use_sde", "action_space")}
    for entry in said.values():
        if isinstance(entry, dict):
            entry.pop(":serialized:", None)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("data", json.dumps(said)), ("policy.pth", source.read("policy.pth"))):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)


def stable_baselines3(folder, name, environment, rows, **options):
    model = PPO("MlpPolicy", environment, device="cpu", **options)
    policy = stirred(model.policy)
    whole = io.BytesIO()
    model.save(whole)
    kept(zipfile.ZipFile(whole), folder / f"{name}.zip")
    seen = observations(model.observation_space.shape[0])
    with torch.no_grad():
        x = torch.tensor(seen)
        output = policy.action_net(policy.mlp_extractor.forward_actor(policy.extract_features(x)))
        said = policy.get_distribution(x)
        if hasattr(said.distribution, "logits"):  # normalized there
            assert torch.allclose(torch.log_softmax(output, 1), said.distribution.logits, atol=1e-6)
        else:
            assert torch.equal(output, said.mode())
        rows |= {f"{name}/observation": seen, f"{name}/output": output, f"{name}/value": policy.predict_values(x)}
        if hasattr(policy, "log_std"):
            rows[f"{name}/log_std"] = policy.log_std
    return policy


def agent_of(script, environment):
    """CleanRL's Agent, of 8 units where it has 64; the script itself is not run."""
    path = next(f.locate() for f in importlib.metadata.files("cleanrl") if str(f) == f"cleanrl/{script}")
    parts = [x for x in ast.parse(path.read_text()).body if getattr(x, "name", "") in ("layer_init", "Agent")]
    for part in parts:
        for x in ast.walk(part):
            if isinstance(x, ast.Constant) and x.value == 64:
                x.value = 8
    room = {"nn": nn, "np": numpy, "torch": torch, "Normal": torch.distributions.Normal, "Categorical": torch.distributions.Categorical}
    exec(compile(ast.Module(parts, []), script, "exec"), room)
    env = gymnasium.make(environment)
    return room["Agent"](types.SimpleNamespace(single_observation_space=env.observation_space, single_action_space=env.action_space))


def cleanrl(folder, name, agent, rows):
    torch.save(stirred(agent).state_dict(), folder / f"{name}.pth")
    actor = agent.actor if hasattr(agent, "actor") else agent.actor_mean
    seen = observations(actor[0].in_features)
    with torch.no_grad():
        rows |= {f"{name}/observation": seen, f"{name}/output": actor(torch.tensor(seen)), f"{name}/value": agent.get_value(torch.tensor(seen))}
    if hasattr(agent, "actor_logstd"):
        rows[f"{name}/log_std"] = agent.actor_logstd


def exported(folder, rows, policy):
    net = stirred(nn.Sequential(nn.Flatten(), nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 2)))
    seen = observations(4)
    torch.onnx.export(net, (torch.zeros(3, 4),), folder / "torch.onnx", dynamo=True, external_data=False, dynamic_shapes=({0: torch.export.Dim("N")},))
    model = onnx.load(folder / "torch.onnx")
    for n in model.graph.node:
        del n.metadata_props[:]  # where in which file of this machine it comes from
    del model.metadata_props[:], model.graph.metadata_props[:], model.functions[:]
    for x in [*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        del x.metadata_props[:]
    onnx.save(model, folder / "torch.onnx")
    rows |= {"torch/observation": seen, "torch/output": net(torch.tensor(seen))}

    class whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.policy = policy

        def forward(self, observation):
            return self.policy(observation, deterministic=True)

    torch.onnx.export(whole(), (torch.zeros(1, 4),), folder / "torch_of_sb3.onnx", dynamo=False, opset_version=17, input_names=["observation"], output_names=["action", "value", "log_prob"])


def by_hand(folder, rows):
    def number(name, *shape, dtype=numpy.float32):
        return onnx.numpy_helper.from_array(draws.normal(0, 0.7, shape).astype(dtype), name)

    def apart(t):
        """With float_data in the place of raw_data."""
        return onnx.helper.make_tensor(t.name, t.data_type, t.dims, onnx.numpy_helper.to_array(t).ravel().tolist())

    node = onnx.helper.make_node
    nodes = [
        node("Sub", ["observation", "mean"], ["centered"]),
        node("Div", ["centered", "deviation"], ["scaled"]),
        node("Mul", ["two", "scaled"], ["doubled"]),
        node("MatMul", ["doubled", "w0"], ["p0"]),
        node("Add", ["p0", "b0"], ["l0"]),
        node("Tanh", ["l0"], ["h0"]),
        node("Transpose", ["w1"], ["w1t"], perm=[1, 0]),
        node("MatMul", ["h0", "w1t"], ["p1"]),
        node("Constant", [], ["b1"], value=number("", 1, 5)),
        node("Add", ["b1", "p1"], ["l1"]),
        node("Tanh", ["l1"], ["h1"]),
        node("Gemm", ["h1", "w2", "b2"], ["logits"], alpha=0.5, beta=-2.0),
    ]
    tensors = [number("mean", 4), number("deviation", 1, 4), number("two"), apart(number("w0", 4, 6)), number("b0", 6), number("w1", 5, 6), number("w2", 5, 2), number("b2", 2)]
    value = lambda name, columns: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["N", columns])
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, "by_hand", [value("observation", 4)], [value("logits", 2)], tensors), ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 13)])
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, folder / "by_hand.onnx")
    seen = observations(4)
    rows |= {"by_hand/observation": seen, "by_hand/output": onnxruntime.InferenceSession(folder / "by_hand.onnx").run(None, {"observation": seen})[0]}


if __name__ == "__main__":
    check_versions(NEEDED)
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "onnx"
    folder.mkdir(parents=True, exist_ok=True)
    rows = {}
    torch.manual_seed(7)
    policy = stable_baselines3(folder, "sb3_discrete", "CartPole-v1", rows, policy_kwargs={"net_arch": [6, 5]})
    stable_baselines3(folder, "sb3_box", "Pendulum-v1", rows, policy_kwargs={"net_arch": [8], "activation_fn": nn.ReLU})
    stable_baselines3(folder, "sb3_gsde", "Pendulum-v1", rows, use_sde=True, policy_kwargs={"net_arch": [6, 4]})
    cleanrl(folder, "cleanrl_discrete", agent_of("ppo.py", "CartPole-v1"), rows)
    cleanrl(folder, "cleanrl_box", agent_of("ppo_continuous_action.py", "Pendulum-v1"), rows)
    for source in sorted([*folder.glob("*.zip"), *folder.glob("*.pth")]):
        subprocess.run([sys.executable, CONVERTER, source, source.with_suffix(".onnx")], check=True)
    exported(folder, rows, policy)
    by_hand(folder, rows)
    write(folder / "expected.txt", f"recorded by onnx_policies.py with {NEEDED}", rows)
