#!/usr/bin/env python3
"""The reference's training steps in float32 and float64, to hold a run of Assay against.

    training_steps.py make MODEL_DIR OUT [--steps 10] [--pairs 4] [--rank 8]
        OUT/adapter: a PEFT adapter as it starts (B zero, random head); OUT/steps.jsonl: random pairs of ids
    training_steps.py run MODEL_DIR ADAPTER_DIR STEPS.jsonl OUT [--lr 1e-4] [--clip 1.0] [--weight-decay 0]
        trains twice; OUT/losses.jsonl, OUT/start.safetensors, OUT/f32.safetensors, OUT/f64.safetensors
    training_steps.py compare OUT RUN_DIR
        losses against RUN_DIR/metrics.jsonl, weights against RUN_DIR/adapter_model.safetensors

ADAPTER_DIR is what training starts from, saved by PEFT or by Assay before its first step; its head is trained too.
STEPS.jsonl: a line is one optimizer step, {"pairs": [{"chosen": ids, "rejected": ids}, ...]}; the loss is the mean over
its pairs. torch.optim.AdamW, betas 0.9 0.999, eps 1e-8, constant rate, gradient norm clipped. losses.jsonl: {"step",
"f32", "f64", "grad_norm"} (grad_norm in f64). A weight passes if |assay - f64| <= 2 |f32 - f64| (L2 norms). The right
side is one draw of rounding noise: torch's own SDPA attention in place of eager can miss it in a tensor. --floor X also
lets pass what is off by less than X of the weight's norm; those are counted apart.
"""
import argparse
import os
import sys

import torch
from safetensors.torch import load_file, save_file

from reference import (adapter_tensors, float64, load, pair_gradients, plain_name, random_adapter, read_json, read_lines,
                       save_adapter, write_lines)


def make(args):
    model = load(args.model)
    config = read_json(args.model, "config.json")
    vocab = config.get("vocab_size") or config["padded_vocab_size"]
    wrapped = random_adapter(model, r=args.rank, lora_alpha=2 * args.rank)
    for name, parameter in wrapped.named_parameters():
        if "lora_B" in name:
            parameter.data.zero_()
    save_adapter(wrapped, args.model, os.path.join(args.out, "adapter"))
    random = torch.Generator().manual_seed(2)

    def ids(count):
        return torch.randint(3, vocab, (count,), generator=random).tolist()

    def pair():
        prompt, lengths = ids(6), torch.randint(4, 25, (2,), generator=random).tolist()
        return {"chosen": prompt + ids(lengths[0]), "rejected": prompt + ids(lengths[1])}

    write_lines(os.path.join(args.out, "steps.jsonl"),
                [{"pairs": [pair() for _ in range(args.pairs)]} for _ in range(args.steps)])


def train(model, steps, args):
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=args.lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=args.weight_decay)
    losses, norms = [], []
    for step in steps:
        sequences = [pair[side] for pair in step["pairs"] for side in ("chosen", "rejected")]
        losses.append(pair_gradients(model, sequences)[1].item())
        norms.append(torch.nn.utils.clip_grad_norm_(trained, args.clip).item())
        optimizer.step()
    return losses, norms, {name: value.contiguous() for name, value in adapter_tensors(model).items()}


def run(args):
    os.makedirs(args.out, exist_ok=True)
    steps = read_lines(args.steps)
    model = load(args.model, args.adapter, trainable=True)
    save_file({name: value.contiguous() for name, value in adapter_tensors(model).items()},
              os.path.join(args.out, "start.safetensors"))
    single, _, weights = train(model, steps, args)
    save_file(weights, os.path.join(args.out, "f32.safetensors"))
    double, norms, weights = train(float64(load(args.model, args.adapter, trainable=True)), steps, args)
    save_file(weights, os.path.join(args.out, "f64.safetensors"))
    rows = [{"step": n, "f32": a, "f64": b, "grad_norm": norm}
            for n, (a, b, norm) in enumerate(zip(single, double, norms), start=1)]
    write_lines(os.path.join(args.out, "losses.jsonl"), rows)
    for row in rows:
        print(f"step {row['step']:3}  f32 {row['f32']:.8f}  f32 - f64 {row['f32'] - row['f64']:+.1e}  norm {row['grad_norm']:.3g}")


def compare(args):
    metrics = [row for row in read_lines(os.path.join(args.run, "metrics.jsonl")) if "loss" in row]
    expected = read_lines(os.path.join(args.out, "losses.jsonl"))
    if len(metrics) != len(expected):
        sys.exit(f"{args.run}/metrics.jsonl has {len(metrics)} steps, the reference {len(expected)}")
    for row, want in zip(metrics, expected):
        print(f"step {want['step']:3}  loss {row['loss']:.8f}  - f64 {row['loss'] - want['f64']:+.1e}"
              f"  f32 - f64 {want['f32'] - want['f64']:+.1e}  norm / f64's - 1 {row['grad_norm'] / want['grad_norm'] - 1:+.1e}")
    return compare_weights(args)


def compare_weights(args):
    ours = {plain_name(name): value for name, value in load_file(os.path.join(args.run, "adapter_model.safetensors")).items()}
    start, single, double = (load_file(os.path.join(args.out, f"{name}.safetensors")) for name in ("start", "f32", "f64"))
    if ours.keys() != double.keys():
        sys.exit(f"only on one side: {sorted(ours.keys() ^ double.keys())[:8]}")
    rows = []
    for name, exact in double.items():
        off, own = ((side[name].double() - exact).norm().item() for side in (ours, single))
        moved, size = (start[name].double() - exact).norm().item(), exact.norm().item()
        verdict = "" if off <= 2 * own else "floor " if off <= args.floor * size else "FAILS "
        rows.append((verdict, off / own if own else float(off > 0), off, own, moved, name))
    print(f"{'off/own':>8} {'|assay-f64|':>11} {'|f32-f64|':>11} {'|moved|':>9}")
    for verdict, ratio, off, own, moved, name in sorted(rows, key=lambda row: -row[1])[:args.show]:
        print(f"{ratio:8.2f} {off:11.2e} {own:11.2e} {moved:9.2e}  {verdict}{name}")
    floor, failed = (sum(row[0] == verdict for row in rows) for verdict in ("floor ", "FAILS "))
    print(f"{len(rows)} weights, {failed + floor} further from f64 than twice the f32 reference, {floor} of them passed by "
          f"--floor; all together {sum(r[2] ** 2 for r in rows) ** .5:.2e} against {sum(r[3] ** 2 for r in rows) ** .5:.2e}")
    return failed > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for function, places, options in (
            (make, ("model", "out"), dict(steps=10, pairs=4, rank=8)),
            (run, ("model", "adapter", "steps", "out"), dict(lr=1e-4, clip=1.0, weight_decay=0.0)),
            (compare, ("out", "run"), dict(show=12, floor=0.0))):
        command = commands.add_parser(function.__name__)
        command.set_defaults(function=function)
        for place in places:
            command.add_argument(place)
        for name, value in options.items():
            command.add_argument("--" + name.replace("_", "-"), type=type(value), default=value)
    args = parser.parse_args()
    torch.set_num_threads(1)
    return args.function(args)


if __name__ == "__main__":
    sys.exit(main())
