#!/usr/bin/env python3
"""The same middle layers in Assay and in PyTorch, side by side in one run.

Usage: python3 bench/compare_transformers.py [--shape chatglm2-6b] [--layers 2] [--tokens 512] [--recompute off|all] [--tuning lora|full]
                                             [--targets qkv|all] [--rounds 5] [--assay build/assay]

Needs torch (any version; the newest is the fairest peer). PyTorch runs bf16 weights and activations, its fused attention, LoRA of rank 8 written
without a wrapper's overhead, torch.utils.checkpoint per layer for --recompute all, two threads, and the allocator settings that suit it
best (MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_, huge pages). Rounds alternate: one measurement of Assay, one of PyTorch; each is the
fastest of a few steps. Printed are both, their ratio a round, the median and the spread.
"""
import argparse, json, os, statistics, subprocess, sys, time

SHAPES = {  # hidden, ffn, heads, key heads, head size, rotated columns, bias of qkv
    "chatglm2-6b": (4096, 13696, 32, 2, 128, 64, True),
    "qwen2.5-0.5b": (896, 4864, 14, 2, 64, 64, True),
}
TUNED = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "17179869184", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def peer(args):
    import torch
    import torch.nn.functional as F
    from torch import nn
    from torch.utils.checkpoint import checkpoint

    torch.set_num_threads(2)
    hidden, ffn, heads, kv, d, rotary, bias = SHAPES[args.shape]
    bf16 = torch.bfloat16

    class Linear(nn.Module):
        def __init__(self, i, o, bias, lora):
            super().__init__()
            frozen = args.tuning == "lora"
            self.w = nn.Parameter(torch.empty(o, i, dtype=bf16).uniform_(-0.02, 0.02), requires_grad=not frozen)
            self.b = nn.Parameter(torch.zeros(o, dtype=bf16), requires_grad=not frozen) if bias else None
            self.lora = lora and frozen
            if self.lora:
                self.A = nn.Parameter(torch.empty(8, i, dtype=bf16).uniform_(-0.01, 0.01))
                self.B = nn.Parameter(torch.empty(o, 8, dtype=bf16).uniform_(-0.01, 0.01))

        def forward(self, x):
            y = F.linear(x, self.w, self.b)
            return y + 2.0 * F.linear(F.linear(x, self.A), self.B) if self.lora else y

    class Norm(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.ones(hidden, dtype=bf16), requires_grad=args.tuning == "full")

        def forward(self, x):
            return F.rms_norm(x, (hidden,), self.w, 1e-5) if hasattr(F, "rms_norm") else self.w * (x.float() * torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + 1e-5)).to(bf16)

    def rotate(x, cos, sin):
        a, b = x[..., : rotary // 2], x[..., rotary // 2 : rotary]
        turned = torch.cat((a * cos - b * sin, b * cos + a * sin), -1)
        return torch.cat((turned, x[..., rotary:]), -1) if rotary < d else turned

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            everywhere = args.targets == "all"
            self.n1, self.n2 = Norm(), Norm()
            self.qkv = Linear(hidden, (heads + 2 * kv) * d, bias, True)
            self.o = Linear(heads * d, hidden, False, everywhere)
            self.gu = Linear(hidden, 2 * ffn, False, everywhere)
            self.down = Linear(ffn, hidden, False, everywhere)

        def forward(self, x, cos, sin):
            t = x.shape[1]
            q, k, v = self.qkv(self.n1(x)).split((heads * d, kv * d, kv * d), -1)
            q = rotate(q.view(1, t, heads, d).transpose(1, 2), cos, sin)
            k = rotate(k.view(1, t, kv, d).transpose(1, 2), cos, sin)
            v = v.view(1, t, kv, d).transpose(1, 2)
            k, v = (z.repeat_interleave(heads // kv, 1) for z in (k, v))
            c = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(1, t, heads * d)
            x = x + self.o(c)
            g, u = self.gu(self.n2(x)).chunk(2, -1)
            return x + self.down(F.silu(g) * u)

    layers = nn.ModuleList(Layer() for _ in range(args.layers))
    angle = torch.arange(args.tokens)[:, None] * (10000.0 ** (-torch.arange(0, rotary, 2) / rotary))[None]
    cos, sin = angle.cos().to(bf16), angle.sin().to(bf16)
    x0 = torch.randn(1, args.tokens, hidden, dtype=bf16)

    def step():
        x = x = x0.clone().requires_grad_(True)
        start = time.perf_counter()
        for layer in layers:
            x = checkpoint(layer, x, cos, sin, use_reentrant=False) if args.recompute == "all" else layer(x, cos, sin)
        x[0, -1].float().sum().backward()
        return time.perf_counter() - start

    for _ in range(2):
        step()
    print(torch.__version__, flush=True)
    for _ in sys.stdin:
        for p in layers.parameters():
            p.grad = None
        print(min(step() for _ in range(3)), flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--shape", default="chatglm2-6b", choices=SHAPES)
    p.add_argument("--layers", type=int, default=2)
    p.add_argument("--tokens", type=int, default=512)
    p.add_argument("--recompute", default="off", choices=("off", "all"))
    p.add_argument("--tuning", default="lora", choices=("lora", "full"))
    p.add_argument("--targets", default="qkv", choices=("qkv", "all"))
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--assay", default="build/assay")
    p.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    args = p.parse_args()
    if args.peer:
        return peer(args)
    targets = "all" if args.targets == "all" else "query_key_value" if args.shape.startswith("chatglm") else "q_proj,k_proj,v_proj"
    assay = [args.assay, "bench", "step", "--arch", args.shape, "--layers", str(args.layers), "--tokens", str(args.tokens), "--precision", "bf16", "--tuning", args.tuning,
             "--recompute", args.recompute, "--lora-targets", targets, "--json", "--quiet"]
    torch = subprocess.Popen([sys.executable, __file__, *sys.argv[1:], "--peer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **TUNED, "OMP_NUM_THREADS": "2"})
    version = torch.stdout.readline().strip()
    print(f"PyTorch {version}, {args.shape}, {args.layers} layers, {args.tokens} tokens, {args.tuning} on {args.targets}, recompute {args.recompute}")
    ratios = []
    for i in range(args.rounds):
        ours = json.loads(subprocess.run(assay, check=True, capture_output=True, text=True).stdout)
        print("go", file=torch.stdin, flush=True)
        theirs = float(torch.stdout.readline())
        ratios.append(theirs / ours["step_seconds"])
        print(f"round {i + 1}: assay {ours['step_seconds']:.3f} s ({ours['gflops']:.0f} GFLOP/s, {ours['ratio']:.3f} of peak)  torch {theirs:.3f} s  ratio {ratios[-1]:.2f}", flush=True)
    torch.stdin.close()
    print(f"ratio: median {statistics.median(ratios):.2f}, from {min(ratios):.2f} to {max(ratios):.2f}")


if __name__ == "__main__":
    main()
