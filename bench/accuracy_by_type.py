#!/usr/bin/env python3
"""What packing a frozen base costs a reward model: the same run on the same base in several types, judged on held-out pairs.

Usage: python3 bench/accuracy_by_type.py --model BASE --data PAIRS --held PAIRS [--types bf16,q8_0,q6_k,q4_k,nf4] [--steps 50] [--seeds 1,2] [--options "..."]

For each type the base is packed (`assay convert --quantize`; bf16 is the base itself), an adapter of rank 8 is trained on all linear layers with equal seed, steps and arithmetic, and
the held-out pairs are scored. The table has accuracy with its 95 % interval (Wilson's), whether the difference to the first type's is chance (McNemar's exact test, the p of `assay eval --against`), and
how far margins are from the first type's: their mean, the mean of their change, of its amount, and pairs whose verdict flips. What packing alone changes, without training again, is the second line of
each type: the first type's adapter on the packed base.
"""
import argparse
import json
import math
import os
import statistics
import subprocess
import sys

import side_by_side as side


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True)
    p.add_argument("--data", required=True)
    p.add_argument("--held", required=True)
    p.add_argument("--types", default="bf16,q8_0,q6_k,q4_k,nf4")
    p.add_argument("--steps", type=int, default=50)
    p.add_argument("--seeds", default="1")
    p.add_argument("--options", default="--lr 1e-3 --batch-pairs 4 --precision f32", help="more of train's")
    p.add_argument("--threads", default="2")
    p.add_argument("--work", default=os.path.join(side.ROOT, "build", "accuracy_by_type"))
    p.add_argument("--assay", default=os.path.join(side.ROOT, "build", "assay"))
    return p.parse_args()


def run(args, *command):
    done = subprocess.run([args.assay, *command, "--threads", args.threads], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def base_of(args, kind):
    if kind == args.types.split(",")[0]:
        return args.model
    folder = os.path.join(args.work, f"base-{kind}")
    if not os.path.exists(folder):
        output, _ = side.run([args.assay, "convert", args.model, "--quantize", kind, "--output", folder])
        print(f"{kind}: {output.strip().splitlines()[-1]}", flush=True)
    return folder


def trained(args, kind, seed):
    folder = os.path.join(args.work, f"{kind}-{seed}")
    if not os.path.exists(os.path.join(folder, "adapter_model.safetensors")):
        run(args, "train", "--model", base_of(args, kind), "--data", args.data, "--output", folder, "--force", "--eval-split", "off", "--max-steps", str(args.steps), "--epochs", "1000",
            "--lora-targets", "all", "--seed", str(seed), *args.options.split())
    return folder


def margins(args, base, adapter):
    lines = run(args, "score", "--model", base, "--adapter", adapter, "--input", args.held, "--skip-bad-lines").splitlines()
    return [line["score"][0] - line["score"][1] for line in map(json.loads, lines)]


def wilson(right, count, z=1.959964):
    share, spread = right / count, z * math.sqrt(right / count * (1 - right / count) / count + z * z / (4 * count * count))
    return [(share + z * z / (2 * count) + sign * spread) / (1 + z * z / count) for sign in (-1, 1)]


def mcnemar(mine, reference):
    """Of the pairs that one of them alone has right, as many as these or fewer on one side, by tosses of a coin."""
    only_mine, only_other = (sum(a > 0 and not b > 0 for a, b in zip(*both)) for both in ((mine, reference), (reference, mine)))
    count, fewer = only_mine + only_other, min(only_mine, only_other)
    return min(1, 2 * sum(math.comb(count, k) for k in range(fewer + 1)) / 2**count)


def say(what, mine, reference):
    count, right = len(mine), sum(a > 0 for a in mine)
    low, high = wilson(right, count)
    changes = [a - b for a, b in zip(mine, reference)]
    flips = sum((a > 0) != (b > 0) for a, b in zip(mine, reference))
    print(f"{what:32} {right / count:.3f} ({low:.3f} to {high:.3f})  p {mcnemar(mine, reference):.3f}  margin {statistics.mean(mine):+.3f}, changed by {statistics.mean(changes):+.4f}, "
          f"in amount {statistics.mean(map(abs, changes)):.4f}; {flips} of {count} verdicts flip", flush=True)


def main():
    args = options()
    os.makedirs(args.work, exist_ok=True)
    kinds = args.types.split(",")
    for seed in args.seeds.split(","):
        first = trained(args, kinds[0], seed)
        reference = margins(args, args.model, first)
        print(f"seed {seed}: {len(reference)} held-out pairs, mean margin of {kinds[0]} in amount {statistics.mean(map(abs, reference)):.3f}")
        for kind in kinds:
            base = base_of(args, kind)
            say(f"{kind}, trained on it", margins(args, base, trained(args, kind, seed)), reference)
            if kind != kinds[0]:
                say(f"{kind}, {kinds[0]}'s adapter", margins(args, base, first), reference)


if __name__ == "__main__":
    sys.exit(main())
