#!/usr/bin/env python3
"""What recomputing every layer costs and saves, in Assay and with PyTorch's torch.utils.checkpoint, on the same middle layers.

Usage: python3 bench/recompute.py [--shape chatglm2-6b] [--layers 4] [--full-layers 4] [--tokens 512] [--tunings lora,full] [--rounds 3] [--no-peer] [--assay build/assay]

Per kind of tuning and round: Assay without and with recompute, PyTorch without and with, alternating. Assay's activation bytes are its step's arena (activations
and workspace; weights and gradients are outside); its FLOP ratio is the one `assay bench` counts, the gradient's replays included. PyTorch's activation bytes
are the peak of resident memory in two steps over what the process held before them, its gradients included; each of its two ways is a process of its own,
because an allocator keeps what it once had. Its timed steps start without gradients, which saves it an addition; the ratio of its
times is divided by Assay's ratio of FLOPs too. Samples that something else disturbed are thrown away on Assay's side alone.
Memory at once, full tuning of 4 ChatGLM2-6B layers: 7 GiB in Assay, 2 x 4.5 GiB in PyTorch, which stays alive beside it; with --no-peer Assay alone. A round takes
about a minute and a half for LoRA and two for full tuning on 2 cores.
"""
import argparse

import compare_transformers as compare
import side_by_side as side

TARGET = 1.04


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--shape", default="chatglm2-6b", choices=compare.SHAPES)
    p.add_argument("--layers", type=int, default=4)
    p.add_argument("--full-layers", type=int, default=4, help="layers when all weights are trained")
    p.add_argument("--tokens", type=int, default=512)
    p.add_argument("--tunings", default="lora,full")
    p.add_argument("--targets", default="qkv", choices=("qkv", "all"))
    p.add_argument("--steps", type=int, default=5, help="steps of PyTorch in a round, of which the fastest counts")
    p.add_argument("--no-peer", action="store_true")
    side.add_common(p, rounds=3)
    return p.parse_args()


def layers_of(args, tuning):
    return args.layers if tuning == "lora" else args.full_layers


def peer(args):
    """PyTorch with one kind of tuning and one way: --peer lora-off and the like. A tiny step first loads what the library loads late."""
    import torch_layers

    tuning, way = args.peer.split("-")
    tiny = torch_layers.Step("smollm2-135m", 1, 8, tuning, args.targets)
    tiny.run(way == "all"), tiny.run(way == "all")
    step = torch_layers.Step(args.shape, layers_of(args, tuning), args.tokens, tuning, args.targets, keep_gradients=True)
    step.make_gradients()
    before = side.resident()
    side.reset_resident_peak()
    step.run(way == "all"), step.run(way == "all")
    activations = side.resident_peak() - before
    step.keep_gradients = False
    side.answer({"what": torch_layers.describe()}, lambda _: {"seconds": min(step.run(way == "all") for _ in range(args.steps)), "activations": activations})


def measure_assay(args, tuning, way):
    result = side.run_json(compare.assay_step(args, way, tuning, layers_of(args, tuning)), tuned=True)
    return {"seconds": result["step_seconds"], "activations": result["planned_bytes"], "gflop": result["gflop"], "share": result["ratio"]}


def rounds_of(args, tuning):
    peers = {} if args.no_peer else {way: side.Peer(f"{tuning}-{way}") for way in ("off", "all")}
    found = []
    for i in range(args.rounds):
        one = {f"assay {way}": measure_assay(args, tuning, way) for way in ("off", "all")}
        one.update({f"torch {way}": each.ask() for way, each in peers.items()})
        found.append(one)
        print(f"{tuning}, round {i + 1}: " + "; ".join(f"{name} {r['seconds']:.3f} s" for name, r in one.items()), flush=True)
    what = peers["off"].ready["what"] if peers else "no peer"
    for each in peers.values():
        each.close()
    return found, what


def row(found, name, flops):
    ratios = [one[f"{name} all"]["seconds"] / one[f"{name} off"]["seconds"] for one in found]
    off, all_ = (max(one[f"{name} {way}"]["activations"] for one in found) for way in ("off", "all"))
    over = side.spread((ratio / flops for ratio in ratios), 3)
    return (name, f"{off / side.MIB:.1f}", f"{all_ / side.MIB:.1f}", f"{off / all_:.2f}", side.spread(ratios, 3), f"{flops:.3f}", over)


def report(args, tuning, found, what):
    flops = found[0]["assay all"]["gflop"] / found[0]["assay off"]["gflop"]
    print(f"\n{args.shape}, {layers_of(args, tuning)} layers, {args.tokens} tokens, {tuning}, bf16; {what}")
    rows = [("", "activations off MiB", "all MiB", "off / all", "time all / off", "FLOP ratio", f"time over FLOP ratio (target {TARGET})")]
    rows += [row(found, name, flops) for name in (("assay",) if args.no_peer else ("assay", "torch"))]
    side.table(rows)
    shares = {way: side.spread((one[f"assay {way}"]["share"] for one in found), 3) for way in ("off", "all")}
    print(f"assay's share of the register loop's peak: off {shares['off']}, all {shares['all']}\n")


def main():
    args = options()
    if args.peer:
        return peer(args)
    for tuning in args.tunings.split(","):
        report(args, tuning, *rounds_of(args, tuning))


if __name__ == "__main__":
    main()
