#!/usr/bin/env python3
"""Compare a C program with Transformers and PEFT on whole models; run by hand.

    parity.py --program build/tests/test_golden MODEL_DIR[=PATH]... [--adapter DIR] [--pairs FILE.jsonl] [--long 512]

MODEL_DIR is a Hugging Face folder for the reference; PATH, if given, is what the program gets instead (a .gguf of the
same weights). Without --adapter full tuning is compared; with it (a PEFT folder) LoRA and head. The program is called

    PROGRAM --run MODEL CASES.safetensors OUT.safetensors [--adapter DIR]

CASES has `ids.<n>` (I32; even chosen, odd rejected). OUT has F32 tensors named as in reference.py: `scores`, `loss`,
`hidden.<n>.<l>` and `grad.<name>`, or `lora_scores`, `lora_loss`, `lora_grad.<name>`. Sequences: those of --pairs
({"chosen": ids, "rejected": ids} a line), else random ids, the last pair of at least --long tokens.

Printed per category: the largest relative difference (max |a-b| / max |b| of a tensor) of the program from the float32
reference and from the float64 one, the float32 reference's own difference from float64, and the worst tensor.
Exit code 1 if a difference from the float32 reference is above --limit.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import torch
from safetensors.torch import load_file, save_file

from reference import apart, float64, full_results, load, lora_results, read_json, read_lines


def random_sequences(folder, long):
    config = read_json(folder, "config.json")
    vocab, random = config.get("vocab_size") or config["padded_vocab_size"], torch.Generator().manual_seed(1)
    sequences = []
    for shared, *lengths in ((4, 13, 7), (30, 70, 41), (long // 2, long + 5, long)):
        prompt, *answers = (torch.randint(3, vocab, (n,), generator=random).tolist()
                            for n in (shared, *(length - shared for length in lengths)))
        sequences += [prompt + answer for answer in answers]
    return sequences


def run_program(program, model, sequences, adapter):
    with tempfile.TemporaryDirectory() as work:
        cases, out = os.path.join(work, "cases.safetensors"), os.path.join(work, "out.safetensors")
        save_file({f"ids.{n}": torch.tensor(ids, dtype=torch.int32) for n, ids in enumerate(sequences)}, cases)
        extra = ["--adapter", adapter] if adapter else []
        subprocess.run([program, "--run", model, cases, out, *extra], check=True)
        return load_file(out)


def reference(folder, sequences, adapter, convert):
    """Flat, as a program may write the loss with or without a dimension."""
    model = convert(load(folder, adapter, trainable=True))
    out = lora_results(model, sequences) if adapter else full_results(model, sequences)
    return {name: value.reshape(-1).clone() for name, value in out.items()}


def compare(folder, path, args):
    sequences = [line[side] for line in read_lines(args.pairs) for side in ("chosen", "rejected")] if args.pairs else \
        random_sequences(folder, args.long)
    print(f"{folder}: {len(sequences) // 2} pairs, {', '.join(str(len(ids)) for ids in sequences)} tokens")
    ours = {name: value.reshape(-1) for name, value in run_program(args.program, path, sequences, args.adapter).items()}
    single = reference(folder, sequences, args.adapter, lambda model: model)
    double = reference(folder, sequences, args.adapter, float64)
    from_single, from_double, own = apart(ours, single), apart(ours, double), apart(single, double)
    print(f"  {'':12} {'from f32':>9} {'from f64':>9} {'f32 : f64':>9}  worst from f32")
    for kind, (error, name) in from_single.items():
        print(f"  {kind:12} {error:9.1e} {from_double[kind][0]:9.1e} {own[kind][0]:9.1e}  {name}")
    return max(error for error, _ in from_single.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="+", metavar="MODEL_DIR[=PATH]")
    parser.add_argument("--program", required=True)
    parser.add_argument("--adapter")
    parser.add_argument("--pairs")
    parser.add_argument("--long", type=int, default=512)
    parser.add_argument("--limit", type=float, default=1e-5)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    return max([compare(*((model.split("=") * 2)[:2]), args) for model in args.models]) > args.limit


if __name__ == "__main__":
    sys.exit(main())
