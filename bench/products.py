#!/usr/bin/env python3
"""Assay's bf16 matrix products beside oneDNN's (through PyTorch, whose bf16 products on a CPU are oneDNN's), product by product.

Usage: python3 bench/products.py [--shapes 512x4096x4608,...] [--kinds forward,input,weight] [--rounds 5]

A shape is tokens x inputs x outputs of a linear layer: forward y = x W^T, input gradient dx = dy W, weight gradient dW = dy^T x. W lies as in a checkpoint, row by
row, on both sides; results go into memory that is already there. Assay sums weight gradients in f32 and writes f32, oneDNN writes bf16. Builds bench/products.c
against build/libassay.a first (run make before), needs torch and a CPU with bf16 instructions. Rounds go through all products, one side after the other;
each measurement is the fastest of 5 calls. The six default shapes take about half a minute a round on 2 cores.
"""
import argparse
import json
import os
import subprocess
import time

import side_by_side as side

SHAPES = "512x4096x4608,512x4096x4096,512x4096x27392,512x13696x4096,512x896x4864,512x4864x896"
LIBRARIES = "-lmicrohttpd -ljansson -lutf8proc -lpcre2-8 -lyaml -lxxhash -lz -lzstd -lsnappy -lm -lpthread".split()
CALLS = 5


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--shapes", default=SHAPES)
    p.add_argument("--kinds", default="forward,input,weight")
    side.add_common(p, rounds=5)
    return p.parse_args()


def build(name):
    program = os.path.join(side.ROOT, "build", name)
    subprocess.run([os.environ.get("CC", "cc"), "-std=c17", "-D_GNU_SOURCE", "-O2", "-I" + os.path.join(side.ROOT, "src"), os.path.join(side.ROOT, "bench", name + ".c"),
                    os.path.join(side.ROOT, "build", "libassay.a"), "-o", program, *LIBRARIES], check=True)
    return program


class Ours:
    """A C program of this folder, built and asked line by line; `ready` is what it said of itself, or {}."""

    def __init__(self, name):
        self.process = subprocess.Popen([build(name)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.ready = json.loads(self.process.stdout.readline() or "{}")

    def ask(self, *question):
        print(*question, file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def peer(args):
    import torch

    torch.set_num_threads(side.THREADS)

    def operands(kind, m, inputs, outputs):
        make = lambda rows, columns: torch.rand(rows, columns).to(torch.bfloat16)
        if kind == "forward":
            return make(m, inputs), make(outputs, inputs).t(), make(m, outputs)
        if kind == "input":
            return make(m, outputs), make(outputs, inputs), make(m, inputs)
        return make(m, outputs).t(), make(m, inputs), make(outputs, inputs)

    def measure(question):
        a, b, c = operands(*question)
        torch.mm(a, b, out=c)
        best = 1e9
        for _ in range(CALLS):
            start = time.perf_counter()
            torch.mm(a, b, out=c)
            best = min(best, time.perf_counter() - start)
        return {"seconds": best}

    version = next((line.strip("- \n") for line in torch.__config__.show().splitlines() if "MKL-DNN" in line), "no oneDNN")
    side.answer({"what": f"PyTorch {torch.__version__}, {version}"}, measure)


def main():
    args = options()
    if args.peer:
        return peer(args)
    ours = Ours("products")
    if not ours.ready:
        raise SystemExit("this CPU has no bf16 instructions that Assay uses: nothing to compare")
    theirs = side.Peer("onednn")
    products = [(kind, tuple(map(int, shape.split("x")))) for shape in args.shapes.split(",") for kind in args.kinds.split(",")]
    print(f"assay: kernels {ours.ready['kernels']}, {ours.ready['threads']} threads; {theirs.ready['what']}", flush=True)
    found = {product: [] for product in products}
    for _ in range(args.rounds):
        for kind, shape in products:
            found[kind, shape].append((ours.ask(kind, *shape), theirs.ask([kind, *shape])))
    peak = max(one["peak"] for pairs in found.values() for one, _ in pairs)
    rows = [("tokens x inputs x outputs", "product", "assay GFLOP/s", "of peak", "oneDNN GFLOP/s", "oneDNN's time over assay's")]
    for (kind, shape), pairs in found.items():
        work = 2e-9 * shape[0] * shape[1] * shape[2]
        rates = [[work / one["seconds"] for one in side_] for side_ in zip(*pairs)]
        rows.append((" x ".join(map(str, shape)), kind, side.spread(rates[0], 0), f"{sorted(rates[0])[len(pairs) // 2] / peak:.3f}", side.spread(rates[1], 0),
                     side.spread(their["seconds"] / our["seconds"] for our, their in pairs)))
    side.table(rows)
    print(f"register loop: {peak:.0f} GFLOP/s")
    ours.close()
    theirs.close()


if __name__ == "__main__":
    main()
