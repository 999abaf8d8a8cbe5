"""Middle decoder layers in PyTorch, as fast as plain PyTorch allows: the peer of `assay bench step`.

bf16 weights and activations, one product for q, k and v and one for gate and up, the library's fused attention where it has one (2.0 and newer;
else scores, mask, softmax and product), LoRA of rank 8 without a wrapper's overhead (its sum folded into the product that makes it), and
torch.utils.checkpoint round each layer when asked to recompute. Runs with Debian 12's torch 1.13 as well as with the newest.
"""
import time

import side_by_side as side

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

SHAPES = {  # hidden, ffn, heads, key heads, head size, rotated columns, bias of qkv, layers
    "chatglm2-6b": (4096, 13696, 32, 2, 128, 64, True, 28),
    "qwen2.5-0.5b": (896, 4864, 14, 2, 64, 64, True, 24),
    "smollm2-135m": (576, 1536, 9, 3, 64, 64, False, 30),
}
FUSED_ATTENTION = hasattr(F, "scaled_dot_product_attention")
FUSED_NORM = hasattr(F, "rms_norm")
RANK = 8


def describe():
    attention = "fused attention (scaled_dot_product_attention)" if FUSED_ATTENTION else "attention as softmax of products (no fused one in this version)"
    return f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads, {attention}"


def attend(q, k, v, mask):
    if FUSED_ATTENTION:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    scores = torch.matmul(q, k.transpose(-1, -2)) * (q.shape[-1] ** -0.5) + mask
    return torch.matmul(F.softmax(scores, -1), v)


class Linear(nn.Module):
    def __init__(self, i, o, bias, lora, frozen):
        super().__init__()
        self.w = nn.Parameter(torch.empty(o, i, dtype=torch.bfloat16).uniform_(-0.02, 0.02), requires_grad=not frozen)
        self.b = nn.Parameter(torch.zeros(o, dtype=torch.bfloat16), requires_grad=not frozen) if bias else None
        self.lora = lora and frozen
        if self.lora:
            self.A = nn.Parameter(torch.empty(RANK, i, dtype=torch.bfloat16).uniform_(-0.01, 0.01))
            self.B = nn.Parameter(torch.empty(o, RANK, dtype=torch.bfloat16).uniform_(-0.01, 0.01))

    def forward(self, x):
        y = F.linear(x, self.w, self.b)
        if not self.lora:
            return y
        flat = torch.addmm(y.reshape(-1, y.shape[-1]), F.linear(x.reshape(-1, x.shape[-1]), self.A), self.B.t(), alpha=2.0)
        return flat.view(y.shape)


class Norm(nn.Module):
    def __init__(self, hidden, frozen):
        super().__init__()
        self.w = nn.Parameter(torch.ones(hidden, dtype=torch.bfloat16), requires_grad=not frozen)

    def forward(self, x):
        if FUSED_NORM:
            return F.rms_norm(x, (x.shape[-1],), self.w, 1e-5)
        wide = x.float()
        return self.w * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-5)).to(x.dtype)


class Layer(nn.Module):
    def __init__(self, shape, frozen, everywhere):
        super().__init__()
        hidden, ffn, self.heads, self.kv, self.d, self.rotary, bias, _ = shape
        self.n1, self.n2 = Norm(hidden, frozen), Norm(hidden, frozen)
        self.qkv = Linear(hidden, (self.heads + 2 * self.kv) * self.d, bias, True, frozen)
        self.o = Linear(self.heads * self.d, hidden, False, everywhere, frozen)
        self.gu = Linear(hidden, 2 * ffn, False, everywhere, frozen)
        self.down = Linear(ffn, hidden, False, everywhere, frozen)

    def rotate(self, x, cos, sin):
        half = self.rotary // 2
        a, b = x[..., :half], x[..., half : self.rotary]
        turned = torch.cat((a * cos - b * sin, b * cos + a * sin), -1)
        return torch.cat((turned, x[..., self.rotary :]), -1) if self.rotary < self.d else turned

    def forward(self, x, cos, sin, mask):
        t, heads, kv, d = x.shape[1], self.heads, self.kv, self.d
        q, k, v = self.qkv(self.n1(x)).split((heads * d, kv * d, kv * d), -1)
        q = self.rotate(q.view(1, t, heads, d).transpose(1, 2), cos, sin)
        k = self.rotate(k.view(1, t, kv, d).transpose(1, 2), cos, sin)
        v = v.view(1, t, kv, d).transpose(1, 2)
        k, v = (z.repeat_interleave(heads // kv, 1) for z in (k, v))
        x = x + self.o(attend(q, k, v, mask).transpose(1, 2).reshape(1, t, heads * d))
        g, u = self.gu(self.n2(x)).chunk(2, -1)
        return x + self.down(F.silu(g) * u)


class Step:
    """A forward and backward pass over middle layers, its gradient carried to their input."""

    def __init__(self, shape, layers, tokens, tuning, targets, keep_gradients=False):
        torch.set_num_threads(side.THREADS)
        self.keep_gradients = keep_gradients
        shape = SHAPES[shape]
        self.layers = nn.ModuleList(Layer(shape, tuning == "lora", targets == "all") for _ in range(layers))
        rotary = shape[5]
        angle = torch.arange(tokens)[:, None] * (10000.0 ** (-torch.arange(0, rotary, 2) / rotary))[None]
        self.cos, self.sin = angle.cos().to(torch.bfloat16), angle.sin().to(torch.bfloat16)
        self.mask = None if FUSED_ATTENTION else torch.full((tokens, tokens), float("-inf"), dtype=torch.bfloat16).triu(1)
        self.x = torch.randn(1, tokens, shape[0], dtype=torch.bfloat16)

    def make_gradients(self):
        """Gradients of zero for every trained weight, so that a step that keeps them needs no more memory for them."""
        for p in self.layers.parameters():
            p.grad = torch.zeros_like(p) if p.requires_grad else None

    def run(self, recompute):
        """Seconds of one pass. Gradients are dropped before it, or, when they are to be kept, added to."""
        for p in self.layers.parameters():
            p.grad = p.grad if self.keep_gradients else None
        x = self.x.clone().requires_grad_(True)
        start = time.perf_counter()
        for layer in self.layers:
            arguments = (x, self.cos, self.sin, self.mask)
            x = checkpoint(layer, *arguments, use_reentrant=False) if recompute else layer(*arguments)
        x[0, -1].float().sum().backward()
        return time.perf_counter() - start
