"""The small Llama of language.cu in PyTorch: float32, tied, with a cache for generation and a step of GRPO."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional


@dataclass
class Shape:
    vocabulary: int
    hidden: int
    intermediate: int
    layers: int
    heads: int
    context: int


def attend(q, k, v, causal):
    if hasattr(functional, "scaled_dot_product_attention"):
        return functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if causal:
        scores = scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(1), float("-inf"))
    return scores.softmax(-1) @ v


class Norm(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(hidden))

    def forward(self, x):
        return self.weight * x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6)


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.heads = shape.heads
        self.before, self.between = Norm(shape.hidden), Norm(shape.hidden)
        self.q, self.k, self.v, self.out = (nn.Linear(shape.hidden, shape.hidden, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(shape.hidden, shape.intermediate, bias=False) for _ in range(2))
        self.down = nn.Linear(shape.intermediate, shape.hidden, bias=False)

    def forward(self, x, turn, cache):
        """cache: None, or the keys and values of the positions before, to which those of these are added."""
        batch, length, hidden = x.shape
        normed = self.before(x)
        q, k, v = (f(normed).view(batch, length, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v))
        q, k = turn(q), turn(k)
        causal = cache is None or not cache
        if cache is not None:
            if cache:
                k, v = torch.cat((cache[0], k), 2), torch.cat((cache[1], v), 2)
            cache[:] = [k, v]
        x = x + self.out(attend(q, k, v, causal).transpose(1, 2).reshape(batch, length, hidden))
        normed = self.between(x)
        return x + self.down(functional.silu(self.gate(normed)) * self.up(normed))


class Llama(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.embedding = nn.Embedding(shape.vocabulary, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.hidden)
        for weights in self.parameters():
            if weights.dim() > 1:
                nn.init.normal_(weights, std=0.02)
        half = shape.hidden // shape.heads // 2
        angles = torch.arange(shape.context)[:, None] * 10_000.0 ** (-torch.arange(half) / half)
        self.register_buffer("cosine", angles.cos())
        self.register_buffer("sine", angles.sin())

    def forward(self, ids, first=0, caches=None):
        cosine, sine = (t[first:first + ids.shape[1]] for t in (self.cosine, self.sine))

        def turn(x):
            low, high = x.chunk(2, -1)
            return torch.cat((low * cosine - high * sine, high * cosine + low * sine), -1)

        x = self.embedding(ids)
        for number, layer in enumerate(self.layers):
            x = layer(x, turn, caches[number] if caches else None)
        return self.norm(x) @ self.embedding.weight.T


class Work:
    """What is measured of it."""

    def __init__(self, shape, prompts, prompt, tokens, group, device):
        self.model, self.reference, self.shape = Llama(shape).to(device), Llama(shape).to(device), shape
        self.reference.load_state_dict(self.model.state_dict())
        how = {"fused": True} if device == "cuda" else {}
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-6, **how)
        self.tokens, self.group = tokens, group
        self.prompts = torch.randint(shape.vocabulary, (prompts, prompt), device=device)
        self.series = torch.randint(shape.vocabulary, (prompts, prompt + tokens + 1), device=device)

    @torch.no_grad()
    def generate(self, prompts=None):
        given = self.prompts if prompts is None else prompts
        caches, ids = [[] for _ in self.model.layers], given
        drawn, logps = [], []
        for t in range(self.tokens):
            logp = self.model(ids, 0 if t == 0 else given.shape[1] + t - 1, caches)[:, -1].log_softmax(-1)
            ids = torch.multinomial(logp.exp(), 1)
            drawn.append(ids)
            logps.append(logp.gather(-1, ids))
        return torch.cat(drawn, 1), torch.cat(logps, 1)

    def train(self):
        self.model.zero_grad(set_to_none=True)
        logits = self.model(self.series[:, :-1])
        functional.cross_entropy(logits.flatten(0, 1), self.series[:, 1:].flatten()).backward()

    def grpo(self):
        prompts = self.prompts[::self.group].repeat_interleave(self.group, 0)
        completions, old_logp = self.generate(prompts)
        score = -(20 - (completions == 7).sum(-1).float()).abs().reshape(-1, self.group)
        mean, deviation = score.mean(-1, keepdim=True), score.std(-1, keepdim=True)
        advantage = ((score - mean) / (deviation + 1e-4)).reshape(-1, 1)
        ids = torch.cat((prompts, completions), 1)

        def logp_of(model):
            logits = model(ids[:, :-1])[:, prompts.shape[1] - 1:]
            return logits.log_softmax(-1).gather(-1, completions[..., None])[..., 0]

        with torch.no_grad():
            ref_logp = logp_of(self.reference)
        logp = logp_of(self.model)
        ratio, away = (logp - old_logp).exp(), ref_logp - logp
        gain = torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage)
        loss = (0.04 * (away.exp() - away - 1) - gain).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1)
        self.optimizer.step()
