"""ChatGLM2/3 for sequence classification in plain PyTorch, for use as an oracle with today's PEFT.

The published remote code does not load with current Transformers and its forward() refuses what PEFT's
SEQ_CLS wrapper passes (docs/why.md). This is our own implementation of the same mathematics with the same
module and tensor names, so adapters move freely between this class, the remote code and Assay:

    model = ChatGLMForSequenceClassification.from_folder("chatglm3-6b")
    model = peft.PeftModel.from_pretrained(model, "adapter")      # task_type null, modules_to_save classifier_head
    logits = model(input_ids, attention_mask)                     # [batch, labels]

Letters: b batch, s positions, h hidden, n query heads, g key/value groups, d channels of a head, f ffn.
"""
import json
import os

import torch
from torch import nn
from torch.nn import functional as F

# Options of the configuration that the published checkpoints never use; anything else is refused by name.
ONLY = dict(rmsnorm=True, multi_query_attention=True, post_layer_norm=True, add_bias_linear=False,
            apply_residual_connection_post_layernorm=False, original_rope=True, pre_seq_len=None,
            quantization_bit=0, hidden_dropout=0.0)


class Config:
    def __init__(self, values):
        for key, wanted in ONLY.items():
            if values.get(key, wanted) != wanted:
                raise ValueError(f"config.json: {key} is {values[key]!r}, only {wanted!r} is supported")
        self.values = values
        self.h, self.layers = values["hidden_size"], values["num_layers"]
        self.n, self.g = values["num_attention_heads"], values["multi_query_group_num"]
        self.d, self.f = values["kv_channels"], values["ffn_hidden_size"]
        self.vocab, self.eps = values["padded_vocab_size"], values.get("layernorm_epsilon", 1e-5)
        self.qkv_bias = values.get("add_qkv_bias", False)
        self.labels = values.get("num_labels") or len(values.get("id2label") or {0: "LABEL_0"})


def rotation(length, dims, device=None):
    """cos and sin of position * base^(-2i/dims), formed in float32: [s, dims/2] each."""
    exponent = torch.arange(0, dims, 2, dtype=torch.float32, device=device) / dims
    angle = torch.outer(torch.arange(length, dtype=torch.float32, device=device), 1.0 / 10000 ** exponent)
    return angle.cos(), angle.sin()


def rotate(x, cos, sin):
    """Turn adjacent pairs of the first half of each head; the second half passes. x: [b, s, heads, d]"""
    turned, passed = x.chunk(2, dim=-1)
    even, odd = turned[..., 0::2], turned[..., 1::2]
    cos, sin = cos[:, None].to(x.dtype), sin[:, None].to(x.dtype)  # [s, 1, d/4]
    pairs = torch.stack([even * cos - odd * sin, odd * cos + even * sin], dim=-1)
    return torch.cat([pairs.flatten(-2), passed], dim=-1)


def allowed(mask, length, device):
    """[b or 1, 1, s, s] True where a query may see a key. Pad queries see all; nobody real sees a pad."""
    causal = torch.ones(length, length, dtype=torch.bool, device=device).tril()
    if mask is None:
        return causal[None, None]
    real = mask.bool()
    return ((causal & real[:, None, :]) | ~real[:, :, None])[:, None]


class RMSNorm(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(config.h)), config.eps

    def forward(self, x):
        scale = torch.rsqrt(x.float().square().mean(-1, keepdim=True) + self.eps)
        return (self.weight * (x * scale)).to(x.dtype)


class SelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.n, self.g, self.d = config.n, config.g, config.d
        self.query_key_value = nn.Linear(config.h, (config.n + 2 * config.g) * config.d, bias=config.qkv_bias)
        self.dense = nn.Linear(config.n * config.d, config.h, bias=False)
        self.softmax = nn.Softmax(dim=-1)  # a module, so that a hook can read the probabilities

    def forward(self, x, cos, sin, visible):
        heads = self.query_key_value(x).unflatten(-1, (-1, self.d))       # [b, s, n+2g, d]
        q, k, v = heads.split([self.n, self.g, self.g], dim=2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        k, v = (t.repeat_interleave(self.n // self.g, dim=2) for t in (k, v))
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))                  # [b, n, s, d]
        score = (q @ k.transpose(-1, -2)) / self.d ** 0.5
        weight = self.softmax(score.masked_fill(~visible, float("-inf")))
        return self.dense((weight @ v).transpose(1, 2).flatten(2))


class MLP(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.dense_h_to_4h = nn.Linear(config.h, 2 * config.f, bias=False)
        self.dense_4h_to_h = nn.Linear(config.f, config.h, bias=False)

    def forward(self, x):
        gate, up = self.dense_h_to_4h(x).chunk(2, dim=-1)
        return self.dense_4h_to_h(F.silu(gate) * up)


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.input_layernorm = RMSNorm(config)
        self.self_attention = SelfAttention(config)
        self.post_attention_layernorm = RMSNorm(config)
        self.mlp = MLP(config)

    def forward(self, x, cos, sin, visible):
        x = x + self.self_attention(self.input_layernorm(x), cos, sin, visible)
        return x + self.mlp(self.post_attention_layernorm(x))


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.final_layernorm = RMSNorm(config)


class Embedding(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab, config.h)


class Transformer(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = Embedding(config)
        self.encoder = Encoder(config)
        self.output_layer = nn.Linear(config.h, config.vocab, bias=False)  # never used here; checkpoints hold it
        self.rotary_dims = config.d // 2

    def forward(self, input_ids, attention_mask=None):
        """All hidden states, [b, s, h] each: the embedding, every layer's output, the final norm's."""
        length, device = input_ids.shape[1], input_ids.device
        cos, sin = rotation(length, self.rotary_dims, device)
        visible = allowed(attention_mask, length, device)
        states = [self.embedding.word_embeddings(input_ids)]
        for layer in self.encoder.layers:
            states.append(layer(states[-1], cos, sin, visible))
        return states + [self.encoder.final_layernorm(states[-1])]


class ChatGLMForSequenceClassification(nn.Module):
    def __init__(self, config):
        """config: the dictionary of a config.json"""
        super().__init__()
        self.config = dict(config)  # a dictionary is what PEFT reads model_type from
        config = Config(config)
        self.transformer = Transformer(config)
        self.classifier_head = nn.Linear(config.h, config.labels, bias=True)
        nn.init.normal_(self.classifier_head.weight, std=0.02)
        nn.init.zeros_(self.classifier_head.bias)

    def forward(self, input_ids, attention_mask=None, all_hidden_states=False, return_dict=None, **unused):
        """Logits [b, labels] of the last real token (the last position without a mask).

        return_dict has no effect, and any further argument may be passed as long as it is None or False:
        that is what PEFT's SEQ_CLS wrapper does.
        """
        asked = [name for name, value in unused.items() if value is not None and value is not False]
        if asked:
            raise TypeError(f"not supported: {', '.join(asked)}")
        states = self.transformer(input_ids, attention_mask)
        rows = torch.arange(input_ids.shape[0], device=input_ids.device)
        last = torch.full_like(rows, input_ids.shape[1] - 1)
        if attention_mask is not None:
            last = last - attention_mask.long().flip(1).argmax(1)
        logits = self.classifier_head(states[-1][rows, last])
        return (logits, states) if all_hidden_states else logits

    @classmethod
    def from_folder(cls, folder, dtype=torch.float32):
        """A Hugging Face folder. A missing head stays at its own initialisation; anything else missing is an error."""
        with open(os.path.join(folder, "config.json")) as file:
            model = cls(json.load(file)).to(dtype)
        missing, unexpected = model.load_state_dict(read_tensors(folder), strict=False)
        missing = [name for name in missing if not name.startswith("classifier_head.")]
        unexpected = [name for name in unexpected if not name.endswith("inv_freq")]
        if missing or unexpected:
            raise ValueError(f"{folder}: missing {missing}, unexpected {unexpected}")
        return model


def read_tensors(folder):
    from safetensors.torch import load_file
    tensors = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if name.startswith("model") and name.endswith(".safetensors"):
            tensors.update(load_file(path))
        elif name.startswith("pytorch_model") and name.endswith(".bin"):
            tensors.update(torch.load(path, map_location="cpu", weights_only=True))
    return tensors
