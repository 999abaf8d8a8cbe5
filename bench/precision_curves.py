#!/usr/bin/env python3
"""bf16 beside f32: the same model, data and seed; loss a step, held-out accuracy with its interval, time.

Usage: python3 bench/precision_curves.py [--model SmolLM2-135M-Instruct.Q4_1.gguf] [--pairs N] [--rounds 1] [--assay build/assay]

Needs no torch. The model is by default the one that scripts/demo fetched, the pairs those in examples/, the options the demo's (LoRA r8, batches of 8, learning
rate 2e-4, one epoch). Precisions alternate when --rounds asks for more than one; a repetition gives the same bits, so only the times differ. On 2 cores one round
of the 300 pairs takes about 10 minutes: some 3 in bf16, 7 in f32.
"""
import argparse
import json
import os
import statistics
import time

import side_by_side as side

MODEL = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "assay", "SmolLM2-135M-Instruct.Q4_1.gguf")
DEMO = ["--epochs", "1", "--batch-pairs", "8", "--max-length", "1024", "--lr", "2e-4"]
PRECISIONS = ("f32", "bf16")


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", default=MODEL, help="a folder or .gguf")
    p.add_argument("--pairs", type=int, help="the first N training pairs and N held out (all)")
    p.add_argument("--work", default=os.path.join(side.ROOT, "build", "precision_curves"))
    side.add_common(p, rounds=1)
    return p.parse_args()


def train(args, precision):
    """The metrics lines of a run and its wall time, start-up and evaluations included."""
    output = os.path.join(args.work, precision)
    examples = os.path.join(side.ROOT, "examples")
    few = ["--max-train-samples", str(args.pairs), "--max-eval-samples", str(args.pairs)] if args.pairs else []
    start = time.perf_counter()
    side.run([args.assay, "train", "--model", args.model, "--data", os.path.join(examples, "medical_train.jsonl"), "--eval-data", os.path.join(examples, "medical_eval.jsonl"),
              "--output", output, "--force", "--quiet", "--precision", precision, *DEMO, *few])
    wall = time.perf_counter() - start
    with open(os.path.join(output, "metrics.jsonl"), encoding="utf-8") as handle:
        return [json.loads(line) for line in handle], wall


def losses(lines):
    return {line["step"]: line["loss"] for line in lines if "loss" in line}


def print_curves(curves):
    f32, bf16 = (losses(curves[precision]) for precision in PRECISIONS)
    side.table([("step", "loss f32", "loss bf16", "difference"), *((step, f"{f32[step]:.4f}", f"{bf16[step]:.4f}", f"{bf16[step] - f32[step]:+.4f}") for step in f32)])
    apart = [abs(bf16[step] - f32[step]) for step in f32]
    print(f"loss apart: mean {statistics.mean(apart):.4f}, at most {max(apart):.4f}; mean loss f32 {statistics.mean(f32.values()):.4f}, bf16 {statistics.mean(bf16.values()):.4f}\n")


def accuracy(line):
    return f"{line['eval_accuracy']:.3f} ({line['eval_accuracy_low']:.3f} to {line['eval_accuracy_high']:.3f})"


def print_outcome(curves, walls):
    rows = [("", "accuracy before", "accuracy after (95 % interval)", "held-out loss", "steps s", "whole run s")]
    for precision in PRECISIONS:
        judged = [line for line in curves[precision] if "eval_accuracy" in line]
        steps = sum(line["seconds"] for line in curves[precision] if "loss" in line)
        rows.append((precision, f"{judged[0]['eval_accuracy']:.3f}", accuracy(judged[-1]), f"{judged[-1]['eval_loss']:.4f}", f"{steps:.1f}", side.spread(walls[precision], 1)))
    side.table(rows)
    ratios = [slow / fast for slow, fast in zip(walls["f32"], walls["bf16"])]
    print(f"f32's time over bf16's, whole run: {side.spread(ratios)}; held-out pairs: {judged[-1]['eval_pairs']}")


def main():
    args = options()
    if not os.path.exists(args.model):
        raise SystemExit(f"{args.model}: not there; scripts/demo fetches it, or name another with --model")
    os.makedirs(args.work, exist_ok=True)
    curves, walls = {}, {precision: [] for precision in PRECISIONS}
    for _ in range(args.rounds):
        for precision in PRECISIONS:
            curves[precision], wall = train(args, precision)
            walls[precision].append(wall)
            print(f"{precision}: done in {wall:.1f} s", flush=True)
    print_curves(curves)
    print_outcome(curves, walls)


if __name__ == "__main__":
    main()
