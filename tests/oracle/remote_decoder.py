"""Decoders whose original code lies on the hub alone (InternLM2, Baichuan, MiniCPM), written down again by another hand
from their descriptions, with the original names of modules, so that checkpoints load and PEFT finds its targets.

Not the originals: what they are compared with in tests/data/golden is marked so in tests/test_golden.c. Written as
plainly as possible: one sequence at a time, whole score matrices, no cache.
"""
import json
import math
import os

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import PreTrainedConfig


class Norm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.square().mean(-1, keepdim=True) + self.eps))


def rotate(x, base):
    """x [heads, s, d]: column j turns with j + d/2 by position * base^(-2j/d), the angle formed in float32."""
    half = x.shape[-1] // 2
    inverse = 1.0 / base ** (torch.arange(half, dtype=torch.float32) * 2 / x.shape[-1])
    angle = torch.outer(torch.arange(x.shape[1], dtype=torch.float32), inverse)
    c, s = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
    a, b = x[..., :half], x[..., half:]
    return torch.cat((a * c - b * s, b * c + a * s), -1)


def slopes(heads):
    power = 2 ** math.floor(math.log2(heads))
    first = [2 ** (-8 * (i + 1) / power) for i in range(power)]
    rest = [2 ** (-4 * (2 * i + 1) / power) for i in range(heads - power)]
    return torch.tensor(first + rest)


def attend(q, k, v, alibi):
    """q [heads, s, d], k and v [groups, s, d]: causal, grouped; alibi: slopes or None."""
    k, v = (t.repeat_interleave(q.shape[0] // t.shape[0], 0) for t in (k, v))
    scores = q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])
    position = torch.arange(q.shape[1])
    if alibi is not None:
        scores = scores + alibi.to(q.dtype)[:, None, None] * (position[None, :] - position[:, None])
    scores = scores.masked_fill(position[None, :] > position[:, None], -math.inf)
    return (torch.softmax(scores, -1) @ v).transpose(0, 1).reshape(q.shape[1], -1)


class Named(nn.Module):
    """Modules by the names a family's checkpoint has."""

    def __init__(self, **modules):
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)


def linear(inside, outside):
    return nn.Linear(inside, outside, bias=False)


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.kind, hidden, ffn = config["model_type"], config["hidden_size"], config["intermediate_size"]
        self.heads = config["num_attention_heads"]
        self.groups, self.width = config.get("num_key_value_heads") or self.heads, hidden // self.heads
        self.base = config.get("rope_theta", 10000.0)
        fused = (self.heads + 2 * self.groups) * self.width
        self.alibi = slopes(self.heads) if self.kind == "baichuan" and "model_max_length" in config else None
        self.branch = 1.0
        norms = [Norm(hidden, config["rms_norm_eps"]) for _ in range(2)]
        if self.kind == "internlm2":
            self.attention = Named(wqkv=linear(hidden, fused), wo=linear(hidden, hidden))
            self.feed_forward = Named(w1=linear(hidden, ffn), w3=linear(hidden, ffn), w2=linear(ffn, hidden))
            self.attention_norm, self.ffn_norm = norms
            return
        self.input_layernorm, self.post_attention_layernorm = norms
        self.mlp = Named(gate_proj=linear(hidden, ffn), up_proj=linear(hidden, ffn), down_proj=linear(ffn, hidden))
        if self.kind == "baichuan":
            self.self_attn = Named(W_pack=linear(hidden, fused), o_proj=linear(hidden, hidden))
            return
        keys = self.groups * self.width
        self.self_attn = Named(q_proj=linear(hidden, hidden), k_proj=linear(hidden, keys), v_proj=linear(hidden, keys),
                               o_proj=linear(hidden, hidden))
        self.branch = config["scale_depth"] / math.sqrt(config["num_hidden_layers"])

    def queries_keys_values(self, x):
        s, d = x.shape[0], self.width
        if self.kind == "internlm2":
            each = self.attention.wqkv(x).view(s, self.groups, self.heads // self.groups + 2, d)
            parts = each[:, :, :-2].reshape(s, self.heads, d), each[:, :, -2], each[:, :, -1]
        elif self.kind == "baichuan":
            parts = self.self_attn.W_pack(x).view(s, 3, self.heads, d).unbind(1)
        else:
            own = self.self_attn
            parts = own.q_proj(x).view(s, -1, d), own.k_proj(x).view(s, -1, d), own.v_proj(x).view(s, -1, d)
        q, k, v = (part.transpose(0, 1) for part in parts)
        return (q, k, v) if self.alibi is not None else (rotate(q, self.base), rotate(k, self.base), v)

    def forward(self, x):
        lm2 = self.kind == "internlm2"
        before, between = (self.attention_norm, self.ffn_norm) if lm2 else (self.input_layernorm, self.post_attention_layernorm)
        out = self.attention.wo if lm2 else self.self_attn.o_proj
        gate, up, down = ((self.feed_forward.w1, self.feed_forward.w3, self.feed_forward.w2) if lm2 else
                          (self.mlp.gate_proj, self.mlp.up_proj, self.mlp.down_proj))
        x = x + self.branch * out(attend(*self.queries_keys_values(before(x)), self.alibi))
        y = between(x)
        return x + self.branch * down(nn.functional.silu(gate(y)) * up(y))


class RemoteDecoder(nn.Module):
    """Scores the last token of one sequence. forward returns the logits, or (logits, hidden states)."""

    def __init__(self, config):
        super().__init__()
        self.config = PreTrainedConfig()  # PEFT looks at it
        embedding = nn.Embedding(config["vocab_size"], config["hidden_size"])
        name = "tok_embeddings" if config["model_type"] == "internlm2" else "embed_tokens"
        self.model = Named(**{name: embedding}, layers=nn.ModuleList(Layer(config) for _ in range(config["num_hidden_layers"])),
                           norm=Norm(config["hidden_size"], config["rms_norm_eps"]))
        self.score = linear(config["hidden_size"], 1)
        self.embedding_name, self.scale = name, config.get("scale_emb", 1)

    @classmethod
    def from_folder(cls, folder):
        with open(os.path.join(folder, "config.json")) as file:
            model = cls(json.load(file))
        stored = load_file(os.path.join(folder, "model.safetensors"))
        wanted = {name: stored[name].float() for name in model.state_dict() if name in stored}
        missing = model.load_state_dict(wanted, strict=False).missing_keys  # a base has no head yet
        if set(missing) - {"score.weight"}:
            raise SystemExit(f"{folder}: {missing} are missing")
        return model

    def forward(self, input_ids, output_hidden_states=False, **what_peft_adds):
        x = getattr(self.model, self.embedding_name)(input_ids[0]) * self.scale
        hidden = []
        for layer in self.model.layers:
            hidden.append(x)
            x = layer(x)
        x = self.model.norm(x)
        logits = self.score(x[-1:])
        return (logits, hidden + [x]) if output_hidden_states else logits
