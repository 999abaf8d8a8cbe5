#!/usr/bin/env python3
"""What sharing the prompt of a pair's two answers is worth, over packing alone.

Usage: python3 bench/shared_prompts.py [--mixes 1024+256,512+512,1536+128] [--arch chatglm2-6b] [--layers 3] [--rounds 3] [--assay build/assay]

A mix P+C is a prompt of P tokens and answers of C each. Both sides are `assay train` on the same shape (random weights, byte-level tokenizer: a byte is a token),
with the same options and one micro-batch a step; the pairs without sharing differ from the others only in the first byte of the rejected text, so nothing is
equal at the front and 2(P + C) tokens are computed instead of P + 2C. Nothing is padded on either side: this is the gain over packing.

The ideal 2(P + C)/(P + 2C) counts tokens. Attention does not follow it (an answer's tokens see the prompt whether it is shared or not), so the ratio of FLOPs
by the formulas of `assay bench --help` is printed beside it. Sides alternate; a run is --steps steps, the first not counted. A round of the three mixes with
3 ChatGLM2-6B layers takes about 4 minutes on 2 cores, --arch qwen2.5-0.5b --layers 8 about one.
"""
import argparse
import json
import os
import statistics

import side_by_side as side

SHAPES = {  # hidden, weights of a layer's matrices
    "chatglm2-6b": (4096, 4096 * (4096 + 512) + 4096 * 4096 + 3 * 4096 * 13696),
    "qwen2.5-0.5b": (896, 896 * (896 + 256) + 896 * 896 + 3 * 896 * 4864),
}


def options():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--mixes", default="1024+256,512+512,1536+128")
    p.add_argument("--arch", default="chatglm2-6b", choices=SHAPES)
    p.add_argument("--layers", type=int, default=3)
    p.add_argument("--pairs", type=int, default=1, help="pairs of a step")
    p.add_argument("--steps", type=int, default=3)
    p.add_argument("--work", default=os.path.join(side.ROOT, "build", "shared_prompts"))
    side.add_common(p, rounds=3)
    return p.parse_args()


def make_model(args):
    """Random weights; without a chat template, so that a text is its bytes and one end token."""
    folder = os.path.join(args.work, f"{args.arch}-{args.layers}")
    if os.path.exists(os.path.join(folder, "ready")):
        return folder
    side.run([args.assay, "init", "--arch", args.arch, "--layers", str(args.layers), "--dtype", "bf16", "--output", folder, "--force"])
    path = os.path.join(folder, "tokenizer_config.json")
    with open(path, encoding="utf-8") as handle:
        config = json.load(handle)
    config.pop("chat_template", None)
    with open(path, "w", encoding="utf-8") as handle:
        json.dump(config, handle)
    open(os.path.join(folder, "ready"), "w").close()
    return folder


def letters(count, seed):
    return "".join(chr(98 + (seed * 7 + i * i + i // 9) % 24) for i in range(count))


def write_pairs(args, prompt, answer, shared):
    path = os.path.join(args.work, "pairs.jsonl")
    with open(path, "w", encoding="ascii") as handle:
        for i in range(args.pairs):
            text = letters(prompt, i)
            other = text if shared else "a" + text[1:]
            handle.write(json.dumps({"prompt": "", "chosen": text + "y" + letters(answer - 2, i + 1), "rejected": other + "z" + letters(answer - 2, i + 2)}) + "\n")
    return path


def measure(args, model, prompt, answer, shared):
    """Seconds of a step and the tokens it computed, which must be those the mix says."""
    path = write_pairs(args, prompt, answer, shared)
    steps, _ = side.train_steps(args.assay, ["--model", model, "--data", path, "--batch-pairs", str(args.pairs), "--epochs", str(args.steps), "--max-length", str(prompt + answer),
                                             "--precision", "bf16", "--recompute", "off", "--micro-tokens", str(2 * (prompt + answer) * args.pairs)], os.path.join(args.work, "run"))
    tokens = (prompt + 2 * answer if shared else 2 * (prompt + answer)) * args.pairs
    for step in steps:
        if step["tokens"] - step["tokens_shared"] != tokens:
            raise SystemExit(f"{step['tokens'] - step['tokens_shared']} tokens computed, {tokens} expected: {step}")
    return statistics.median(step["seconds"] for step in steps)


def flop_ratio(arch, prompt, answer):
    """LoRA: 2F + 3.5A a token and layer, A by the tokens that each token sees."""
    hidden, weights = SHAPES[arch]
    flops = lambda tokens, seen: 4 * weights * tokens + 3.5 * 4 * hidden * seen
    alone = flops(2 * (prompt + answer), (prompt + answer) ** 2)
    return alone / flops(prompt + 2 * answer, prompt**2 / 2 + 2 * prompt * answer + answer**2)


def main():
    args = options()
    os.makedirs(args.work, exist_ok=True)
    model = make_model(args)
    mixes = [tuple(map(int, mix.split("+"))) for mix in args.mixes.split(",")]
    print(f"{args.arch}, {args.layers} layers, bf16, LoRA r8 on all linear layers, {args.pairs} pair(s) a step, nothing recomputed", flush=True)
    times = {mix: [] for mix in mixes}
    for i in range(args.rounds):
        for mix in mixes:
            alone, together = measure(args, model, *mix, shared=False), measure(args, model, *mix, shared=True)
            times[mix].append((alone, together))
            print(f"round {i + 1}, {mix[0]}+{mix[1]}: packed {alone:.3f} s, shared {together:.3f} s, {alone / together:.3f} times as fast", flush=True)
    rows = [("prompt + answer", "packed s", "shared s", "speed-up", "ideal", "FLOP ratio", "share of ideal")]
    for prompt, answer in mixes:
        pairs = times[prompt, answer]
        ideal, gains = 2 * (prompt + answer) / (prompt + 2 * answer), [alone / together for alone, together in pairs]
        rows.append((f"{prompt} + {answer}", f"{statistics.median(a for a, _ in pairs):.3f}", f"{statistics.median(b for _, b in pairs):.3f}", side.spread(gains, 3), f"{ideal:.3f}",
                     f"{flop_ratio(args.arch, prompt, answer):.3f}", side.spread((gain / ideal for gain in gains), 3)))
    side.table(rows)


if __name__ == "__main__":
    main()
