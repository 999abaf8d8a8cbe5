#!/usr/bin/env python3
"""The same middle layers in Assay and in PyTorch, side by side in one run.

Usage: python3 bench/compare_transformers.py [--shape chatglm2-6b] [--layers 2] [--tokens 512] [--recompute off|all] [--tuning lora|full]
                                             [--targets qkv|all] [--rounds 5] [--small-pages] [--assay build/assay]

Needs torch: the newest is the fairest peer; Debian 12's own 1.13 (apt-get install python3-torch) works too, without a fused attention. What PyTorch
runs is told in torch_layers.py, the allocator's settings of both sides in side_by_side.py. Each measurement is the fastest of a few steps (Assay: of 5 undisturbed ones,
PyTorch: of --steps). Printed are both sides of each round, their ratio, its median and range. About 15 s a round for two ChatGLM2-6B layers at 512
tokens; --shape qwen2.5-0.5b --layers 24 is the whole model's stack, some 60 s a round.
"""
import argparse

import side_by_side as side

SHAPES = ("chatglm2-6b", "qwen2.5-0.5b", "smollm2-135m")


def peer(args):
    import torch_layers

    step = torch_layers.Step(args.shape, args.layers, args.tokens, args.tuning, args.targets)
    recompute = args.recompute == "all"
    step.run(recompute), step.run(recompute)
    side.answer({"what": torch_layers.describe()}, lambda _: {"seconds": min(step.run(recompute) for _ in range(args.steps))})


def assay_step(args, recompute=None, tuning=None, layers=None):
    """The command that measures the same in Assay."""
    few = "query_key_value" if args.shape.startswith("chatglm") else "q_proj,k_proj,v_proj"
    return [args.assay, "bench", "step", "--arch", args.shape, "--layers", str(layers or args.layers), "--tokens", str(args.tokens), "--precision", "bf16", "--tuning",
            tuning or args.tuning, "--recompute", recompute or args.recompute, "--lora-targets", "all" if args.targets == "all" else few, "--threads", str(side.THREADS), "--json", "--quiet"]


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--shape", default="chatglm2-6b", choices=SHAPES)
    p.add_argument("--layers", type=int, default=2)
    p.add_argument("--tokens", type=int, default=512)
    p.add_argument("--recompute", default="off", choices=("off", "all"))
    p.add_argument("--tuning", default="lora", choices=("lora", "full"))
    p.add_argument("--targets", default="qkv", choices=("qkv", "all"))
    p.add_argument("--steps", type=int, default=5, help="steps of PyTorch in a round, of which the fastest counts")
    p.add_argument("--small-pages", action="store_true", help="Assay's weights in small pages, as those of a mapped file are; PyTorch's stay in huge ones")
    side.add_common(p, rounds=5)
    return p.parse_args()


def main():
    args = options()
    if args.peer:
        return peer(args)
    torch = side.Peer("layers")
    print(f"{args.shape}, {args.layers} layers, {args.tokens} tokens, bf16, {args.tuning} on {args.targets}, recompute {args.recompute}; {torch.ready['what']}")
    ratios, shares = [], []
    for i in range(args.rounds):
        ours = side.run_json(assay_step(args), tuned=not args.small_pages)
        theirs = torch.ask()["seconds"]
        ratios.append(theirs / ours["step_seconds"])
        shares.append(ours["ratio"])
        print(f"round {i + 1}: assay {ours['step_seconds']:.3f} s ({ours['gflops']:.0f} GFLOP/s, {ours['ratio']:.3f} of peak)  torch {theirs:.3f} s "
              f"({ours['gflop'] / theirs:.0f})  ratio {ratios[-1]:.2f}", flush=True)
    torch.close()
    print(f"torch's time over assay's: {side.spread(ratios)}; assay's share of the register loop's peak: {side.spread(shares, 3)}")


if __name__ == "__main__":
    main()
