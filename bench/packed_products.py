#!/usr/bin/env python3
"""What a product with packed weights costs, by type and tokens, beside the same product with bf16 weights.

Usage: python3 bench/packed_products.py [--types Q4_K,Q8_0,...] [--tokens 16,64,...] [--precisions f32,bf16] [--shape 4096x4096] [--rounds 5]

A shape is inputs x outputs of a linear layer: forward y = x W^T, input gradient dx = dy W, the two products a frozen weight takes part in. One thread; what is
measured is the processor's time, so that others on the machine matter less. In a round every type takes its turn right after bf16 does, and only the
two times of such a pair are divided by each other. Printed: bf16's GFLOP/s, then for each type the median of that quotient and the smallest, forward and
input gradient. Builds bench/packed_products.c against build/libassay.a first (run make before). ASSAY_KERNELS chooses the kernel set.
"""
import argparse
import statistics

import products
import side_by_side as side

TYPES = "F32,Q8_0,Q4_0,Q4_1,Q5_0,Q5_1,Q2_K,Q3_K,Q4_K,Q5_K,Q6_K,IQ4_NL,IQ4_XS,MXFP4,NF4,FP4,INT8,FP8,GPTQ"
KINDS = ("forward", "input")


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--types", default=TYPES)
    p.add_argument("--tokens", default="16,64,256,512,1024,2048")
    p.add_argument("--precisions", default="f32,bf16")
    p.add_argument("--shape", default="4096x4096")
    p.add_argument("--rounds", type=int, default=5)
    return p.parse_args()


def seconds(program, *question):
    took = program.ask(*question)["seconds"]
    if took <= 0:
        raise SystemExit(f"no such product, or too large a one: {' '.join(map(str, question))}")
    return took


def compare(program, args, precision):
    inputs, outputs = map(int, args.shape.split("x"))
    types, tokens = args.types.split(","), [int(t) for t in args.tokens.split(",")]
    base = {(kind, t): [] for kind in KINDS for t in tokens}
    quotients = {(name, kind, t): [] for name in types for kind in KINDS for t in tokens}
    for _ in range(args.rounds):
        for (kind, t), times in base.items():
            for name in types:
                times.append(seconds(program, precision, kind, "BF16", t, inputs, outputs))
                quotients[name, kind, t].append(seconds(program, precision, kind, name, t, inputs, outputs) / times[-1])
    rate = lambda t, kind: f"{2e-9 * t * inputs * outputs / statistics.median(base[kind, t]):.0f}"
    cell = lambda values: f"{statistics.median(values):.2f} ({min(values):.2f})"
    rows = [(f"{precision} operands", *(f"{t} tokens" for t in tokens))]
    rows.append(("BF16, GFLOP/s", *(" / ".join(rate(t, kind) for kind in KINDS) for t in tokens)))
    for name in types:
        rows.append((name, *(" / ".join(cell(quotients[name, kind, t]) for kind in KINDS) for t in tokens)))
    side.table(rows)


def main():
    args = options()
    program = products.Ours("packed_products")
    if not program.ready:
        raise SystemExit("too little memory for the weights that are multiplied with")
    print(f"kernels {program.ready['kernels']}, one thread, {args.shape}, {args.rounds} rounds; forward / input gradient: time over bf16's, median (smallest)")
    for precision in args.precisions.split(","):
        print()
        compare(program, args, precision)
    program.close()


if __name__ == "__main__":
    main()
