#!/usr/bin/env python3
"""What a training step on a packed base costs beside the same step on the bf16 base it was made of.

Usage: python3 bench/packed_steps.py [--types q4_k,q8_0,...] [--precisions f32,bf16] [--init "--arch llama --hidden 1024 --ffn 2816 --layers 4"] [--rounds 7] [--steps 3]

LoRA on all linear layers, nothing recomputed, two pairs a step, each a micro-batch of about 1,000 tokens: the same schedule for every base, as --recompute and
--micro-tokens are given. One thread; what is measured is the user time of the whole run, so that others on the machine matter less. In a round every
base takes its turn right after bf16's, and only the two times of such a pair are divided by each other. "bf16" among the types measures bf16 against itself: what
its quotient is off by is noise. Printed: bf16's seconds, then for each type the median of the quotients, the smallest, and that of the smallest times.
"""
import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import tempfile

import side_by_side as side


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--types", default="bf16,q4_k,q8_0,nf4,q5_k,q6_k,int8")
    p.add_argument("--precisions", default="f32,bf16")
    p.add_argument("--init", default="--arch llama --hidden 1024 --ffn 2816 --layers 4", help="the base, as `assay init` makes it")
    p.add_argument("--steps", type=int, default=3)
    side.add_common(p, rounds=7)
    return p.parse_args()


def write_pairs(path, count):
    """Texts of the byte-level tokenizer that `assay init` writes: a character is a token."""
    rng = random.Random(5)
    text = lambda n: "".join(rng.choice("abcdefghij ") for _ in range(n))
    with open(path, "w", encoding="utf-8") as handle:
        for _ in range(count):
            print(json.dumps({"prompt": text(300), "chosen": text(350), "rejected": text(350)}), file=handle)


def user_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def compare(args, work, precision):
    def seconds(name):
        return user_seconds([args.assay, "train", "--model", os.path.join(work, name), "--data", os.path.join(work, "pairs.jsonl"), "--output", os.path.join(work, "out"), "--force", "--quiet",
                             "--template", "plain", "--eval-split", "off", "--save-steps", "end", "--batch-pairs", "2", "--max-steps", str(args.steps), "--micro-tokens", "1024", "--recompute", "off",
                             "--lora-targets", "all", "--threads", "1", "--precision", precision])

    types = args.types.split(",")
    base, times, quotients = [], {name: [] for name in types}, {name: [] for name in types}
    for _ in range(args.rounds):
        for name in types:
            base.append(seconds("bf16"))
            times[name].append(seconds(name))
            quotients[name].append(times[name][-1] / base[-1])
    rows = [(f"--precision {precision}", "median", "smallest", "of smallest times")]
    rows += [(name, f"{statistics.median(quotients[name]):.3f}", f"{min(quotients[name]):.3f}", f"{min(times[name]) / min(base):.3f}") for name in types]
    print(f"bf16: {side.spread(base)} s")
    side.table(rows)


def main():
    args = options()
    with tempfile.TemporaryDirectory() as work:
        side.run([args.assay, "init", *args.init.split(), "--dtype", "bf16", "--output", os.path.join(work, "bf16"), "--quiet"])
        write_pairs(os.path.join(work, "pairs.jsonl"), 2 * args.steps)
        for name in set(args.types.split(",")) - {"bf16"}:
            side.run([args.assay, "convert", os.path.join(work, "bf16"), "--quantize", name, "--output", os.path.join(work, name), "--quiet"])
        print(f"{args.init}, {args.steps} steps, {args.rounds} rounds; user time over bf16's")
        for precision in args.precisions.split(","):
            print()
            compare(args, work, precision)


if __name__ == "__main__":
    main()
