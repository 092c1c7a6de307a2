"""Records the loss and the gradient of sb3-contrib's RecurrentPPO on a rollout, for the tests of Cohort's recurrent policies.

    python3 -m venv build/recurrent_ppo
    build/recurrent_ppo/bin/pip install sb3-contrib==2.9.2 stable-baselines3==2.9.2 gymnasium==1.4.0 torch==2.15.0 numpy==2.4.6
    build/recurrent_ppo/bin/python tests/golden/recurrent_ppo.py

It writes preset/recurrent_ppo.txt beside itself, or into the folder given as its argument: lines of `name number number ...`, arrays row by row.

Actor and critic are 3 -> LSTM of 4 -> 5 tanh -> outputs, apart; the rollout is 9 steps of 3 lanes, rows t * 3 + n, in some of which an episode starts, from
states (h, c) before the first. Advantages are normalized; parameters and gradient are in the order and form of Cohort's arrays.

    parameters, observation, action, starts, actor_before, critic_before, value, old_logp, advantage, target
    policy_loss, value_loss, entropy, gradient     of one step over the whole batch by PPO's defaults, with ent_coef .01
"""

import pathlib
import sys
import unittest.mock
import warnings

import gymnasium
import numpy
import torch
from common import check_versions, float64, write
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import DummyVecEnv

NEEDED = {"sb3-contrib": "2.9.2", "stable-baselines3": "2.9.2", "gymnasium": "1.4.0", "torch": "2.15.0", "numpy": "2.4.6"}
T, N, D, H, HIDDEN, ACTIONS = 9, 3, 3, 4, 5, 3


class Place(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-10, 10, (D,), numpy.float64)
    action_space = gymnasium.spaces.Discrete(ACTIONS)


def parts(policy):
    """Arrays in Cohort's order: a function of (array's name in the module, gradient or value) each."""
    for lstm, mlp, head in [(policy.lstm_actor, policy.mlp_extractor.policy_net[0], policy.action_net),
                            (policy.lstm_critic, policy.mlp_extractor.value_net[0], policy.value_net)]:
        yield lambda of, m=lstm: of(m.weight_ih_l0).T
        yield lambda of, m=lstm: of(m.bias_ih_l0, m.bias_hh_l0)
        yield lambda of, m=lstm: of(m.weight_hh_l0).T
        for m in (mlp, head):
            yield lambda of, m=m: of(m.weight).T
            yield lambda of, m=m: of(m.bias)


def flat(policy, of):
    return numpy.concatenate([p(of).detach().numpy().ravel() for p in parts(policy)])


def main():
    check_versions(NEEDED)
    warnings.filterwarnings("ignore")
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    draws = numpy.random.default_rng(5)
    with float64():
        made = RecurrentPPO("MlpLstmPolicy", DummyVecEnv([Place] * N), n_steps=T, batch_size=T * N, n_epochs=1, ent_coef=0.01, max_grad_norm=1e9, seed=0,
                            device="cpu", policy_kwargs={"lstm_hidden_size": H, "net_arch": {"pi": [HIDDEN], "vf": [HIDDEN]}})
        policy = made.policy.double()
        made.set_logger(Logger(None, []))
        with torch.no_grad():
            for p in policy.parameters():
                p.copy_(torch.tensor(draws.normal(0, 0.5, tuple(p.shape))))
        buffer = made.rollout_buffer
        starts = draws.random((T, N)) < 0.25
        states = draws.normal(0, 0.7, (4, N, H))
        rows = {"observation": draws.normal(0, 1, (T, N, D)), "action": draws.integers(0, ACTIONS, (T, N)), "starts": starts, "value": draws.normal(0, 1, (T, N)),
                "old_logp": draws.normal(-1.1, 0.2, (T, N)), "advantage": draws.normal(0, 1, (T, N)), "target": draws.normal(0, 1, (T, N))}
        buffer.observations[:], buffer.actions[:, :, 0], buffer.values[:] = rows["observation"], rows["action"], rows["value"]
        buffer.log_probs[:], buffer.advantages[:], buffer.returns[:], buffer.episode_starts[:] = rows["old_logp"], rows["advantage"], rows["target"], starts
        for name, state in zip(["hidden_states_pi", "cell_states_pi", "hidden_states_vf", "cell_states_vf"], states):
            getattr(buffer, name)[0, 0] = state
        buffer.full = True
        rows["actor_before"], rows["critic_before"] = numpy.concatenate(states[:2], axis=1), numpy.concatenate(states[2:], axis=1)
        rows["parameters"] = flat(policy, lambda *p: sum(p))
        taken = {}
        with unittest.mock.patch.object(numpy.random, "randint", return_value=0), \
             unittest.mock.patch.object(policy.optimizer, "step", side_effect=lambda: taken.update(gradient=flat(policy, lambda *p: p[0].grad))):
            made.train()
        logged = made.logger.name_to_value
        rows |= {"policy_loss": [logged["train/policy_gradient_loss"]], "value_loss": [logged["train/value_loss"]], "entropy": [-logged["train/entropy_loss"]], **taken}
        write(folder / "preset/recurrent_ppo.txt", f"recorded by recurrent_ppo.py with {NEEDED}", rows)


if __name__ == "__main__":
    main()
